// Run: names and tokens.
#include "parley_load/run.h"

#include <fmt/format.h>
#include <random>

#include "parley_load/token.h"

namespace parley::load {
namespace {

constexpr std::chrono::hours token_life{48};  // longer than any run

}  // namespace

Run::Run(const Options& options_given, Plan plan)
    : options(options_given),
      endpoint(plan.endpoint),
      division(plan.division),
      sources(plan.sources),
      packets(std::move(plan.packets)),
      cores(std::move(plan.cores)),
      tls(std::move(plan.tls)),
      board(division.worker_count(), plan.counted_groups),
      tag_(fmt::format("{:08x}", std::random_device{}())) {}

std::string Run::user_name(std::uint32_t number) const {
    return fmt::format("load-{}-user-{}", tag_, number);
}

std::string Run::group_name(std::uint32_t group) const {
    return fmt::format("load-{}-group-{}", tag_, group);
}

std::string Run::token(std::uint32_t number) const {
    std::string user = user_name(number);
    if (options.jwt_secret.empty()) return user;
    return sign_token(options.jwt_secret, user, std::chrono::system_clock::now() + token_life);
}

}  // namespace parley::load
