// TimerWheel: all timers of one shard, a hierarchical wheel with ticks of one millisecond.
//
// Starting, cancelling and firing cost O(1). A timer fires at the first expire() at or after its
// deadline rounded up to a tick, never before. It reads no clock: the shard passes `now`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/delegate.h"
#include "base/intrusive_list.h"
#include "base/time.h"

namespace parley {

/// Calls its handler once when its time has come. A member of its owner; cancelled when destroyed.
class Timer {
public:
    using Handler = Delegate<void()>;

    explicit Timer(Handler handler) noexcept : handler_(handler) {}

    bool running() const noexcept { return hook_.linked(); }
    void cancel() noexcept { hook_.unlink(); }

private:
    friend class TimerWheel;

    Handler handler_;
    ListHook hook_;
    std::uint64_t tick_ = 0;
};

class TimerWheel {
public:
    using Tick = std::chrono::milliseconds;

    explicit TimerWheel(Instant now) noexcept : current_(tick_at(now)) {}

    /// Starts or restarts `timer`. A deadline that has passed fires at the next expire().
    void start(Timer& timer, Instant deadline) noexcept;

    /// Fires everything due. Handlers may start and cancel timers, their own included.
    void expire(Instant now) noexcept;

    /// When expire() next has something to do; Instant::max() if nothing runs. It may be early
    /// (a slot of a coarser level comes due, or its timer was cancelled), never late.
    Instant next_deadline() const noexcept;

    /// How many timers run; `max` if there are more. They are counted one by one.
    std::size_t count(std::size_t max) noexcept;

private:
    static constexpr unsigned slot_bits = 6;
    static constexpr unsigned slot_count = 1U << slot_bits;
    static constexpr unsigned level_count = 8;  // 2^48 ms: the wheel never comes round
    using List = IntrusiveList<Timer, &Timer::hook_>;
    struct Level {
        std::array<List, slot_count> slots;
        std::uint64_t occupied = 0;  // a superset of the slots with timers
    };
    struct Due {
        unsigned level;
        unsigned slot;
        std::uint64_t tick;
    };

    static std::uint64_t tick_at(Instant time) noexcept;
    bool find_due(Due& due) const noexcept;
    void insert(Timer& timer) noexcept;

    // All timers of level n share current_'s bits above that level, so lower levels come due first.
    std::array<Level, level_count> levels_;
    std::uint64_t current_;
};

}  // namespace parley
