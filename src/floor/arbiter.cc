#include "floor/arbiter.h"

namespace parley::floor {

Arbiter::Answer Arbiter::request(const Talker& who, Instant now) noexcept {
    const bool another = taken_ && who.user != holder_.user;
    const bool silent = now - heard_at_ >= limits_->silence_max;
    const bool overdue = now - granted_at_ >= limits_->busy_max;
    if (another && !silent && !overdue) return Answer::busy;
    holder_ = who;
    granted_at_ = heard_at_ = now;
    number_ = static_cast<FloorNumber>(raw(number_) + 1);
    taken_ = true;
    return Answer::granted;
}

bool Arbiter::release(FloorNumber number) noexcept {
    if (!taken_ || number != number_) return false;
    taken_ = false;
    return true;
}

bool Arbiter::hear(const SessionRef& session, Instant now) noexcept {
    if (!held_by(session)) return false;
    heard_at_ = now;
    return true;
}

bool Arbiter::leave(const SessionRef& session) noexcept {
    if (!held_by(session)) return false;
    taken_ = false;
    return true;
}

bool Arbiter::expire(Instant now) noexcept {
    if (now < deadline()) return false;
    taken_ = false;
    return true;
}

Instant Arbiter::deadline() const noexcept {
    return taken_ ? granted_at_ + limits_->talk_max : Instant::max();
}

}  // namespace parley::floor
