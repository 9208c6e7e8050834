// Plan: limits, addresses, cores.
#include "parley_load/plan.h"

#include <algorithm>
#include <fmt/format.h>
#include <sys/resource.h>

#include "parley_load/proc.h"
#include "parley_load/voice.h"

namespace parley::load {
namespace {

/// Raises the limit to `wanted` if that is allowed, else as far as it is; gives what it is then.
std::uint64_t raise_descriptor_limit(std::uint64_t wanted) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= wanted) return limit.rlim_cur;
    const rlimit raised{wanted, std::max<rlim_t>(limit.rlim_max, wanted)};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) return wanted;
    const rlimit highest{limit.rlim_max, limit.rlim_max};
    return setrlimit(RLIMIT_NOFILE, &highest) == 0 ? limit.rlim_max : limit.rlim_cur;
}

Sources sources_for(const Options& options, const client::Endpoint& endpoint) {
    if (!endpoint.is_loopback_v4()) return {};
    const std::uint32_t ports =
        options.ports_per_source != 0 ? options.ports_per_source : ports_of_machine();
    if (options.scenario == ScenarioName::churn) {
        return Sources::passing(options.connections, options.rate, ports);
    }
    return Sources::standing(options.connections, ports);
}

bool has_voice(const Options& options) noexcept {
    switch (options.scenario) {
        case ScenarioName::fanout:
        case ScenarioName::ptt:
            return true;
        case ScenarioName::idle:
            return options.voice;
        default:
            return false;
    }
}

}  // namespace

client::Outcome<Run::Plan> plan_run(const Options& options) {
    if (options.server_pid != 0 && !process_cpu(options.server_pid)) {
        return client::Failure{
            fmt::format("there is no process {}: look at --pid", options.server_pid)};
    }
    const bool churns = options.scenario == ScenarioName::churn;
    Division::Wishes wishes;
    wishes.connections = options.connections;
    wishes.group_size = churns ? 1 : options.group_size;
    wishes.threads = options.threads;
    wishes.descriptors_max =
        raise_descriptor_limit(std::uint64_t{options.connections} + Division::other_descriptors);
    wishes.whole_groups =
        options.scenario == ScenarioName::ptt || options.scenario == ScenarioName::chat;
    PARLEY_TRY(const Division division, Division::of(wishes));
    PARLEY_TRY(const client::Endpoint endpoint, client::resolve(options.server));
    std::vector<client::Packet> packets;
    if (has_voice(options)) {
        PARLEY_TRY(packets, voice_packets(options.speech));
    }
    net::tls::Context tls;
    if (options.server.secure) {
        std::string error;
        tls = net::tls::Context::client(options.trust, error);
        if (!tls) return client::Failure{error};
    }
    const Cores pinned = options.server_pid == 0 ? Cores{} : pinned_cores(options.server_pid);
    return Run::Plan{.endpoint = endpoint,
                     .division = division,
                     .sources = sources_for(options, endpoint),
                     .packets = std::move(packets),
                     .cores = choose_cores(options.cores, own_cores(), pinned),
                     .counted_groups = churns ? 0 : options.talkers,
                     .tls = std::move(tls)};
}

}  // namespace parley::load
