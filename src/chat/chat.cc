#include "chat/chat.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

#include "group/refusals.h"
#include "session/event_record.h"
#include "wire/value.h"

namespace parley::chat {
namespace {

// The numbers VoicePing's ids begin with (its message types).
constexpr int text_type = 17;
constexpr int interactive_type = 23;

wire::Event as_event(wire::Kind kind, const wire::Command& command) noexcept {
    return {.kind = kind,
            .scope = command.scope,
            .from = command.from.encoded,
            .to = command.to.encoded,
            .message_id = command.message_id,
            .payload = command.payload};
}

}  // namespace

Chat::Chat(Shard& shard, group::Groups& groups, session::Post& post) noexcept
    : shard_(shard), groups_(groups), post_(post) {
    shard.on_record(RecordKind::group_message,
                    Shard::RecordHandler::to<&Chat::on_group_message>(*this));
}

std::string Chat::message_id(const wire::Command& command) noexcept {
    const bool is_text = command.verb == wire::Verb::text;
    last_id_ = std::max(last_id_ + std::chrono::milliseconds{1}, shard_.wall_now());
    return fmt::format("{}_{}_{}_{}_{}.txt", static_cast<int>(command.scope),
                       is_text ? text_type : interactive_type, command.to.text, command.from.text,
                       last_id_.time_since_epoch().count());
}

bool Chat::may_send(session::Session& from, const wire::Command& command) noexcept {
    if (command.scope == wire::Scope::direct) return true;
    return from.subscription(shard_.key<GroupKey>(command.to.text)) != nullptr;
}

// What is passed on is a text in JSON in a str, and may be several times what came in: control
// characters become six bytes each. A listener's queue is made for messages of the usual largest
// size (net/limits.h), so what grows beyond it is refused as a message of that size would be.
bool Chat::fits(session::Session& from) noexcept {
    if (scratch_.size() <= ws::MessageLimits{}.message_bytes_max) return true;
    from.close(ws::CloseCode::too_big, "the text is too long once it is written as JSON");
    return false;
}

void Chat::on_text(session::Session& from, const wire::Command& command) noexcept {
    const bool is_text = command.verb == wire::Verb::text;
    const std::string id = message_id(command);
    scratch_.clear();
    if (is_text) {
        wire::append_text_content(id, command.payload, scratch_);
    } else {
        wire::append_interactive_content(id, command.payload, scratch_);
    }
    if (!fits(from)) return;
    acknowledge(from, command, id);
    if (!may_send(from, command)) {
        return group::tell_unauthorized(post_, from.ref(), as_event({}, command));
    }
    if (command.payload.empty()) return;  // there is nothing to pass on
    wire::Event event = as_event(is_text ? wire::Kind::text : wire::Kind::interactive, command);
    event.payload = scratch_;
    pass_on(from, event, command.to.text);
}

void Chat::acknowledge(session::Session& from, const wire::Command& command,
                       std::string_view id) noexcept {
    std::vector<std::byte> words;
    wire::append_str(id, words);
    const std::size_t id_size = words.size();
    wire::append_str("Acknowledged", words);
    const std::span<const std::byte> all{words};
    const bool is_text = command.verb == wire::Verb::text;
    wire::Event answer =
        as_event(is_text ? wire::Kind::text_stored : wire::Kind::interactive_stored, command);
    answer.message_id = all.first(id_size);
    answer.payload = all.subspan(id_size);
    from.tell(answer);
}

void Chat::on_image(session::Session& from, const wire::Command& command) noexcept {
    const wire::Event event = as_event(wire::Kind::image, command);
    if (!may_send(from, command)) return group::tell_unauthorized(post_, from.ref(), event);
    pass_on(from, event, command.to.text);
}

void Chat::on_receipt(const wire::Command& command) noexcept {
    const bool is_read = command.verb == wire::Verb::read;
    post_.tell_user(shard_.key<UserKey>(command.to.text),
                    as_event(is_read ? wire::Kind::read : wire::Kind::delivered, command));
}

void Chat::pass_on(session::Session& from, const wire::Event& event, std::string_view to) noexcept {
    if (event.scope == wire::Scope::direct) {
        return post_.tell_user(shard_.key<UserKey>(to), event);
    }
    const Sent sent{shard_.key<GroupKey>(to), from.key()};
    const ShardId home = shard_.home(sent.group);
    if (home == shard_.id()) return broadcast(sent, event);
    const session::EventHead head = session::head_of(event);
    const bool posted = shard_.post(home, RecordKind::group_message,
                                    {session::bytes_of(sent), session::bytes_of(head), event.from,
                                     event.to, event.message_id, event.payload},
                                    Urgency::lasting);
    if (!posted) from.close(ws::CloseCode::try_again, "the server is overloaded; try again later");
}

void Chat::on_group_message(ShardId, std::span<std::byte> record) noexcept {
    Sent sent;
    std::memcpy(&sent, record.data(), sizeof(sent));
    broadcast(sent, session::event_of(record.subspan(sizeof(sent))));
}

void Chat::broadcast(const Sent& sent, const wire::Event& event) noexcept {
    group::Group* group = groups_.find(sent.group);
    if (group != nullptr) groups_.broadcast(*group, event, sent.from);
}

}  // namespace parley::chat
