// chat::Delivery: the queue of who comes back: in line, read page by page, sent, proven, settled.
#include <string>

#include "chat/delivery.h"
#include "chat/limits.h"
#include "session/event_frame.h"

namespace parley::chat {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) noexcept {
    return std::as_bytes(std::span{text});
}

}  // namespace

void Delivery::get_in_line(UserKey key, User& user) noexcept {
    user.phase = Phase::in_line;
    line_.emplace_back(key, user.life);
    start_line(Duration::zero());
}

void Delivery::start_line(Duration after) noexcept {
    if (line_timer_.running()) return;
    parts_.shard.timers().start(line_timer_, parts_.shard.now() + after);
}

void Delivery::on_line_timer() noexcept {
    // A store that answers at once may end the last user, and the line with it.
    for (std::size_t left = line_.size(); left > 0 && !line_.empty() && readings_ < readings_max;
         --left) {
        const auto [key, life] = line_.front();
        line_.pop_front();
        if (User* user = find(key, life)) read(key, *user);
    }
}

void Delivery::read(UserKey key, User& user) noexcept {
    const session::Session* session = session_of(user);
    if (session == nullptr) return;
    user.phase = Phase::reading;
    user.again = false;
    ++readings_;
    asked_.emplace(++tickets_, Asked{key, user.life, true, {}});
    parts_.store.ask(*this, store::Ticket{tickets_},
                     store::GetQueue{std::string(session->user()), user.after, page_entries});
}

void Delivery::on_answer(store::Ticket ticket, Result<store::Answer> answer) noexcept {
    const auto found = asked_.find(static_cast<std::uint64_t>(ticket));
    PARLEY_ASSERT(found != asked_.end());
    const Asked asked = std::move(found->second);
    asked_.erase(found);
    --(asked.is_reading ? readings_ : settlings_);
    User* user = find(asked.user, asked.life);
    if (asked.is_reading && !line_.empty()) start_line(Duration::zero());
    if (user == nullptr) return;
    if (asked.is_reading && !answer) {
        user->phase = Phase::in_line;
        line_.emplace_back(asked.user, asked.life);
        return start_line(ask_again_after);
    }
    if (asked.is_reading) return on_page(asked.user, *user, std::get<store::Queue>(*answer));
    if (!answer) return user->inbox.not_settled(asked.settlement);
    counters_.settled += asked.settlement.numbers.size();
    user->inbox.settled(asked.settlement, parts_.shard.now());
    forget_if_done(asked.user, *user);
}

void Delivery::on_page(UserKey key, User& user, const store::Queue& page) noexcept {
    const session::Session* session = session_of(user);
    if (session == nullptr) return;
    if (page.lost_up_to > user.after) {
        // What gave way lay right before what waits; else it was missed at an earlier sign-in.
        const bool is_new =
            !page.entries.empty() && page.entries.front().seq == page.lost_up_to + 1;
        if (is_new) ++counters_.gaps;
        user.after = page.lost_up_to;
    }
    for (const store::QueueEntry& each : page.entries) {
        const std::size_t body = each.message ? each.message->body.size() : each.body.size();
        const std::size_t size = body + entry_overhead;
        const bool is_first = user.unproven_bytes == 0;
        if (!is_first && user.unproven_bytes + size > unproven_bytes_max) {
            return wait_for_proof(key, user);
        }
        if (!send_entry(key, user, each)) return wait_for_proof(key, user);
        user.unproven_bytes += size;
        user.after = each.seq;
    }
    on_page_end(key, user, page.more);
}

// Also of what it was sent before there was no memory for more.
void Delivery::wait_for_proof(UserKey key, User& user) noexcept {
    user.phase = Phase::sending;
    if (user.inbox.last_unproven() != 0) return ask_for_proof(user);
    user.unproven_bytes = 0;
    user.phase = Phase::in_line;
    line_.emplace_back(key, user.life);
    start_line(ask_again_after);
}

// False if there is no memory for it now. What is too old the store drops when it is swept; judged
// here, what was acknowledged a moment ago would be lost when somebody sets the clock.
bool Delivery::send_entry(UserKey key, User& user, const store::QueueEntry& entry) noexcept {
    const bool is_receipt = !entry.body.empty();
    if (!is_receipt && (!entry.message || entry.message->deleted)) return true;
    MessageName about;
    if (entry.message) about = {entry.message->conversation, entry.message->id};
    const auto body = bytes_of(is_receipt ? entry.body : entry.message->body);
    const ItemKey item = is_receipt ? key_of(body) : key_of(about.conversation, about.id);
    if (user.inbox.knows(item)) return true;
    session::Session* session = session_of(user);
    if (session == nullptr) return true;
    const bool is_picture = entry.message && entry.message->kind == store::MessageKind::image;
    auto message = session::encode_body(parts_.shard.frames(), body,
                                        is_picture ? session::Body::media : session::Body::words);
    if (!message) return false;
    note(key, user,
         {.key = item, .seq = entry.seq, .about = std::move(about), .at = parts_.shard.now()});
    ++counters_.from_queue;
    session->send(message);
    return true;
}

void Delivery::on_page_end(UserKey key, User& user, bool more) noexcept {
    if (more || user.again) return get_in_line(key, user);
    user.unproven_bytes = 0;
    user.phase = user.homes_awaited > 0 ? Phase::waiting : Phase::live;
    if (user.inbox.last_unproven() != 0) ask_for_proof(user);
    forget_if_done(key, user);
}

}  // namespace parley::chat
