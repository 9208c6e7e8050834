#include "group/membership.h"

#include <string>

#include "group/refusals.h"
#include "store/limits.h"
#include "wire/value.h"

namespace parley::group {
namespace {

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

void Membership::sign_in(session::Session& session) noexcept {
    parts_.sessions.sign_in(session);
    parts_.store.user_signed_in(*this, ticket_of(session), session.user(), session.device());
}

void Membership::on_signed_in(store::Ticket ticket, Result<store::SignedIn> answer) noexcept {
    session::Session* session = parts_.sessions.find(ref_of(ticket, parts_.shard.id()));
    if (session == nullptr || !session->is_open()) return;  // gone meanwhile
    bool other_device = false;
    if (answer) {
        other_device = (*answer).previous_device != session->device();
        for (const std::string& group : (*answer).groups) {
            listen(*session, parts_.shard.key<GroupKey>(group));
        }
    } else {
        ++store_failures_;  // it signs in all the same, with what its token says
    }
    for (const std::string& group : session->token_groups()) {
        listen(*session, parts_.shard.key<GroupKey>(group));
        parts_.store.add_member(*this, ticket, session->user(), group);
    }
    replace_others(*session, other_device);
    session->finish_sign_in();
}

void Membership::on_stored(store::Ticket, Status answer) noexcept {
    if (!answer) ++store_failures_;
}

// A user has one live session: the newest. What the others are told is the original's wording,
// which radios show.
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
    parts_.sessions.for_each_of(session.key(), [&](session::Session& other) {
        if (&other == &session) return;
        if (other_device) other.tell(replaced);
        other.close(ws::CloseCode::no_status, {});
    });
}

void Membership::sign_out(session::Session& session) noexcept {
    while (!session.subscriptions.empty()) {
        stop_listening(session, session.subscriptions.back().group);
    }
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

void Membership::join(session::Session& session, const wire::Command& command) noexcept {
    if (parts_.policy == JoinPolicy::managed) return;
    const auto group = parts_.shard.key<GroupKey>(command.to.text);
    if (session.subscription(group) != nullptr) return;
    if (session.subscriptions.size() >= parts_.groups_max ||
        command.to.text.size() > store::joined_group_size_max) {
        return tell_unauthorized(parts_.post, session.ref(),
                                 {.from = command.from.encoded, .to = command.to.encoded});
    }
    parts_.sessions.for_each_of(session.key(),
                                [&](session::Session& each) { listen(each, group); });
    parts_.store.add_member(*this, ticket_of(session), session.user(), command.to.text);
}

void Membership::leave(session::Session& session, const wire::Command& command) noexcept {
    if (parts_.policy == JoinPolicy::managed) return;
    const GroupKey group = parts_.shard.key<GroupKey>(command.to.text);
    parts_.sessions.for_each_of(session.key(),
                                [&](session::Session& each) { stop_listening(each, group); });
    parts_.store.remove_member(*this, ticket_of(session), session.user(), command.to.text);
}

}  // namespace parley::group
