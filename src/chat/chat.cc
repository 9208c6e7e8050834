#include "chat/chat.h"

#include <algorithm>

#include "chat/limits.h"
#include "group/refusals.h"
#include "wire/value.h"
#include "wire/voiceping.h"

namespace parley::chat {
namespace {

wire::Event as_event(wire::Kind kind, const wire::Command& command) noexcept {
    return {.kind = kind,
            .scope = command.scope,
            .from = command.from.encoded,
            .to = command.to.encoded,
            .message_id = command.message_id,
            .payload = command.payload};
}

}  // namespace

Chat::Chat(const Parts& parts) noexcept
    : shard_(parts.shard),
      post_(parts.post),
      delivery_({.shard = parts.shard,
                 .sessions = parts.sessions,
                 .listeners = parts.listeners,
                 .groups = parts.groups,
                 .store = parts.store}),
      keeper_(parts.shard, parts.store, parts.post, delivery_),
      receipts_(parts.shard, parts.store, delivery_) {}

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

Letter Chat::letter_of(session::Session& from, const wire::Command& command) noexcept {
    last_id_ = std::max(last_id_ + std::chrono::milliseconds{1}, shard_.wall_now());
    return {.sender = from.ref(),
            .from_key = from.key(),
            .sent = last_id_,
            .scope = command.scope,
            .verb = command.verb,
            .from = command.from.text,
            .to = command.to.text,
            .from_encoded = command.from.encoded,
            .to_encoded = command.to.encoded,
            .message_id = command.message_id};
}

void Chat::send(Letter letter, const wire::Command& command, const wire::Event& event) noexcept {
    const std::string key = retry_key(command);
    body_.resize(wire::voiceping::encoded_size(event));
    wire::voiceping::encode(event, body_);
    letter.retry_key = key;
    letter.body = body_;
    keeper_.take(letter);
}

void Chat::on_text(session::Session& from, const wire::Command& command) noexcept {
    const bool is_text = command.verb == wire::Verb::text;
    const Letter letter = letter_of(from, command);
    const std::string id = message_id(letter, letter.sent);
    scratch_.clear();
    if (is_text) {
        wire::append_text_content(id, command.payload, scratch_);
    } else {
        wire::append_interactive_content(id, command.payload, scratch_);
    }
    if (!fits(from)) return;
    // Nothing is stored of these, and nothing is promised: the refusal is right behind, and where
    // there is no payload there is nothing to keep.
    const bool is_welcome = may_send(from, command);
    if (!is_welcome || command.payload.empty()) {
        tell_stored(post_,
                    {letter.sender, letter.scope, letter.verb, letter.from_encoded,
                     letter.to_encoded, letter.message_id},
                    id);
        if (!is_welcome) group::tell_unauthorized(post_, from.ref(), as_event({}, command));
        return;
    }
    wire::Event event = as_event(is_text ? wire::Kind::text : wire::Kind::interactive, command);
    event.payload = scratch_;
    send(letter, command, event);
}

void Chat::on_image(session::Session& from, const wire::Command& command) noexcept {
    const wire::Event event = as_event(wire::Kind::image, command);
    if (!may_send(from, command)) return group::tell_unauthorized(post_, from.ref(), event);
    send(letter_of(from, command), command, event);
}

}  // namespace parley::chat
