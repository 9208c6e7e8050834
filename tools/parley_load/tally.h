// Tally: what one worker counts and measures, where the conductor can read it meanwhile.
//
// Lies in memory that all workers' processes share. One worker writes, the conductor reads: every
// number is an atomic of its own, and no two of them need to agree with each other.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/histogram.h"
#include "parley_load/checker.h"
#include "parley_load/clock.h"

namespace parley::load {

enum class Count : std::uint8_t {
    sent,      ///< frames or texts
    expected,  ///< deliveries of what was sent
    heard,     ///< deliveries
    // Faults, in the order of struct Faults.
    lost,
    duplicated,
    reordered,
    corrupted,
    misdirected,
    malformed,
    // ptt
    presses,
    granted,
    refused,
    skipped,           ///< presses for which no member was free
    released,          ///< bursts whose STOP was acknowledged
    floor_violations,  ///< frames of a second talker, or of one who was refused
    // chat
    acked,
    // churn
    due,  ///< connects
    ready,
    closed,
    at_bound,           ///< connects that were due while the most were open
    out_of_ports,       ///< connects for which the generator had no port
    unreachable,        ///< connects that TCP refused or broke
    sign_ins_failed,    ///< the upgrade was not answered as it should be
    cut,                ///< connections that the server closed before their time
    overdue,            ///< connects that were not ready in time
    unanswered_closes,  ///< close frames after which the server did not close
    // fanout
    slow_bytes,
    slow_frames,
    slow_missed,  ///< before the last that it got
    slow_closed,
    // generator
    ran_ns,
    waited_ns,
    window_ns,
    count  ///< how many there are
};
constexpr std::size_t count_count = static_cast<std::size_t>(Count::count);

/// What is measured in nanoseconds; what each means is the scenario's.
constexpr std::size_t series_max = 4;

/// A histogram that is read while it grows.
class SharedHistogram final {
public:
    void record(Nanoseconds value) noexcept;
    Histogram snapshot() const;

private:
    static void add(std::atomic<std::uint64_t>& to, std::uint64_t value) noexcept {
        to.store(to.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
    }

    std::array<std::atomic<std::uint64_t>, Histogram::bucket_count> buckets_{};
    std::atomic<std::uint64_t> sum_{0};
    std::atomic<std::uint64_t> max_{0};
};

class alignas(64) Tally final {
public:
    void add(Count which, std::uint64_t number = 1) noexcept {
        auto& to = counts_[static_cast<std::size_t>(which)];
        to.store(to.load(std::memory_order_relaxed) + number, std::memory_order_relaxed);
    }
    void set(Count which, std::uint64_t number) noexcept {
        counts_[static_cast<std::size_t>(which)].store(number, std::memory_order_relaxed);
    }
    void set(const Faults& faults) noexcept;
    std::uint64_t get(Count which) const noexcept {
        return counts_[static_cast<std::size_t>(which)].load(std::memory_order_relaxed);
    }
    void record(std::size_t series, Nanoseconds value) noexcept { series_[series].record(value); }
    Histogram series(std::size_t which) const { return series_[which].snapshot(); }

    void late(Nanoseconds by) noexcept { raise(behind_max_, by); }
    void turned(Nanoseconds in) noexcept { raise(turn_max_, in); }
    Nanoseconds behind_max() const noexcept { return behind_max_.load(std::memory_order_relaxed); }
    Nanoseconds turn_max() const noexcept { return turn_max_.load(std::memory_order_relaxed); }

private:
    static void raise(std::atomic<Nanoseconds>& max, Nanoseconds to) noexcept {
        if (to > max.load(std::memory_order_relaxed)) max.store(to, std::memory_order_relaxed);
    }

    std::array<std::atomic<std::uint64_t>, count_count> counts_{};
    std::array<SharedHistogram, series_max> series_;
    std::atomic<Nanoseconds> behind_max_{0};  ///< the most that something left after it was due
    std::atomic<Nanoseconds> turn_max_{0};    ///< the longest that events waited for the loop
};

/// The tallies of all workers together.
struct Totals {
    std::array<std::uint64_t, count_count> counts{};
    std::array<Histogram, series_max> series;

    std::uint64_t get(Count which) const noexcept {
        return counts[static_cast<std::size_t>(which)];
    }
    /// All Faults, and what ptt adds to them.
    std::uint64_t faults() const noexcept;
};

}  // namespace parley::load
