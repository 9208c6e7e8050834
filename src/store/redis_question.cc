#include "store/redis_question.h"

#include <fmt/format.h>
#include <variant>

namespace parley::store {
namespace {

/// VoicePing's list of the ids of what was said in a conversation; empty if it has none.
std::string voiceping_list(std::string_view conversation, std::string_view sender) {
    if (const auto group = group_of(conversation)) return fmt::format("._g_{}", *group);
    const auto users = users_of(conversation);
    if (!users) return {};
    return fmt::format("m.{}.u", users->first == sender ? users->second : users->first);
}

std::string_view name_of(List::What what) noexcept {
    switch (what) {
        case List::What::users:
            return "users";
        case List::What::groups:
            return "groups";
        case List::What::conversations:
            return "conversations";
        case List::What::queues:
            break;
    }
    return "queues";
}

std::int64_t number_of(WallTime time) noexcept {
    return time.time_since_epoch().count();
}

// Up to when a message was sent that is not known again at this time.
WallTime retries_end(WallTime now) {
    return std::chrono::floor<WallTime::duration>(now - retry_age_max);
}

// "kind sent edited deleted sender": what is kept of a message besides order and body.
std::string head_of(const Message& message) {
    const std::string edited = message.edited ? fmt::to_string(number_of(*message.edited)) : "-";
    return fmt::format("{} {} {} {} {}", static_cast<unsigned>(message.kind),
                       number_of(message.sent), edited, message.deleted ? 1 : 0, message.sender);
}

std::string packed(const Recording& recording) {
    return fmt::format("{} {} {} {} {} {}{}{}", number_of(recording.began),
                       recording.length.count(), recording.bytes, recording.conversation.size(),
                       recording.sender.size(), recording.conversation, recording.sender,
                       recording.file);
}

}  // namespace

struct RedisQuestion::Write {
    RedisQuestion& to;

    Write& ask(Script script) {
        to.script_ = script;
        return *this;
    }
    Write& text(std::string_view text) {
        to.arguments_.push_back(text);
        return *this;
    }
    Write& made(std::string&& text) { return this->text(to.made_.emplace_back(std::move(text))); }
    Write& number(std::integral auto value) { return made(fmt::to_string(value)); }
    Write& role(Role role) { return number(static_cast<unsigned>(role)); }
    Write& time(WallTime time) { return number(number_of(time)); }

    void operator()(const SignIn& q) { ask(Script::sign_in).text(q.user).text(q.device); }
    void operator()(const GetUser& q) { ask(Script::get_user).text(q.user); }
    void operator()(const AddMember& q) {
        ask(Script::add_member).text(q.user).text(q.group).role(q.role).number(groups_per_user_max);
    }
    void operator()(const RemoveMember& q) {
        ask(Script::remove_member).text(q.user).text(q.group);
    }
    void operator()(const SetGroups& q) {
        ask(Script::set_groups).text(q.user);
        for (const std::string& group : q.groups)
            text(group);
    }
    void operator()(const SetRole& q) {
        ask(Script::set_role).text(q.user).text(q.group).role(q.role);
    }
    void operator()(const GetRole& q) { ask(Script::get_role).text(q.user).text(q.group); }
    void operator()(const GetMembers& q) {
        ask(Script::get_members).text(q.group).text(q.after).number(q.limit);
    }
    void operator()(const SetSettings& q) { ask(Script::set_settings).text(q.group).text(q.json); }
    void operator()(const GetSettings& q) { ask(Script::get_settings).text(q.group); }
    void operator()(const List& q) {
        ask(Script::list).text(name_of(q.what)).text(q.after).number(q.limit);
    }

    void operator()(const KeepMessage& q) {
        const Message& message = q.message;
        const bool is_said = message.kind == MessageKind::text ||
                             message.kind == MessageKind::interactive ||
                             message.kind == MessageKind::image;
        const auto group = group_of(message.conversation);
        const bool for_members = q.queue_for == QueueFor::members && group;
        const bool for_users = q.queue_for == QueueFor::users;
        ask(Script::keep_message).text(message.conversation).text(message.id).number(message.order);
        made(head_of(message)).text(message.body);
        made(is_said ? voiceping_list(message.conversation, message.sender) : std::string{});
        number(voiceping_list_max).time(message.sent).text(message.sender);
        text(q.retry_key).time(retries_end(message.sent)).number(queued_users_max);
        text(for_members ? "members" : for_users ? "users" : "nobody");
        if (for_members) text(*group);
        if (!for_users) return;
        for (const std::string& user : q.users)
            text(user);
    }
    void operator()(const GetHistory& q) {
        const bool forwards = q.direction == GetHistory::Direction::forwards;
        ask(Script::get_history).text(q.conversation).number(q.from);
        text(forwards ? "forwards" : "backwards").number(q.limit).number(page_bytes_max);
    }
    void operator()(const GetMessage& q) {
        ask(Script::get_message).text(q.conversation).text(q.id);
    }
    void operator()(const EditMessage& q) {
        ask(Script::edit_message).text(q.conversation).text(q.id).text(q.body).time(q.edited);
    }
    void operator()(const DeleteMessage& q) {
        ask(Script::delete_message).text(q.conversation).text(q.id);
    }
    void operator()(const SetReceipt& q) {
        ask(Script::set_receipt).text(q.conversation).text(q.id).text(q.user);
        number(static_cast<unsigned>(q.kind)).time(q.at);
    }
    void operator()(const GetReceipts& q) {
        ask(Script::get_receipts).text(q.conversation).text(q.id);
    }
    void operator()(const SetReaction& q) {
        ask(Script::set_reaction).text(q.conversation).text(q.id).text(q.user).text(q.emoji);
        text(q.on ? "1" : "0").number(reactions_per_message_max);
    }
    void operator()(const GetReactions& q) {
        ask(Script::get_reactions).text(q.conversation).text(q.id);
    }

    void operator()(const Enqueue& q) {
        ask(Script::enqueue).text(q.user).number(q.seq).time(q.at).text(q.kind).text(q.body);
        text(q.conversation).text(q.message);
    }
    void operator()(const GetQueue& q) {
        ask(Script::get_queue).text(q.user).number(q.after).number(q.limit).number(page_bytes_max);
    }
    void operator()(const SettleQueue& q) {
        ask(Script::settle_queue).text(q.user).number(q.up_to);
    }
    void operator()(const SettleMessage& q) {
        ask(Script::settle_message).text(q.user).text(q.conversation).text(q.message);
    }

    void operator()(const RevokeToken& q) { ask(Script::revoke_token).text(q.id).time(q.until); }
    void operator()(const GetRevoked& q) { ask(Script::get_revoked).text(q.after).number(q.limit); }
    void operator()(const KeepRecording& q) {
        const Recording& recording = q.recording;
        ask(Script::keep_recording).text(recording.id).text(recording.conversation);
        time(recording.began).made(packed(recording));
        made(voiceping_list(recording.conversation, recording.sender)).number(voiceping_list_max);
    }
    void operator()(const GetRecordings& q) {
        ask(Script::get_recordings).text(q.conversation).text(q.after).number(q.limit);
    }
    void operator()(const GetRecording& q) { ask(Script::get_recording).text(q.id); }
    void operator()(const ForgetRecording& q) { ask(Script::forget_recording).text(q.id); }
    void operator()(const Expire& q) {
        ask(Script::expire)
            .time(q.now)
            .time(q.queued_since)
            .number(expire_max)
            .time(retries_end(q.now));
    }
};

RedisQuestion::RedisQuestion(const Question& question) {
    std::visit(Write{*this}, question);
}

}  // namespace parley::store
