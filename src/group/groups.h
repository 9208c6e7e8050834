// group::Groups: the groups whose home is one shard, and the way to their listeners.
//
//   broadcast ─┬─▶ this shard's Listeners
//              └─▶ one record to each other shard with listeners ─▶ its Listeners
//
// All that a group says goes through here, in one order.
#pragma once

#include <memory>
#include <vector>

#include "base/flat_map.h"
#include "floor/arbiter.h"
#include "group/listeners.h"
#include "shard/shard.h"

namespace parley::group {

struct Group;

/// Who runs the floors: hears when a burst has lasted as long as it may.
class FloorWatch {
public:
    virtual void on_talk_limit(Group& group) noexcept = 0;

protected:
    ~FloorWatch() = default;
};

/// A group that somebody listens to, on its home shard.
struct Group {
    Group(GroupKey group_key, const floor::Limits& limits, FloorWatch& floor_watch) noexcept
        : key(group_key),
          floor(limits),
          limit(Timer::Handler::to<&Group::on_limit>(*this)),
          watch(floor_watch) {}

    const GroupKey key;
    floor::Arbiter floor;
    Timer limit;  ///< runs while the floor is taken
    FloorWatch& watch;
    std::vector<ShardId> shards;  ///< that have listeners
    std::vector<std::byte> from;  ///< the talker's id, as typed at the start of the burst
    std::vector<std::byte> to;    ///< likewise the group's
    FloorNumber stopping{};       ///< the burst whose STOP is about to be answered
    TalkNumber recording{};       ///< of the burst that goes on
    std::uint32_t stops_pending = 0;

private:
    void on_limit() noexcept { watch.on_talk_limit(*this); }
};

class Groups {
public:
    Groups(Shard& shard, Listeners& listeners) noexcept;
    Groups(const Groups&) = delete;
    Groups& operator=(const Groups&) = delete;
    ~Groups() = default;

    /// Null if nobody listens to the group, or it lives elsewhere.
    Group* find(GroupKey key) noexcept;

    /// This shard has a first listener of a group, or lost the last one. Goes to the group's home.
    void set_listening(GroupKey key, bool listening) noexcept;

    /// Tells all listeners on all shards but the sessions of `except`. Audio is perishable.
    void broadcast(Group& group, const wire::Event& event, UserKey except) noexcept;

    /// Forgets the group if nothing is left of it. Call after what may have been the last thing.
    void settle(Group& group) noexcept;

    /// Who runs the floors, and by which limits. Once, before the first turn.
    void set_floor(const floor::Limits& limits, FloorWatch& watch) noexcept {
        limits_ = &limits;
        watch_ = &watch;
    }

    template <class Visit>
    void for_each(Visit visit) {
        groups_.for_each([&visit](GroupKey, std::unique_ptr<Group>& group) { visit(*group); });
    }
    std::size_t size() const noexcept { return groups_.size(); }

private:
    void on_group_listen(ShardId from, std::span<std::byte> record) noexcept;
    void on_group_event(ShardId from, std::span<std::byte> record) noexcept;
    void listen(GroupKey key, ShardId shard, bool listening) noexcept;

    Shard& shard_;
    Listeners& listeners_;
    const floor::Limits* limits_ = nullptr;
    FloorWatch* watch_ = nullptr;
    FlatMap<GroupKey, std::unique_ptr<Group>> groups_;
};

}  // namespace parley::group
