// Heartbeat: who is to be asked whether they are still there, and who has not answered.
//
//   begin ─▶ asked ── has spoken ─▶ resting ── interval since the question ─▶ asked again
//              └── silent for answer_max ─▶ given up
//
// All connections of a shard have the same interval, so each state is a queue in the order of its
// deadlines, and one timer is enough for all. Whoever speaks only leaves a mark, which is looked
// at when an answer is due: receiving moves nothing. Pure: it reads no clock and owns no timer.
#pragma once

#include <cstdint>

#include "base/intrusive_list.h"
#include "base/time.h"

namespace parley::ws {

/// The part of a connection that a Heartbeat keeps. A base class, so that its last bytes are not
/// lost: every idle connection has one.
class Pulse {
public:
    Pulse() noexcept = default;
    Pulse(const Pulse&) = delete;
    Pulse& operator=(const Pulse&) = delete;

    /// Whatever it says, it is there.
    void speak() noexcept { has_spoken_ = true; }

protected:
    ~Pulse() = default;

private:
    friend class Heartbeat;

    ListHook hook_;
    std::uint32_t deadline_ = 0;    // a Tick
    std::uint16_t unanswered_ = 0;  // questions since it last spoke
    bool has_spoken_ = false;       // since the last question
};

class Heartbeat {
public:
    /// Each is asked every `interval`. An answer may take `answer_max`; where that is more than the
    /// interval, its next multiple of it, of 65,535 intervals at most. Both count as one
    /// millisecond if they are less, and as 24 days if they are more.
    Heartbeat(Duration interval, Duration answer_max) noexcept;

    /// Asks `pulse` for the first time in one interval.
    void begin(Pulse& pulse, Instant now) noexcept;
    /// Forgets it. Harmless if it was not known.
    void end(Pulse& pulse) noexcept { pulse.hook_.unlink(); }

    enum class Do : std::uint8_t { nothing, ask, give_up };
    struct Due {
        Do what = Do::nothing;
        Pulse* pulse = nullptr;
    };
    /// What is due by `now`; call again until it is nothing. Who is given up is forgotten.
    Due next(Instant now) noexcept;

    /// Nobody was listened to for a while, until `now`: a question of before then that is not
    /// answered in time is asked once more, and counts as never asked.
    void excuse(Instant now) noexcept { excused_ = now; }

    bool empty() const noexcept { return asked_.empty() && resting_.empty(); }
    /// When next() has something to do again. Requires !empty().
    Instant deadline(Instant now) noexcept;

private:
    using Tick = std::uint32_t;  // a millisecond; they wrap around, so only differences count
    using Queue = IntrusiveList<Pulse, &Pulse::hook_>;

    static Tick ticks(Duration duration) noexcept;
    static std::int32_t until(const Pulse& pulse, Instant now) noexcept;
    static void enter(Queue& queue, Pulse& pulse, Tick deadline) noexcept;
    Due ask(Pulse& pulse, Instant now) noexcept;

    bool is_excused(const Pulse& pulse, Instant now) const noexcept;

    const Tick interval_;
    const Tick look_after_;  // a question: when to see whether it was answered
    const std::uint16_t unanswered_max_;
    Queue asked_;    // by deadline, since each entered look_after_ before its own
    Queue resting_;  // likewise
    Instant excused_ = Instant::min();
};

}  // namespace parley::ws
