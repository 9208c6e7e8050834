#include "session/post.h"

#include <cstring>

#include "session/event_record.h"

namespace parley::session {
namespace {

// Records here are an address and an event.
template <class Address>
std::span<std::byte> take_address(std::span<std::byte> record, Address& address) noexcept {
    PARLEY_ASSERT(record.size() >= sizeof(address));
    std::memcpy(&address, record.data(), sizeof(address));
    return record.subspan(sizeof(address));
}

}  // namespace

Post::Post(Shard& shard, Sessions& sessions) noexcept : shard_(shard), sessions_(sessions) {
    using Handler = Shard::RecordHandler;
    shard.on_record(RecordKind::session_event, Handler::to<&Post::on_session_event>(*this));
    shard.on_record(RecordKind::user_event, Handler::to<&Post::on_user_event>(*this));
}

void Post::tell(const SessionRef& to, const wire::Event& event) noexcept {
    if (to.shard == shard_.id()) {
        if (event.kind == wire::Kind::floor_granted && before_grant_) (*before_grant_)();
        if (Session* session = sessions_.find(to)) session->tell(event);
        return;
    }
    const EventHead head = head_of(event);
    shard_.post(
        to.shard, RecordKind::session_event,
        {bytes_of(to), bytes_of(head), event.from, event.to, event.message_id, event.payload},
        Urgency::lasting);
}

void Post::tell_user(UserKey to, const wire::Event& event) noexcept {
    const ShardId home = shard_.home(to);
    if (home == shard_.id()) return deliver(to, event);
    const EventHead head = head_of(event);
    shard_.post(
        home, RecordKind::user_event,
        {bytes_of(to), bytes_of(head), event.from, event.to, event.message_id, event.payload},
        event.kind == wire::Kind::audio ? Urgency::perishable : Urgency::lasting);
}

void Post::on_session_event(ShardId, std::span<std::byte> record) noexcept {
    SessionRef to;
    const wire::Event event = event_of(take_address(record, to));
    tell(to, event);
}

void Post::on_user_event(ShardId, std::span<std::byte> record) noexcept {
    UserKey to{};
    const wire::Event event = event_of(take_address(record, to));
    deliver(to, event);
}

void Post::deliver(UserKey to, const wire::Event& event) noexcept {
    if (!sessions_.is_signed_in(to)) return;
    if (event.kind == wire::Kind::audio) {
        const FrameRef frame = encode_event(shard_.frames(), event);
        if (!frame) return;
        return sessions_.for_each_of(
            to, [&](Session& session) { session.send(frame, net::Delivery::perishable); });
    }
    ws::Outgoing message = encode_message(shard_.frames(), event);
    sessions_.for_each_of(to, [&](Session& session) {
        if (message) {
            session.send(message);
        } else {
            session.tell(event);  // which ends a session that cannot be told
        }
    });
}

}  // namespace parley::session
