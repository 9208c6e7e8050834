#include "ws/heartbeat.h"

#include <algorithm>

namespace parley::ws {
namespace {

using Milliseconds = std::chrono::duration<std::int64_t, std::milli>;

// Differences of ticks are looked at as signed numbers of 32 bits.
constexpr Milliseconds longest = std::chrono::hours{24 * 24};
static_assert(longest.count() < INT32_MAX);

std::uint32_t tick_at_or_before(Instant time) noexcept {
    return static_cast<std::uint32_t>(
        std::chrono::floor<Milliseconds>(time.time_since_epoch()).count());
}

std::uint32_t tick_at_or_after(Instant time) noexcept {
    return static_cast<std::uint32_t>(
        std::chrono::ceil<Milliseconds>(time.time_since_epoch()).count());
}

}  // namespace

Heartbeat::Tick Heartbeat::ticks(Duration duration) noexcept {
    const auto rounded = std::chrono::ceil<Milliseconds>(duration);
    return static_cast<Tick>(std::clamp(rounded, Milliseconds{1}, longest).count());
}

Heartbeat::Heartbeat(Duration interval, Duration answer_max) noexcept
    : interval_(ticks(interval)),
      look_after_(std::min(interval_, ticks(answer_max))),
      unanswered_max_(static_cast<std::uint16_t>(
          std::min<Tick>((ticks(answer_max) + look_after_ - 1) / look_after_, UINT16_MAX))) {}

// As if it had been asked and had answered: the first question then comes in one interval.
void Heartbeat::begin(Pulse& pulse, Instant now) noexcept {
    pulse.unanswered_ = 0;
    pulse.has_spoken_ = true;
    enter(asked_, pulse, tick_at_or_after(now) + look_after_);
}

Heartbeat::Due Heartbeat::next(Instant now) noexcept {
    while (!asked_.empty() && until(asked_.front(), now) <= 0) {
        Pulse& pulse = asked_.pop_front();
        if (pulse.has_spoken_) {
            pulse.unanswered_ = 0;
            if (look_after_ == interval_) return ask(pulse, now);
            enter(resting_, pulse, tick_at_or_after(now) + interval_ - look_after_);
            continue;
        }
        if (is_excused(pulse, now)) return ask(pulse, now);
        if (++pulse.unanswered_ >= unanswered_max_) return {Do::give_up, &pulse};
        return ask(pulse, now);
    }
    if (resting_.empty() || until(resting_.front(), now) > 0) return {};
    return ask(resting_.pop_front(), now);
}

// How long ago it was asked, against how long ago the excuse was.
bool Heartbeat::is_excused(const Pulse& pulse, Instant now) const noexcept {
    if (excused_ == Instant::min()) return false;
    const auto asked_ago = std::int64_t{look_after_} - until(pulse, now);
    return Milliseconds{asked_ago} > std::chrono::floor<Milliseconds>(now - excused_);
}

Heartbeat::Due Heartbeat::ask(Pulse& pulse, Instant now) noexcept {
    pulse.has_spoken_ = false;
    enter(asked_, pulse, tick_at_or_after(now) + look_after_);
    return {Do::ask, &pulse};
}

void Heartbeat::enter(Queue& queue, Pulse& pulse, Tick deadline) noexcept {
    pulse.deadline_ = deadline;
    queue.push_back(pulse);
}

std::int32_t Heartbeat::until(const Pulse& pulse, Instant now) noexcept {
    return static_cast<std::int32_t>(pulse.deadline_ - tick_at_or_before(now));
}

Instant Heartbeat::deadline(Instant now) noexcept {
    std::int32_t wait = INT32_MAX;
    for (Queue* queue : {&asked_, &resting_}) {
        if (!queue->empty()) wait = std::min(wait, until(queue->front(), now));
    }
    return std::chrono::floor<Milliseconds>(now) + Milliseconds{std::max(wait, 0)};
}

}  // namespace parley::ws
