// Run: what all threads of one run share.
//
//   connecting ──▶ asking ──▶ talking ──▶ draining ──▶ ended
//   all joined     all have   --seconds   all heard, or
//                  the floor              5 s have passed
//
// The conductor alone moves the phase; workers follow it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "client/socket.h"
#include "client/voice_codec.h"
#include "parley_load/options.h"

namespace parley::load {

enum class Phase : std::uint8_t { connecting, asking, talking, draining, ended };

/// Nanoseconds of CLOCK_MONOTONIC, as the stamps carry them.
using Nanoseconds = std::int64_t;

inline Nanoseconds now_ns() noexcept {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

/// One group's frames, on a cache line of its own.
struct alignas(64) GroupCount {
    std::atomic<std::uint64_t> heard{0};  ///< by all listeners together
    std::atomic<std::uint32_t> sent{0};   ///< written by the talker's thread only
};

class Run final {
public:
    Run(const Options& options, const client::Endpoint& endpoint,
        std::vector<client::Packet> packets);

    std::string user_name(std::uint32_t number) const;
    std::string group_name(std::uint32_t group) const;
    std::uint32_t group_of(std::uint32_t number) const noexcept {
        return number / options.group_size;
    }
    bool is_talker(std::uint32_t number) const noexcept {
        return number % options.group_size == 0 && group_of(number) < options.talkers;
    }
    /// The thread that serves connection `number`. A group stays on one thread unless there are
    /// fewer groups than threads.
    std::uint32_t thread_of(std::uint32_t number) const noexcept {
        return (spread() ? number : group_of(number)) % options.threads;
    }
    /// Whether the members of one group are on several threads.
    bool spread() const noexcept { return options.group_count() < options.threads; }

    /// Ends the run with `why`; the first one counts. Threads: any.
    void fail(std::string_view why);
    std::string failure();
    bool failed() const noexcept { return failed_.load(std::memory_order_acquire); }

    const Options& options;
    const client::Endpoint endpoint;
    const std::vector<client::Packet> packets;
    std::vector<GroupCount> groups;

    std::atomic<Phase> phase{Phase::connecting};
    std::atomic<Nanoseconds> begin_ns{0};          ///< of talking; set before the phase is
    std::atomic<std::uint32_t> joined_count{0};    ///< connections
    std::atomic<std::uint32_t> granted_count{0};   ///< talkers that have had the floor
    std::atomic<std::uint32_t> draining_count{0};  ///< workers that send no more

private:
    std::string tag_;  ///< makes this run's names its own
    std::atomic<bool> failed_{false};
    std::mutex failure_lock_;
    std::string failure_;
};

}  // namespace parley::load
