// Board: the memory that all workers of one run share, be they threads or processes.
//
//   forming ──▶ connecting ──▶ preparing ──▶ running ──▶ draining ──▶ ended
//   workers     all joined     all have      --seconds   all heard, or
//   exist                      the floor                 5 s have passed
//
// The conductor alone moves the phase; workers follow it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "parley_load/clock.h"
#include "parley_load/tally.h"

namespace parley::load {

enum class Phase : std::uint8_t { forming, connecting, preparing, running, draining, ended };

/// One group's frames, on a cache line of its own.
struct alignas(64) GroupCount {
    std::atomic<std::uint64_t> heard{0};  ///< by all listeners together
    std::atomic<std::uint32_t> sent{0};   ///< written by the talker's worker only
};

class Board final {
public:
    /// Memory for so many; the kernel gives it when it is touched. Aborts if there is none.
    Board(std::uint32_t worker_count, std::uint32_t group_count);
    Board(const Board&) = delete;
    Board& operator=(const Board&) = delete;
    ~Board();

    /// Ends the run with `why`; the first one counts. Threads and processes: any.
    void fail(std::string_view why) noexcept;
    bool failed() const noexcept { return shared_->failed.load(std::memory_order_acquire); }
    /// Why; empty if it did not fail.
    std::string failure() const;

    std::atomic<Phase>& phase() noexcept { return shared_->phase; }
    /// When running began; set before the phase is.
    std::atomic<Nanoseconds>& begin_ns() noexcept { return shared_->begin_ns; }
    std::atomic<std::uint32_t>& formed_count() noexcept { return shared_->formed_count; }
    std::atomic<std::uint32_t>& ready_count() noexcept { return shared_->ready_count; }
    std::atomic<std::uint32_t>& prepared_count() noexcept { return shared_->prepared_count; }
    /// Workers that begin nothing new.
    std::atomic<std::uint32_t>& draining_count() noexcept { return shared_->draining_count; }
    std::span<GroupCount> groups() noexcept { return groups_; }
    std::span<Tally> tallies() noexcept { return tallies_; }
    Totals totals() const;
    /// One number of the totals.
    std::uint64_t sum(Count which) const noexcept;

private:
    struct Shared {
        std::atomic<Phase> phase{Phase::forming};
        std::atomic<std::uint32_t> formed_count{0};
        std::atomic<Nanoseconds> begin_ns{0};
        std::atomic<std::uint32_t> ready_count{0};
        std::atomic<std::uint32_t> prepared_count{0};
        std::atomic<std::uint32_t> draining_count{0};
        std::atomic<bool> failing{false};  ///< somebody writes or has written `failure`
        std::atomic<bool> failed{false};   ///< it is written
        std::array<char, 1024> failure{};
    };
    static_assert(std::atomic<Nanoseconds>::is_always_lock_free);

    void* memory_ = nullptr;
    std::size_t size_ = 0;
    Shared* shared_ = nullptr;
    std::span<Tally> tallies_;
    std::span<GroupCount> groups_;
};

}  // namespace parley::load
