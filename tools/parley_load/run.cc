// Run: names and the first failure.
#include "parley_load/run.h"

#include <fmt/format.h>
#include <random>

namespace parley::load {

Run::Run(const Options& options_given, const client::Endpoint& endpoint_given,
         std::vector<client::Packet> packets_given)
    : options(options_given),
      endpoint(endpoint_given),
      packets(std::move(packets_given)),
      groups(options_given.group_count()),
      tag_(fmt::format("{:08x}", std::random_device{}())) {}

std::string Run::user_name(std::uint32_t number) const {
    return fmt::format("load-{}-user-{}", tag_, number);
}

std::string Run::group_name(std::uint32_t group) const {
    return fmt::format("load-{}-group-{}", tag_, group);
}

void Run::fail(std::string_view why) {
    const std::lock_guard lock{failure_lock_};
    if (failed_.load(std::memory_order_relaxed)) return;
    failure_ = why;
    failed_.store(true, std::memory_order_release);
}

std::string Run::failure() {
    const std::lock_guard lock{failure_lock_};
    return failure_;
}

}  // namespace parley::load
