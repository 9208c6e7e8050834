#include "server/options.h"

#include <algorithm>
#include <fmt/format.h>

#include "session/auth_keys.h"
#include "shard/pinning.h"

namespace parley::server {
namespace {

/// More shards than this are a typing error: lanes alone would take 64 GiB.
constexpr unsigned shards_max = 512;

StartFailure plan_cores(const Options& options, Plan& plan, std::string& error) {
    const std::vector<int> allowed = allowed_cores();
    if (!options.cores.empty()) {
        plan.cores = parse_cpulist(options.cores, error);
        if (plan.cores.empty()) return StartFailure::options;
        for (const int core : plan.cores) {
            if (std::ranges::binary_search(allowed, core)) continue;
            error = fmt::format(
                "core {} is not there for this process: see `nproc` and "
                "`taskset -p $$`, and name others with --cores",
                core);
            return StartFailure::machine;
        }
    }
    plan.shards = options.shards;
    if (plan.shards == 0) plan.shards = plan.cores.empty() ? allowed.size() : plan.cores.size();
    plan.shards = std::max<std::size_t>(plan.shards, 1);
    if (!plan.cores.empty() && plan.cores.size() != plan.shards) {
        error = fmt::format("--shards {} does not fit --cores {}, which names {}: give one of them",
                            options.shards, options.cores, plan.cores.size());
        return StartFailure::options;
    }
    if (plan.shards > shards_max) {
        error = fmt::format("--shards {} is too many: the most is {}", plan.shards, shards_max);
        return StartFailure::options;
    }
    return StartFailure::none;
}

bool read_key(const Options& options, session::AuthOptions& auth, std::string& error) {
    const int given = int{!options.jwt_secret.empty()} + int{!options.jwt_secret_file.empty()} +
                      int{!options.jwt_public_key_file.empty()};
    if (given != 1) {
        error = fmt::format(
            "--auth jwt needs one key to check tokens with, and {} are given: name "
            "--jwt-secret-file FILE or --jwt-public-key-file FILE (or try --dev, "
            "or --auth trust)",
            given);
        return false;
    }
    if (!options.jwt_public_key_file.empty()) {
        auth.jwt_public_key = session::load_public_key_file(options.jwt_public_key_file, error);
        return auth.jwt_public_key.has_value();
    }
    if (options.jwt_secret_file.empty()) {
        auth.jwt_secret = options.jwt_secret;
        return true;
    }
    auto secret = session::load_secret_file(options.jwt_secret_file, error);
    if (secret) auth.jwt_secret = std::move(*secret);
    return secret.has_value();
}

bool plan_authenticator(const Options& options, Plan& plan, std::string& error) {
    session::AuthOptions auth;
    const bool trusting = options.auth == Auth::trust || options.legacy_join;
    const bool exposed = !plan.address.is_loopback() && !options.trust_the_network;
    if (trusting && exposed && options.handler == nullptr) {
        error = fmt::format(
            "anyone who reaches {} could speak as anyone{}: use --auth jwt alone, listen on "
            "127.0.0.1, or say --trust-the-network as well if the network is closed",
            plan.address.text(), options.legacy_join ? ", since LEGACY_JOIN_ENABLED is on" : "");
        return false;
    }
    // A server with a handler asks nobody who they are.
    if (options.auth == Auth::trust || options.handler != nullptr) {
        auth.mode = session::AuthMode::trust;
    } else if (!read_key(options, auth, error)) {
        return false;
    }
    auth.legacy_join = options.legacy_join;
    auto created = session::Authenticator::create(std::move(auth), error);
    if (created) {
        plan.authenticator = std::make_unique<session::Authenticator>(std::move(*created));
    }
    return created.has_value();
}

bool plan_times(const Options& options, Plan& plan, std::string& error) {
    const auto positive = [&error](std::chrono::milliseconds value, const char* name) {
        if (value > std::chrono::milliseconds::zero() && value <= std::chrono::hours{24})
            return true;
        error = fmt::format("{} must be more than 0 ms, and at most a day", name);
        return false;
    };
    plan.worker.floor = {options.talk_max, options.silence_max, options.busy_max};
    return positive(options.talk_max, "talk_max") && positive(options.silence_max, "silence_max") &&
           positive(options.busy_max, "busy_max");
}

void plan_protocol(const Options& options, Plan& plan) {
    const bool by_auth_open = options.auth == Auth::trust;
    const bool open = options.join == Join::open || (options.join == Join::by_auth && by_auth_open);
    plan.worker.join = open ? group::JoinPolicy::open : group::JoinPolicy::managed;
    using wire::voiceping::Dialect;
    plan.worker.dialect = open ? Dialect::router_2023 : Dialect::router_2026;
    plan.worker.handler = options.handler;
}

}  // namespace

StartFailure make_plan(const Options& options, Plan& plan, std::string& error) {
    if (!ring::Address::parse(options.listen, plan.address)) {
        error = fmt::format(
            "'{}' is not an address to listen on: write it like 127.0.0.1:7420 or "
            "[::1]:7420",
            options.listen);
        return StartFailure::options;
    }
    if (const StartFailure failure = plan_cores(options, plan, error);
        failure != StartFailure::none) {
        return failure;
    }
    plan_protocol(options, plan);
    plan.shard.spin = options.spin;
    plan.log = options.log;
    const bool whole = plan_limits(options, plan, error) && plan_times(options, plan, error) &&
                       plan_authenticator(options, plan, error);
    if (!whole) return StartFailure::options;
    return take_descriptors(options.limits, error) ? StartFailure::none : StartFailure::machine;
}

}  // namespace parley::server
