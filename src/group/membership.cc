#include "group/membership.h"

#include <algorithm>
#include <string>

#include "group/refusals.h"
#include "store/limits.h"
#include "wire/value.h"

namespace parley::group {
namespace {

// How soon a store that failed is asked again: soon enough to be told within 2 s of its return.
constexpr Duration ask_again_after = std::chrono::milliseconds{500};
// How many of those who wait for it are asked for at a time: a tenth of what may wait.
constexpr std::size_t ask_again_max = store::outbox_questions_max / 10;

// A store's ticket names the session that asked, by slot and generation: both are 32 bits.
store::Ticket ticket_of(const session::Session& session) noexcept {
    const SessionRef ref = session.ref();
    return static_cast<store::Ticket>(std::uint64_t{ref.generation} << 32 | ref.slot);
}

SessionRef ref_of(store::Ticket ticket, ShardId shard) noexcept {
    const std::uint64_t number = raw(ticket);
    return {static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32), shard};
}

}  // namespace

Membership::Membership(const Parts& parts) noexcept
    : parts_(parts), ask_again_timer_(Timer::Handler::to<&Membership::ask_again>(*this)) {}

void Membership::sign_in(session::Session& session) noexcept {
    parts_.sessions.sign_in(session);
    const bool is_new =
        arriving_.try_emplace(session.ref().slot, Arriving{.turn = ++arrivals_}).second;
    PARLEY_ASSERT(is_new);
    for (const std::string& group : session.token_groups()) {
        listen(session, parts_.shard.key<GroupKey>(group));
        parts_.store.ask(changes_, ticket_of(session),
                         store::AddMember{std::string(session.user()), group});
    }
    if (parts_.store.state() == store::StoreState::down) session.stop_waiting();
    ask(session);
}

void Membership::ask(const session::Session& session) noexcept {
    parts_.store.ask(*this, ticket_of(session),
                     store::SignIn{std::string(session.user()), session.device()});
}

void Membership::Arriving::leave(GroupKey group) {
    if (left.size() >= store::groups_per_user_max) wants_stored = false;
    if (wants_stored && std::ranges::count(left, group) == 0) left.push_back(group);
}

void Membership::has_arrived(const session::Session& session) noexcept {
    arriving_.erase(session.ref().slot);
    if (arriving_.empty()) arriving_.rehash(0);  // no table of a storm of sign-ins is kept
}

Membership::Arriving* Membership::arriving(const session::Session& session) noexcept {
    const auto found = arriving_.find(session.ref().slot);
    return found == arriving_.end() ? nullptr : &found->second;
}

void Membership::on_answer(store::Ticket ticket, Result<store::Answer> answer) noexcept {
    if (!answer) ++store_failures_;
    session::Session* session = parts_.sessions.find(ref_of(ticket, parts_.shard.id()));
    if (session == nullptr || !session->is_open()) return;  // gone meanwhile
    if (!answer) return on_sign_in_failed(*session);
    const auto* known = std::get_if<store::SignedIn>(&*answer);
    PARLEY_ASSERT(known != nullptr);
    on_signed_in(*session, *known);
}

void Membership::on_signed_in(session::Session& session, const store::SignedIn& known) noexcept {
    Arriving* mine = arriving(session);
    PARLEY_ASSERT(mine != nullptr);
    for (const std::string& name : known.groups) {
        const auto group = parts_.shard.key<GroupKey>(name);
        if (!mine->wants_stored || std::ranges::count(mine->left, group) > 0) continue;
        listen(session, group);
    }
    if (!mine->has_replaced) replace_others(session, known.previous_device != session.device());
    has_arrived(session);
    session.finish_sign_in();
    if (on_listening_) (*on_listening_)(session);
}

// It takes part all the same, with what its token says.
void Membership::on_sign_in_failed(session::Session& session) noexcept {
    Arriving* mine = arriving(session);
    PARLEY_ASSERT(mine != nullptr);
    if (!mine->has_replaced) replace_others(session, false);
    mine->has_replaced = true;
    to_ask_again_.push_back(session.ref());
    if (!ask_again_timer_.running()) {
        parts_.shard.timers().start(ask_again_timer_, parts_.shard.now() + ask_again_after);
    }
    session.stop_waiting();
}

// One question finds out whether a store that was down is back; then all are asked.
void Membership::ask_again() noexcept {
    const bool down = parts_.store.state() == store::StoreState::down;
    std::size_t left = std::min(to_ask_again_.size(), down ? 1 : ask_again_max);
    while (left > 0 && !to_ask_again_.empty()) {
        session::Session* session = parts_.sessions.find(to_ask_again_.front());
        to_ask_again_.pop_front();
        if (session == nullptr || !session->is_open()) continue;
        --left;
        ask(*session);
    }
    if (to_ask_again_.empty() || ask_again_timer_.running()) return;
    parts_.shard.timers().start(ask_again_timer_, parts_.shard.now() + ask_again_after);
}

