// relay::DirectRelay: talk from one user to another.
//
// It needs no floor: whoever is spoken to hears everybody. A START is acknowledged, a STOP is
// acknowledged and passed on after the grace, a burst of more than talk_max is ended.
#pragma once

#include "group/delayed_stops.h"
#include "record/tap.h"
#include "session/post.h"

namespace parley::relay {

class DirectRelay {
public:
    /// `tap` null: nothing is recorded.
    DirectRelay(Shard& shard, session::Sessions& sessions, session::Post& post, Duration talk_max,
                record::Tap* tap) noexcept;
    DirectRelay(const DirectRelay&) = delete;
    DirectRelay& operator=(const DirectRelay&) = delete;
    ~DirectRelay() = default;

    void on_start(session::Session& from, const wire::Command& command) noexcept;
    void on_audio(session::Session& from, const wire::Command& command) noexcept;
    void on_stop(session::Session& from, const wire::Command& command) noexcept;
    /// It takes part no longer.
    void leave(session::Session& from) noexcept;

    std::uint64_t frames() const noexcept { return frames_; }
    /// Frames dropped behind the end of a burst that lasted too long.
    std::uint64_t frames_after_limit() const noexcept { return frames_after_limit_; }
    std::size_t stops_pending() const noexcept { return stops_.size(); }

private:
    void on_stop_due(const group::Stop& stop) noexcept;
    void end_recording(session::DirectTalk& talk, std::string_view id) noexcept;
    void end_burst(session::Session& from, session::DirectTalk& talk,
                   const wire::Command& command) noexcept;
    group::Stop stop_of(const session::Session& from, UserKey to,
                        const wire::Command& command) noexcept;
    void tell_both(const group::Stop& stop) noexcept;

    Shard& shard_;
    session::Sessions& sessions_;
    session::Post& post_;
    const Duration talk_max_;
    record::Tap* const tap_;
    group::DelayedStops stops_;
    std::vector<std::byte> scratch_;
    std::uint64_t frames_ = 0;
    std::uint64_t frames_after_limit_ = 0;
};

}  // namespace parley::relay
