#include "group/groups.h"

#include <algorithm>
#include <cstring>

#include "session/event_record.h"

namespace parley::group {
namespace {

struct ListenRecord {
    GroupKey group{};
    bool listening = false;
};

// In front of an event on its way to a shard's listeners.
struct EventAddress {
    GroupKey group{};
    UserKey except{};
};

}  // namespace

Groups::Groups(Shard& shard, Listeners& listeners) noexcept : shard_(shard), listeners_(listeners) {
    using Handler = Shard::RecordHandler;
    shard.on_record(RecordKind::group_listen, Handler::to<&Groups::on_group_listen>(*this));
    shard.on_record(RecordKind::group_event, Handler::to<&Groups::on_group_event>(*this));
}

Group* Groups::find(GroupKey key) noexcept {
    const std::unique_ptr<Group>* found = groups_.find(key);
    return found == nullptr ? nullptr : found->get();
}

void Groups::set_listening(GroupKey key, bool listening) noexcept {
    const ShardId home = shard_.home(key);
    if (home == shard_.id()) return listen(key, home, listening);
    const ListenRecord record{key, listening};
    shard_.post(home, RecordKind::group_listen, {session::bytes_of(record)}, Urgency::lasting);
}

void Groups::on_group_listen(ShardId from, std::span<std::byte> record) noexcept {
    ListenRecord told;
    std::memcpy(&told, record.data(), sizeof(told));
    listen(told.group, from, told.listening);
}

void Groups::listen(GroupKey key, ShardId shard, bool listening) noexcept {
    std::unique_ptr<Group>& group = groups_.find_or_insert(key);
    if (!group) group = std::make_unique<Group>(key, *limits_, *watch_);
    if (listening) {
        group->shards.push_back(shard);
    } else {
        std::erase(group->shards, shard);
        settle(*group);
    }
}

void Groups::settle(Group& group) noexcept {
    if (!group.shards.empty() || !group.floor.idle() || group.stops_pending > 0) return;
    groups_.erase(group.key);
}

void Groups::broadcast(Group& group, const wire::Event& event, UserKey except) noexcept {
    const bool is_voice = event.kind == wire::Kind::audio;
    for (const ShardId shard : group.shards) {
        if (shard == shard_.id()) {
            listeners_.deliver(group.key, event, except);
            continue;
        }
        const EventAddress address{group.key, except};
        const session::EventHead head = session::head_of(event);
        shard_.post(shard, RecordKind::group_event,
                    {session::bytes_of(address), session::bytes_of(head), event.from, event.to,
                     event.message_id, event.payload},
                    is_voice ? Urgency::perishable : Urgency::lasting);
    }
}

void Groups::on_group_event(ShardId, std::span<std::byte> record) noexcept {
    EventAddress address;
    std::memcpy(&address, record.data(), sizeof(address));
    const wire::Event event = session::event_of(record.subspan(sizeof(address)));
    listeners_.deliver(address.group, event, address.except);
}

}  // namespace parley::group
