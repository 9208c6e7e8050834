#include "chat/keeper.h"

#include <utility>

#include "chat/limits.h"
#include "session/event_record.h"
#include "wire/value.h"

namespace parley::chat {
namespace {

store::MessageKind kind_of(wire::Verb verb) noexcept {
    switch (verb) {
        case wire::Verb::interactive:
            return store::MessageKind::interactive;
        case wire::Verb::image:
            return store::MessageKind::image;
        default:
            return store::MessageKind::text;
    }
}

std::string text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// What the store did with it is not known.
bool is_doubtful(Error error) noexcept {
    return store::is_failure(error) && error != store::trouble(store::Trouble::too_late) &&
           error != store::trouble(store::Trouble::unavailable) &&
           error != store::limit_error(store::Limit::outbox);
}

Address address_of(const Letter& letter) noexcept {
    return {letter.sender,       letter.scope,      letter.verb,
            letter.from_encoded, letter.to_encoded, letter.message_id};
}

}  // namespace

Address Keeper::address_of(const Waiting& waiting) noexcept {
    return {waiting.sender,       waiting.scope,      waiting.verb,
            waiting.from_encoded, waiting.to_encoded, waiting.message_id};
}

Keeper::Keeper(Shard& shard, store::Store& store, session::Post& post, Delivery& delivery) noexcept
    : shard_(shard),
      store_(store),
      post_(post),
      delivery_(delivery),
      again_timer_(Timer::Handler::to<&Keeper::ask_again>(*this)) {
    shard.on_record(RecordKind::chat_letter, Shard::RecordHandler::to<&Keeper::on_letter>(*this));
}

void Keeper::take(const Letter& letter) noexcept {
    const ShardId home = letter.scope == wire::Scope::direct
                             ? shard_.home(shard_.key<UserKey>(letter.to))
                             : shard_.home(shard_.key<GroupKey>(letter.to));
    if (home == shard_.id()) return keep(letter);
    if (!post(shard_, home, letter)) tell_not_stored(chat::address_of(letter));
}

void Keeper::on_letter(ShardId, std::span<std::byte> record) noexcept {
    keep(letter_of(record));
}

void Keeper::keep(const Letter& letter) noexcept {
    if (bytes_ + letter.body.size() > keeping_bytes_max)
        return tell_not_stored(chat::address_of(letter));
    const bool is_direct = letter.scope == wire::Scope::direct;
    const auto copy = [](std::span<const std::byte> bytes) {
        return std::vector<std::byte>(bytes.begin(), bytes.end());
    };
    bytes_ += letter.body.size();
    const Waiting& waiting = waiting_.emplace_back(
        Waiting{.sender = letter.sender,
                .from_key = letter.from_key,
                .scope = letter.scope,
                .verb = letter.verb,
                .from = std::string(letter.from),
                .to = std::string(letter.to),
                .conversation = is_direct ? store::direct_conversation(letter.from, letter.to)
                                          : store::group_conversation(letter.to),
                .id = stored_id(letter, letter.sent),
                .from_encoded = copy(letter.from_encoded),
                .to_encoded = copy(letter.to_encoded),
                .message_id = copy(letter.message_id),
                .body = copy(letter.body)});
    store::KeepMessage question{
        .message = {.id = waiting.id,
                    .conversation = waiting.conversation,
                    .sender = waiting.from,
                    .kind = kind_of(waiting.verb),
                    .sent = letter.sent,
                    .body = text_of(letter.body)},
        .queue_for = is_direct ? store::QueueFor::users : store::QueueFor::members,
        .retry_key = std::string(letter.retry_key)};
    if (is_direct) question.users.push_back(waiting.to);
    store_.ask(*this, store::Ticket{first_ + waiting_.size() - 1}, std::move(question));
}

void Keeper::on_answer(store::Ticket ticket, Result<store::Answer> answer) noexcept {
    const auto place = static_cast<std::uint64_t>(ticket) - first_;
    PARLEY_ASSERT(place < waiting_.size());
    Waiting& waiting = waiting_[place];
    if (waiting.state == State::in_doubt) {
        on_doubt_answered(waiting, std::move(answer));
    } else if (answer) {
        on_kept(waiting, std::get<store::Kept>(*answer));
    } else {
        on_failure(ticket, waiting, answer.error());
    }
    pass_on();
}

void Keeper::on_kept(Waiting& waiting, const store::Kept& kept) noexcept {
    // Every letter has an id of its own. If the store has that id already, the clock stepped back
    // between two lives of this process, and the message is another.
    const bool is_another = kept.repeated && kept.id == waiting.id;
    waiting.state = kept.repeated ? State::gone : State::kept;
    waiting.queued = kept.queued;
    if (is_another) return tell_not_stored(address_of(waiting));
    ++(kept.repeated ? counters_.repeated : counters_.kept);
    acknowledge(waiting, kept.id);
}

void Keeper::on_failure(store::Ticket ticket, Waiting& waiting, Error error) noexcept {
    tell_not_stored(address_of(waiting));
    waiting.state = is_doubtful(error) ? State::in_doubt : State::gone;
    if (waiting.state == State::in_doubt) ask_about(ticket, waiting);
}

// ---- in doubt -----------------------------------------------------------------------------------

void Keeper::ask_about(store::Ticket ticket, const Waiting& waiting) noexcept {
    store_.ask(*this, ticket, store::GetMessage{waiting.conversation, waiting.id});
}

void Keeper::on_doubt_answered(Waiting& waiting, Result<store::Answer> answer) noexcept {
    if (answer) {
        const bool is_there = std::get<store::OneMessage>(*answer).message.has_value();
        waiting.state = is_there ? State::kept : State::gone;
        waiting.queued = is_there;
        return;
    }
    waiting.doubt_unasked = true;
    if (again_timer_.running()) return;
    shard_.timers().start(again_timer_, shard_.now() + ask_again_after);
}

void Keeper::ask_again() noexcept {
    const std::uint64_t end = first_ + waiting_.size();
    for (std::uint64_t ticket = first_; ticket < end; ++ticket) {
        if (ticket < first_) continue;  // an answer that came at once has passed it on
        Waiting& waiting = waiting_[ticket - first_];
        if (!waiting.doubt_unasked) continue;
        waiting.doubt_unasked = false;
        ask_about(store::Ticket{ticket}, waiting);
    }
}

// ---- what comes of it ---------------------------------------------------------------------------

void Keeper::pass_on() noexcept {
    while (!waiting_.empty()) {
        Waiting& next = waiting_.front();
        if (next.state == State::asked || next.state == State::in_doubt) return;
        if (next.state == State::kept) deliver(next);
        bytes_ -= next.body.size();
        waiting_.pop_front();
        ++first_;
    }
}

void Keeper::deliver(const Waiting& waiting) noexcept {
    const Item item{
        .conversation = waiting.conversation,
        .id = waiting.id,
        .body = waiting.body,
        .kind = waiting.verb == wire::Verb::image ? session::Body::media : session::Body::words,
        .key = delivery_.key_of(waiting.conversation, waiting.id),
        .queued = waiting.queued};
    if (waiting.scope == wire::Scope::direct) {
        return delivery_.to_user(shard_.key<UserKey>(waiting.to), item);
    }
    delivery_.to_group(shard_.key<GroupKey>(waiting.to), waiting.from_key, item);
}

// An image has no acknowledgement in this protocol.
void Keeper::acknowledge(const Waiting& waiting, std::string_view id) noexcept {
    if (waiting.verb == wire::Verb::image) return;
    const Letter names{
        .scope = waiting.scope, .verb = waiting.verb, .from = waiting.from, .to = waiting.to};
    const std::string told = message_id(names, time_in(id).value_or(WallTime{}));
    tell_stored(post_, address_of(waiting), told);
}

void Keeper::tell_not_stored(const Address& sender) noexcept {
    ++counters_.not_stored;
    std::vector<std::byte> words;
    wire::append_str("Not Stored", words);
    post_.tell(sender.session, {.kind = wire::Kind::not_a_member,
                                .scope = wire::Scope::group,
                                .from = sender.from,
                                .to = sender.to,
                                .message_id = sender.message_id,
                                .payload = words});
}

void tell_stored(session::Post& post, const Address& sender, std::string_view id) noexcept {
    std::vector<std::byte> words;
    wire::append_str(id, words);
    const std::size_t id_size = words.size();
    wire::append_str("Acknowledged", words);
    const std::span<const std::byte> all{words};
    const bool is_text = sender.verb == wire::Verb::text;
    post.tell(sender.session,
              {.kind = is_text ? wire::Kind::text_stored : wire::Kind::interactive_stored,
               .scope = sender.scope,
               .from = sender.from,
               .to = sender.to,
               .message_id = all.first(id_size),
               .payload = all.subspan(id_size)});
}

}  // namespace parley::chat
