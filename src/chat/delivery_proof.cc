// chat::Delivery: who has received what it was sent, and what the store is told of that.
#include <algorithm>
#include <charconv>
#include <string>

#include "chat/delivery.h"
#include "chat/limits.h"

namespace parley::chat {
namespace {

constexpr std::string_view question = "parley:";  // and the number of a delivery

}  // namespace

void Delivery::watch(UserKey key, User& user, Turn turn) noexcept {
    if (user.watched) return;
    user.watched = true;
    const Instant due = parts_.shard.now() + (turn == Turn::first ? proof_after : proof_again);
    watches_[static_cast<std::size_t>(turn)].push_back({due, key, user.life});
    start_watch();
}

void Delivery::start_watch() noexcept {
    Instant next = Instant::max();
    for (const std::deque<Watch>& each : watches_) {
        if (!each.empty()) next = std::min(next, each.front().due);
    }
    if (next != Instant::max()) parts_.shard.timers().start(watch_timer_, next);
}

void Delivery::on_watch_timer() noexcept {
    const Instant now = parts_.shard.now();
    for (std::deque<Watch>& watches : watches_) {
        while (!watches.empty() && watches.front().due <= now) {
            const Watch due = watches.front();
            watches.pop_front();
            if (User* user = find(due.user, due.life)) look_at(due.user, *user);
        }
    }
    start_watch();
}

void Delivery::look_at(UserKey key, User& user) noexcept {
    user.watched = false;
    user.inbox.forget(parts_.shard.now() - remembered_for);
    const std::uint64_t life = user.life;
    settle(key, user);
    if (find(key, life) == nullptr) return;  // that was all
    if (user.inbox.last_unproven() != 0) ask_for_proof(user);
    if (!user.inbox.empty()) return watch(key, user, Turn::again);
    forget_if_done(key, user);
}

void Delivery::ask_for_proof(User& user) noexcept {
    session::Session* session = session_of(user);
    if (session == nullptr) return;
    const std::string words = std::string(question) + std::to_string(user.inbox.last_unproven());
    session->probe(std::as_bytes(std::span{words}));
}

void Delivery::on_pong(const session::Session& session,
                       std::span<const std::byte> payload) noexcept {
    std::string_view words{reinterpret_cast<const char*>(payload.data()), payload.size()};
    User* user = find(session);
    if (user == nullptr || !words.starts_with(question)) return;
    words.remove_prefix(question.size());
    std::uint64_t number = 0;
    const auto [end, problem] = std::from_chars(words.data(), words.data() + words.size(), number);
    if (problem != std::errc{} || end != words.data() + words.size()) return;
    user->inbox.prove_up_to(number);
    if (user->phase == Phase::sending && user->inbox.last_unproven() == 0) {
        user->unproven_bytes = 0;
        get_in_line(session.key(), *user);
    }
    settle(session.key(), *user);
}

void Delivery::on_receipt(const session::Session& session, ItemKey key) noexcept {
    User* user = find(session);
    if (user == nullptr) return;
    user->inbox.prove(key);
    settle(session.key(), *user);
}

void Delivery::settle(UserKey key, User& user) noexcept {
    if (settlings_ >= settling_max) return;
    const session::Session* session = session_of(user);
    if (session == nullptr) return;
    const std::uint64_t life = user.life;
    const std::string name(session->user());
    for (Inbox::Settlement& each : user.inbox.take_settlements()) {
        const store::Ticket ticket{++tickets_};
        store::Question what = store::SettleQueue{name, each.seq};
        if (each.seq == 0) {
            what = store::SettleMessage{name, each.about.conversation, each.about.id};
        }
        ++settlings_;
        asked_.emplace(tickets_, Asked{key, life, false, std::move(each)});
        parts_.store.ask(*this, ticket, std::move(what));
    }
}

}  // namespace parley::chat
