// From the limits that an embedding program wrote to those of the layers.
#include <algorithm>
#include <fmt/format.h>

#include "ring/socket.h"
#include "server/options.h"

namespace parley::server {
namespace {

/// Positions and sizes inside a connection are 32 bits wide.
constexpr std::size_t bytes_most = std::size_t{1} << 30;
/// The nanoseconds of a token must not be less than one, nor those of a burst run over.
constexpr std::uint32_t pace_most = 1'000'000'000;
constexpr auto time_most = std::chrono::hours{24};
/// What a server takes, as measured with 1 to 8 shards. The program and its libraries: 9 MiB, and
/// 13 with a store in a file, recordings and TLS. Each shard before anybody comes: 6.5 MiB of
/// frames, 2.5 MiB of places in send queues, 2 MiB of receive buffers; and once some hundreds are
/// there and talk, 2 MiB of larger frames, a lane of 1 MiB to each other shard, and what they have
/// themselves.
constexpr std::uint64_t memory_of_program = std::uint64_t{20} << 20;
constexpr std::uint64_t memory_of_shard = std::uint64_t{16} << 20;

/// With less new connections would be refused, if not from the start, then once somebody talks:
/// that is done at 80 % (overload.h).
std::uint64_t memory_least(std::size_t shards) noexcept {
    return (memory_of_program + shards * memory_of_shard) / 4 * 5;
}

bool refuse(std::string& error, std::string sentence) {
    error = std::move(sentence);
    return false;
}

bool check_sizes(const Limits& limits, std::string& error) {
    struct Size {
        const char* name;
        std::size_t bytes;
    };
    for (const auto& [name, bytes] :
         {Size{"--limit-message-bytes", limits.message_bytes_max},
          Size{"--limit-image-bytes", limits.image_bytes_max},
          Size{"--limit-send-queue-bytes", limits.send_queue_bytes_max}}) {
        if (bytes > 0 && bytes <= bytes_most) continue;
        return refuse(
            error, fmt::format("{} {} cannot be: choose 1 to {} (1 GiB)", name, bytes, bytes_most));
    }
    if (limits.fragments_max == 0) {
        return refuse(error, "--limit-fragments 0 would take no message: choose 1 or more");
    }
    if (limits.stored_users_max == 0) {
        return refuse(error, "--limit-stored-users 0 would know nobody: choose 1 or more");
    }
    if (limits.groups_per_user_max == 0 ||
        limits.groups_per_user_max > store::groups_per_user_max) {
        return refuse(error, fmt::format("--limit-groups {} cannot be: choose 1 to {}",
                                         limits.groups_per_user_max, store::groups_per_user_max));
    }
    return true;
}

bool check_times(const Limits& limits, std::string& error) {
    struct Time {
        const char* name;
        std::chrono::milliseconds time;
    };
    for (const auto& [name, time] :
         {Time{"--limit-opening", limits.opening_max}, Time{"--limit-ping", limits.ping_interval},
          Time{"--limit-pong", limits.pong_max}, Time{"--limit-partial", limits.partial_max},
          Time{"--limit-closing", limits.closing_max},
          Time{"--limit-send-stall", limits.send_stall_max}}) {
        if (time.count() > 0 && time <= time_most) continue;
        return refuse(error, fmt::format("{} {} cannot be: choose 1 to 86400000 ms (a day)", name,
                                         time.count()));
    }
    if (limits.lag_max.count() < 0 || limits.lag_max > time_most) {
        return refuse(error, fmt::format("--limit-lag {} cannot be: choose 0 (no limit) to "
                                         "86400000 ms (a day)",
                                         limits.lag_max.count()));
    }
    return true;
}

bool plan_pace(const Pace& pace, const char* name, session::Allowance& out, std::string& error) {
    if (pace.per_second > pace_most || pace.burst > pace_most) {
        return refuse(error, fmt::format("{} is too fast to be counted: choose at most {} a "
                                         "second, or 0 for no limit",
                                         name, pace_most));
    }
    if (pace.per_second > 0 && pace.burst == 0) {
        return refuse(error, fmt::format("{0}-burst 0 would let nothing through: choose 1 or more, "
                                         "or {0} 0 for no limit",
                                         name));
    }
    out = session::Allowance::of(pace.per_second, pace.burst);
    return true;
}

bool plan_paces(const Limits& limits, session::PaceLimits& out, std::string& error) {
    out.violations_max = limits.violations_max;
    return plan_pace(limits.control, "--limit-control", out.control, error) &&
           plan_pace(limits.text, "--limit-text", out.text, error) &&
           plan_pace(limits.joins, "--limit-joins", out.joins, error) &&
           plan_pace(limits.audio_frames, "--limit-audio-frames", out.audio_frames, error) &&
           plan_pace(limits.audio_bits, "--limit-audio-bits", out.audio_bits, error);
}

bool plan_memory(const Limits& limits, Plan& plan, std::string& error) {
    plan.memory_bytes_max =
        limits.memory_bytes_max ? *limits.memory_bytes_max : cgroup_bytes_max().value_or(0);
    if (plan.memory_bytes_max > 0) {
        // Large frames are what readers can make a shard keep: a third of the memory for those of
        // all, so that with what is read and what is between the shards it is not all of it.
        plan.shard.frames.large_bytes_max = std::min<std::size_t>(
            plan.shard.frames.large_bytes_max,
            plan.memory_bytes_max / (3 * std::max<std::size_t>(plan.shards, 1)));
    }
    const std::uint64_t least = memory_least(plan.shards);
    if (plan.memory_bytes_max == 0 || plan.memory_bytes_max >= least) return true;
    const std::string_view whose =
        limits.memory_bytes_max ? "--memory-max" : "what the cgroup allows,";
    return refuse(error,
                  fmt::format("{} {} is less than {} shards need to let anybody in: choose {} or "
                              "more, fewer --shards, or --memory-max 0 for no limit",
                              whose, plan.memory_bytes_max, plan.shards, least));
}

}  // namespace

bool plan_limits(const Options& options, Plan& plan, std::string& error) {
    const Limits& limits = options.limits;
    if (!check_sizes(limits, error) || !check_times(limits, error)) return false;
    WorkerOptions& worker = plan.worker;
    const bool has_handler = options.handler != nullptr;
    worker.sockets = {
        .ping_interval = limits.ping_interval,
        .pong_max = limits.pong_max,
        .partial_max = limits.partial_max,
        .messages = {.message_bytes_max = static_cast<std::uint32_t>(
                         has_handler ? limits.message_bytes_max
                                     : std::max(limits.message_bytes_max, limits.image_bytes_max)),
                     .fragments_max = limits.fragments_max}};
    worker.queues.lasting_bytes_max = limits.send_queue_bytes_max;
    worker.queues.stall_max = limits.send_stall_max;
    worker.queues.linger_max = limits.closing_max;
    worker.message_bytes_max = limits.message_bytes_max;
    worker.sockets_per_user_max = limits.sockets_per_user_max;
    worker.groups_per_user_max = limits.groups_per_user_max;
    worker.opening_max = limits.opening_max;
    worker.lag_max = limits.lag_max;
    worker.door.sockets_per_address_max = limits.sockets_per_address_max;
    worker.door.loopback_is_counted = limits.loopback_is_counted;
    return plan_paces(limits, worker.pace, error) && plan_memory(limits, plan, error);
}

// Signed-in connections have no descriptors; handshakes beyond what is left wait in the kernel.
bool take_descriptors(const Limits& limits, std::string& error) {
    if (ring::limit_descriptors(limits.descriptors_spare) > 0) return true;
    return refuse(error, fmt::format("--limit-spare-descriptors {} leaves no descriptor to a "
                                     "connection: raise `ulimit -n`, or choose fewer",
                                     limits.descriptors_spare));
}

}  // namespace parley::server
