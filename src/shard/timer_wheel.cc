#include "shard/timer_wheel.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"

namespace parley {

std::uint64_t TimerWheel::tick_at(Instant time) noexcept {
    return static_cast<std::uint64_t>(std::chrono::floor<Tick>(time.time_since_epoch()).count());
}

void TimerWheel::start(Timer& timer, Instant deadline) noexcept {
    timer.hook_.unlink();
    const auto rounded = std::chrono::ceil<Tick>(deadline.time_since_epoch());
    timer.tick_ = static_cast<std::uint64_t>(std::max<Tick::rep>(rounded.count(), 0));
    insert(timer);
}

void TimerWheel::insert(Timer& timer) noexcept {
    constexpr std::uint64_t last = (std::uint64_t{1} << (slot_bits * level_count)) - 1;
    PARLEY_ASSERT(current_ < last);
    // What is due already waits in the next tick.
    const std::uint64_t tick = std::clamp(timer.tick_, current_ + 1, last);
    const std::uint64_t differing = (tick ^ current_) | (slot_count - 1);
    const unsigned level = (static_cast<unsigned>(std::bit_width(differing)) - 1) / slot_bits;
    const unsigned slot = (tick >> (slot_bits * level)) & (slot_count - 1);
    levels_[level].slots[slot].push_back(timer);
    levels_[level].occupied |= std::uint64_t{1} << slot;
}

bool TimerWheel::find_due(Due& due) const noexcept {
    for (unsigned level = 0; level < level_count; ++level) {
        const unsigned shift = slot_bits * level;
        const unsigned here = (current_ >> shift) & (slot_count - 1);
        // Slots at or before the present one are empty: what was in them has fired or moved down.
        const std::uint64_t later = here == slot_count - 1 ? 0 : ~std::uint64_t{0} << (here + 1);
        const std::uint64_t waiting = levels_[level].occupied & later;
        if (waiting == 0) continue;
        const auto slot = static_cast<unsigned>(std::countr_zero(waiting));
        const std::uint64_t block = current_ >> (shift + slot_bits) << (shift + slot_bits);
        due = {level, slot, block | (std::uint64_t{slot} << shift)};
        return true;
    }
    return false;
}

void TimerWheel::expire(Instant now) noexcept {
    const std::uint64_t target = tick_at(now);
    Due due{};
    while (find_due(due) && due.tick <= target) {
        current_ = due.tick;
        Level& level = levels_[due.level];
        level.occupied &= ~(std::uint64_t{1} << due.slot);
        List list;
        list.take_all(level.slots[due.slot]);
        while (!list.empty()) {
            Timer& timer = list.pop_front();
            if (timer.tick_ > current_) {
                insert(timer);
            } else {
                timer.handler_();  // may destroy the timer
            }
        }
    }
    current_ = std::max(current_, target);
}

Instant TimerWheel::next_deadline() const noexcept {
    Due due{};
    if (!find_due(due)) return Instant::max();
    return Instant{Tick{due.tick}};
}

std::size_t TimerWheel::count(std::size_t max) noexcept {
    std::size_t count = 0;
    for (Level& level : levels_) {
        for (List& list : level.slots) {
            for (auto at = list.begin(); at != list.end(); ++at) {
                if (++count == max) return max;
            }
        }
    }
    return count;
}

}  // namespace parley
