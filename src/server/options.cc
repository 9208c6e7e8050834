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
    auth.jwt_issuer = options.jwt_issuer;
    auth.jwt_audience = options.jwt_audience;
    auto created = session::Authenticator::create(std::move(auth), error);
    if (created) {
        plan.authenticator = std::make_unique<session::Authenticator>(std::move(*created));
    }
    return created.has_value();
}

bool plan_origins(const Options& options, Plan& plan, std::string& error) {
    // Where a token proves who it is, a page that merely reaches us has gained nothing.
    const bool trusting = options.auth == Auth::trust || options.legacy_join;
    using session::Origins;
    plan.worker.origins =
        Origins{trusting ? Origins::OwnHost::by_address : Origins::OwnHost::by_any_name};
    for (const std::string& origin : options.allowed_origins) {
        if (plan.worker.origins.allow(origin)) continue;
        error = fmt::format(
            "'{}' is not the origin of a web page: write it like https://chat.example.com or "
            "http://localhost:3000, or * for all",
            origin);
        return false;
    }
    return true;
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

bool plan_tls(const Options& options, Plan& plan, std::string& error) {
    plan.tls = open_tls(options, plan.address.host, error);
    plan.worker.tls = plan.tls.get();
    return error.empty();
}

bool plan_drain(const Options& options, Plan& plan, std::string& error) {
    if (options.drain_rate == 0) {
        error = "drain_rate must be more than 0 connections a second";
        return false;
    }
    if (options.drain_max < std::chrono::milliseconds::zero() ||
        options.drain_max > std::chrono::hours{24}) {
        error = "drain_max must be at most a day, and not less than 0";
        return false;
    }
    plan.worker.drain = {.rate_max = options.drain_rate, .time_max = options.drain_max};
    return true;
}

void plan_protocol(const Options& options, Plan& plan) {
    const bool by_auth_open = options.auth == Auth::trust;
    const bool open = options.join == Join::open || (options.join == Join::by_auth && by_auth_open);
    plan.worker.join = open ? group::JoinPolicy::open : group::JoinPolicy::managed;
    using wire::voiceping::Dialect;
    plan.worker.dialect = open ? Dialect::router_2023 : Dialect::router_2026;
    plan.worker.handler = options.handler;
    switch (options.deflate) {
        case Deflate::off:
            plan.worker.deflate = ws::Deflate::off;
            break;
        case Deflate::on:
            plan.worker.deflate = ws::Deflate::on;
            break;
        case Deflate::takeover:
            plan.worker.deflate = ws::Deflate::takeover;
            break;
    }
}

std::string not_an_address(const std::string& listen) {
    if (listen.starts_with(':')) {
        return fmt::format(
            "--listen {} does not say on which addresses: write 127.0.0.1{} for this machine "
            "alone, 0.0.0.0{} for all IPv4 addresses or [::]{} for IPv6 as well",
            listen, listen, listen, listen);
    }
    return fmt::format(
        "'{}' is not an address to listen on: write it like 127.0.0.1:7420 or "
        "[::1]:7420, with a port of at most 65535",
        listen);
}

// Of sockets that were passed the address is what they say. Where they differ, one that others
// than this machine's reach counts: who may connect is decided by it.
bool plan_address(const Options& options, Plan& plan, std::string& error) {
    if (options.listeners.empty()) {
        if (ring::Address::parse(options.listen, plan.address)) return true;
        error = not_an_address(options.listen);
        return false;
    }
    if (!options.take_over.empty()) {
        error = "listening sockets are passed already: leave --take-over away";
        return false;
    }
    for (const int each : options.listeners) {
        Result<ring::Address> address = ring::adopt_listener(each);
        if (!address) {
            error = fmt::format(
                "descriptor {} was passed to listen on, and is no listening TCP "
                "socket (systemd: ListenStream=, Accept=no)",
                each);
            return false;
        }
        if (plan.address.host.empty() || plan.address.is_loopback()) plan.address = *address;
    }
    return true;
}

}  // namespace

std::unique_ptr<net::tls::Source> open_tls(const Options& options, const std::string& host,
                                           std::string& error) {
    if (options.tls_self_signed && !options.tls_certificates.empty()) {
        error = "--tls-self-signed makes its own certificate: give either it or --tls-cert FILE";
        return nullptr;
    }
    if (options.tls_self_signed) return net::tls::Source::self_signed(host, error);
    if (options.tls_certificates.empty()) return nullptr;
    std::vector<net::tls::Files> files;
    for (const TlsCertificate& each : options.tls_certificates)
        files.push_back({.certificate = each.certificate_file, .key = each.key_file});
    return net::tls::Source::load(std::move(files), error);
}

StartFailure make_plan(const Options& options, Plan& plan, std::string& error) {
    if (!plan_address(options, plan, error)) return StartFailure::options;
    if (const StartFailure failure = plan_cores(options, plan, error);
        failure != StartFailure::none) {
        return failure;
    }
    plan_protocol(options, plan);
    plan.shard.spin = options.spin;
    plan.log = options.log;
    const bool whole = plan_limits(options, plan, error) && plan_times(options, plan, error) &&
                       plan_drain(options, plan, error) && plan_store(options, plan, error) &&
                       plan_origins(options, plan, error) &&
                       plan_authenticator(options, plan, error) && plan_tls(options, plan, error) &&
                       plan_keeping(options, plan, error);
    if (!whole) return StartFailure::options;
    return take_descriptors(options.limits, error) ? StartFailure::none : StartFailure::machine;
}

}  // namespace parley::server
