#include "relay/relay.h"

#include <cstring>

#include "session/event_record.h"

namespace parley::relay {

Relay::Relay(Shard& shard, group::Groups& groups, record::Tap* tap) noexcept
    : shard_(shard), groups_(groups), tap_(tap) {
    shard.on_record(RecordKind::group_audio,
                    Shard::RecordHandler::to<&Relay::on_group_audio>(*this));
}

void Relay::on_audio(const session::Session& from, const wire::Command& command) noexcept {
    const Heard heard{shard_.key<GroupKey>(command.to.text), {from.ref(), from.key()}};
    const wire::Event event{.kind = wire::Kind::audio,
                            .scope = wire::Scope::group,
                            .from = command.from.encoded,
                            .to = command.to.encoded,
                            .message_id = command.message_id,
                            .payload = command.payload};
    const ShardId home = shard_.home(heard.group);
    if (home == shard_.id()) return relay(heard, event);
    const session::EventHead head = session::head_of(event);
    const bool sent = shard_.post(home, RecordKind::group_audio,
                                  {session::bytes_of(heard), session::bytes_of(head), event.from,
                                   event.to, event.message_id, event.payload},
                                  Urgency::perishable);
    if (!sent) ++counters_.lane_full;
}

void Relay::on_group_audio(ShardId, std::span<std::byte> record) noexcept {
    Heard heard;
    std::memcpy(&heard, record.data(), sizeof(heard));
    relay(heard, session::event_of(record.subspan(sizeof(heard))));
}

void Relay::relay(const Heard& heard, const wire::Event& event) noexcept {
    group::Group* group = groups_.find(heard.group);
    if (group == nullptr) {
        ++counters_.no_group;
        return;
    }
    if (!group->floor.hear(heard.who.session, shard_.now())) {
        ++counters_.not_holder;
        return;
    }
    ++counters_.frames;
    if (group->recording != TalkNumber::none) tap_->packet(group->recording, event.payload);
    groups_.broadcast(*group, event, heard.who.user);
}

}  // namespace parley::relay
