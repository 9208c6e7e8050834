// session::Post: tells sessions and users things, wherever they are.
//
// A session or user of this shard is told at once, another by a record to its shard. Telling
// somebody who is gone does nothing.
#pragma once

#include <optional>

#include "base/delegate.h"
#include "session/sessions.h"
#include "shard/shard.h"

namespace parley::session {

class Post {
public:
    Post(Shard& shard, Sessions& sessions) noexcept;
    Post(const Post&) = delete;
    Post& operator=(const Post&) = delete;
    ~Post() = default;

    /// Called before a session is told that it has the floor: what others said before is to go out
    /// first, or it hears their voice in its own talk. Once, before the first turn.
    using BeforeGrant = Delegate<void()>;
    void before_grant(BeforeGrant handler) noexcept { before_grant_ = handler; }

    /// To one session: answers. Lasting.
    void tell(const SessionRef& to, const wire::Event& event) noexcept;
    /// To all sessions of a user. Audio is perishable, everything else is lasting.
    void tell_user(UserKey to, const wire::Event& event) noexcept;

private:
    void on_session_event(ShardId from, std::span<std::byte> record) noexcept;
    void on_user_event(ShardId from, std::span<std::byte> record) noexcept;
    void deliver(UserKey to, const wire::Event& event) noexcept;

    Shard& shard_;
    Sessions& sessions_;
    std::optional<BeforeGrant> before_grant_;
};

}  // namespace parley::session