// A user has one live session: the newest. Who came later will do the same when it is answered.
// What the others are told is the original's wording, which radios show.
void Membership::replace_others(session::Session& session, bool other_device) noexcept {
    std::vector<std::byte> words;
    wire::append_str("userId " + std::string(session.user()) +
                         " has logged in from another deviceId " + session.device(),
                     words);
    std::vector<std::byte> nobody;
    wire::append_int(0, nobody);
    const wire::Event replaced{.kind = wire::Kind::replaced,
                               .scope = wire::Scope::direct,
                               .from = nobody,
                               .to = session.encoded_user(),
                               .payload = words};
    const std::uint64_t turn = arriving(session)->turn;
    parts_.sessions.for_each_of(session.key(), [&](session::Session& other) {
        if (&other == &session) return;
        if (const Arriving* its = arriving(other); its != nullptr && its->turn > turn) return;
        if (other_device) other.tell(replaced);
        other.close(ws::CloseCode::no_status, {});
    });
}

void Membership::sign_out(session::Session& session) noexcept {
    while (!session.subscriptions.empty()) {
        stop_listening(session, session.subscriptions.back().group);
    }
    has_arrived(session);
    if (parts_.sessions.sign_out(session)) parts_.store.user_signed_out(session.user());
}

void Membership::listen(session::Session& session, GroupKey group) noexcept {
    if (session.subscription(group) != nullptr) return;
    if (parts_.listeners.add(session, group)) parts_.groups.set_listening(group, true);
}

void Membership::stop_listening(session::Session& session, GroupKey group) noexcept {
    const session::Subscription* subscription = session.subscription(group);
    if (subscription == nullptr) return;
    if (subscription->has_requested) parts_.floor.leave(session, group);
    if (parts_.listeners.remove(session, group)) parts_.groups.set_listening(group, false);
}

void Membership::tell_listening(UserKey user) noexcept {
    if (!on_listening_) return;
    parts_.sessions.for_each_of(user, [this](session::Session& each) { (*on_listening_)(each); });
}

void Membership::join(session::Session& session, const wire::Command& command) noexcept {
    if (parts_.policy == JoinPolicy::managed) return;
    const auto group = parts_.shard.key<GroupKey>(command.to.text);
    if (session.subscription(group) != nullptr) return;
    if (session.subscriptions.size() >= parts_.groups_max ||
        command.to.text.size() > store::joined_group_size_max) {
        return tell_unauthorized(parts_.post, session.ref(),
                                 {.from = command.from.encoded, .to = command.to.encoded});
    }
    parts_.sessions.for_each_of(session.key(), [&](session::Session& each) {
        listen(each, group);
        if (Arriving* its = arriving(each)) std::erase(its->left, group);
    });
    parts_.store.ask(changes_, ticket_of(session),
                     store::AddMember{std::string(session.user()), std::string(command.to.text)});
    tell_listening(session.key());
}

void Membership::set_groups(UserKey user, std::span<const std::string> groups) noexcept {
    std::vector<GroupKey> wanted;
    for (const std::string& group : groups)
        wanted.push_back(parts_.shard.key<GroupKey>(group));
    parts_.sessions.for_each_of(user, [&](session::Session& each) {
        std::vector<GroupKey> unwanted;
        for (const session::Subscription& subscription : each.subscriptions) {
            if (std::ranges::count(wanted, subscription.group) == 0)
                unwanted.push_back(subscription.group);
        }
        for (const GroupKey group : unwanted)
            stop_listening(each, group);
        for (const GroupKey group : wanted)
            listen(each, group);
        // What the store answers to a sign-in on its way is older than this.
        if (Arriving* its = arriving(each)) its->wants_stored = false;
    });
    tell_listening(user);
}

void Membership::leave(session::Session& session, const wire::Command& command) noexcept {
    if (parts_.policy == JoinPolicy::managed) return;
    const GroupKey group = parts_.shard.key<GroupKey>(command.to.text);
    parts_.sessions.for_each_of(session.key(), [&](session::Session& each) {
        stop_listening(each, group);
        if (Arriving* its = arriving(each)) its->leave(group);
    });
    parts_.store.ask(
        changes_, ticket_of(session),
        store::RemoveMember{std::string(session.user()), std::string(command.to.text)});
}

}  // namespace parley::group
