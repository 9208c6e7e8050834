// floor::Arbiter: decides who may speak in one group.
//
//            request                    release(number), held for talk_max, holder gone
//   idle ───────────────▶ taken ─────────────────────────────────────────────────▶ idle
//                           │ request by another: busy, or granted if the holder was
//                           ▼ silent for silence_max or began busy_max ago
//                         taken by another
//
// Terms follow 3GPP TS 24.380 (floor request, granted, taken, release, revoke).
// Every grant has a number of its own, and a release names the number it is for: what an earlier
// holder still says touches nobody later. Pure: it owns no timer, reads no clock, sends nothing and
// never allocates. The group tells it what happened and carries out what it answers, so every
// history can be replayed in a test.
#pragma once

#include <cstdint>

#include "base/ids.h"
#include "base/time.h"

namespace parley::floor {

struct Limits {
    Duration talk_max = std::chrono::seconds{90};    ///< longest talk burst; then it is revoked
    Duration silence_max = std::chrono::seconds{3};  ///< then another may take the floor
    Duration busy_max = std::chrono::seconds{95};    ///< as above, counted from the grant
};

/// Who asks: one device of one user.
struct Talker {
    SessionRef session;
    UserKey user{};

    friend bool operator==(const Talker&, const Talker&) = default;
};

class Arbiter {
public:
    enum class Answer : std::uint8_t { granted, busy };

    /// The limits must outlive the arbiter: groups share them.
    explicit Arbiter(const Limits& limits) noexcept : limits_(&limits) {}

    /// Asks for the floor. A holder who asks again begins a new burst, and so does another device
    /// of the holder's user. On granted, number() is the new grant's.
    Answer request(const Talker& who, Instant now) noexcept;

    /// Gives the floor back. False if the grant `number` is not the present one: a late release
    /// after a revoke or a takeover is normal and changes nothing.
    bool release(FloorNumber number) noexcept;

    /// Notes audio. False if `session` does not hold the floor, and then the frame must be dropped.
    bool hear(const SessionRef& session, Instant now) noexcept;

    /// The session is gone. True if it held the floor, which is idle now.
    bool leave(const SessionRef& session) noexcept;

    /// Revokes the floor if the present burst has lasted talk_max.
    bool expire(Instant now) noexcept;

    /// When expire() has something to do; Instant::max() while idle.
    Instant deadline() const noexcept;

    bool idle() const noexcept { return !taken_; }
    bool held_by(const SessionRef& session) const noexcept {
        return taken_ && holder_.session == session;
    }
    /// The present or latest grant.
    FloorNumber number() const noexcept { return number_; }
    Instant granted_at() const noexcept { return granted_at_; }
    const Talker& holder() const noexcept { return holder_; }

private:
    const Limits* limits_;
    Talker holder_;  // meaningful while taken_
    Instant granted_at_;
    Instant heard_at_;
    FloorNumber number_{0};
    bool taken_ = false;
};

}  // namespace parley::floor
