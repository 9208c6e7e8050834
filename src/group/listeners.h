// group::Listeners: the sessions of one shard that hear each group.
//
// What a group says is encoded here once, and every listener sends the same bytes. It decides
// neither who may listen (Membership) nor who may speak (FloorControl).
#pragma once

#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "session/session.h"

namespace parley::group {

class Listeners {
public:
    explicit Listeners(Shard& shard) noexcept : shard_(shard) {}
    Listeners(const Listeners&) = delete;
    Listeners& operator=(const Listeners&) = delete;
    ~Listeners() = default;

    /// True if the session is the group's first listener on this shard. Requires that it is not
    /// yet one of them.
    bool add(session::Session& session, GroupKey group);
    /// True if it was the last. Requires that the session is a listener.
    bool remove(session::Session& session, GroupKey group) noexcept;

    /// Tells all listeners but the sessions of `except`.
    void deliver(GroupKey group, const wire::Event& event, UserKey except) noexcept;

    std::size_t groups() const noexcept { return groups_.size(); }
    std::uint64_t deliveries() const noexcept { return deliveries_; }

private:
    struct Listener {
        session::Session* session;
        UserKey user;  // here, so that leaving the talker out touches no session
    };
    using List = std::vector<Listener>;

    Shard& shard_;
    std::unordered_map<GroupKey, List> groups_;  // none is empty
    std::uint64_t deliveries_ = 0;
};

}  // namespace parley::group
