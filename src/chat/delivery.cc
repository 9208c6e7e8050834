#include "chat/delivery.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "chat/limits.h"
#include "session/event_record.h"

namespace parley::chat {
namespace {

struct ItemHead {
    GroupKey group{};
    UserKey except{};
    ItemKey key{};
    std::uint32_t conversation_size = 0;
    std::uint32_t id_size = 0;
    session::Body kind = session::Body::words;
    bool queued = false;
};

// From a user's home to that of a group, and back.
struct Sync {
    UserKey user{};
    std::uint64_t life = 0;
    bool is_answer = false;
};

std::span<const std::byte> bytes_of(std::string_view text) noexcept {
    return std::as_bytes(std::span{text});
}
std::string_view text_of(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Delivery::Delivery(const Parts& parts) noexcept
    : parts_(parts),
      line_timer_(Timer::Handler::to<&Delivery::on_line_timer>(*this)),
      watch_timer_(Timer::Handler::to<&Delivery::on_watch_timer>(*this)) {
    using Handler = Shard::RecordHandler;
    parts_.shard.on_record(RecordKind::chat_item, Handler::to<&Delivery::on_group_item>(*this));
    parts_.shard.on_record(RecordKind::chat_sync, Handler::to<&Delivery::on_sync>(*this));
}

ItemKey Delivery::key_of(std::string_view conversation, std::string_view id) const noexcept {
    std::string name(conversation);
    name += '\0';
    name += id;
    return parts_.shard.key<ItemKey>(name);
}

ItemKey Delivery::key_of(std::span<const std::byte> body) const noexcept {
    return parts_.shard.key<ItemKey>(text_of(body));
}

// ---- who is there -------------------------------------------------------------------------------

// What an earlier session was sent and did not prove comes again: it is in the queue.
void Delivery::arrive(const session::Session& session) {
    auto user = std::make_unique<User>();
    user->session = session.ref();
    user->life = ++lives_;
    user->phase = Phase::waiting;
    users_[session.key()] = std::move(user);
}

Delivery::User& Delivery::user_of(const session::Session& session) {
    std::unique_ptr<User>& user = users_[session.key()];
    if (!user) {
        user = std::make_unique<User>();
        user->session = session.ref();
        user->life = ++lives_;
    }
    return *user;
}

Delivery::User* Delivery::find(UserKey key, std::uint64_t life) noexcept {
    const auto found = users_.find(key);
    if (found == users_.end() || found->second->life != life) return nullptr;
    return found->second.get();
}

Delivery::User* Delivery::find(const session::Session& session) noexcept {
    const auto found = users_.find(session.key());
    if (found == users_.end() || found->second->session != session.ref()) return nullptr;
    return found->second.get();
}

session::Session* Delivery::session_of(const User& user) noexcept {
    session::Session* session = parts_.sessions.find(user.session);
    return session != nullptr && session->is_open() ? session : nullptr;
}

void Delivery::leave(const session::Session& session) noexcept {
    if (find(session) != nullptr) users_.erase(session.key());
    rest_if_idle();
}

void Delivery::forget_if_done(UserKey key, const User& user) noexcept {
    if (user.phase != Phase::live || !user.inbox.empty()) return;
    users_.erase(key);
    rest_if_idle();
}

void Delivery::rest_if_idle() noexcept {
    if (!users_.empty()) return;
    users_.rehash(0);  // the table of a storm of sign-ins is not kept for the quiet behind it
    line_.clear();
    for (std::deque<Watch>& each : watches_)
        each.clear();
    line_timer_.cancel();
    watch_timer_.cancel();
}

void Delivery::listens(session::Session& session) noexcept {
    User& user = user_of(session);
    if (user.session != session.ref()) return;  // the user has a newer one
    user.again = true;
    if (user.phase == Phase::live) user.phase = Phase::waiting;
    const Sync sync{.user = session.key(), .life = user.life};
    std::vector<ShardId> homes;
    for (const session::Subscription& each : session.subscriptions) {
        const ShardId home = parts_.shard.home(each.group);
        if (home == parts_.shard.id() || std::ranges::count(homes, home) > 0) continue;
        homes.push_back(home);
        const bool sent = parts_.shard.post(home, RecordKind::chat_sync, {session::bytes_of(sync)},
                                            Urgency::lasting);
        if (sent) ++user.homes_awaited;
    }
    if (user.homes_awaited == 0 && user.phase == Phase::waiting) get_in_line(session.key(), user);
}

// Records of one shard arrive in the order in which it sent them: that the user listens is known.
void Delivery::on_sync(ShardId from, std::span<std::byte> record) noexcept {
    Sync sync;
    std::memcpy(&sync, record.data(), sizeof(sync));
    if (!sync.is_answer) {
        sync.is_answer = true;
        parts_.shard.post(from, RecordKind::chat_sync, {session::bytes_of(sync)}, Urgency::lasting);
        return;
    }
    User* user = find(sync.user, sync.life);
    if (user == nullptr || user->homes_awaited == 0) return;
    --user->homes_awaited;
    user->again = true;
    if (user->homes_awaited == 0 && user->phase == Phase::waiting) get_in_line(sync.user, *user);
}

// ---- live ---------------------------------------------------------------------------------------

// Whether a session is to be sent it now. Counts it as sent.
bool Delivery::takes(session::Session& session, const Item& item) {
    if (!session.is_open()) return false;
    const auto found = users_.find(session.key());
    if (found != users_.end()) {
        User& user = *found->second;
        if (item.queued && user.phase != Phase::live) {
            user.again = true;
            return false;
        }
        if (user.session != session.ref()) return true;  // it is about to be replaced
        if (user.inbox.knows(item.key)) return false;
    }
    if (!item.queued) return true;
    note(session.key(), user_of(session),
         {.key = item.key,
          .about = {std::string(item.conversation), std::string(item.id)},
          .at = parts_.shard.now()});
    return true;
}

void Delivery::note(UserKey key, User& user, Inbox::Delivery delivery) {
    delivery.number = ++deliveries_;
    user.inbox.add(std::move(delivery));
    watch(key, user, Turn::first);
}

void Delivery::to_user(UserKey user, const Item& item) noexcept {
    if (!parts_.sessions.is_signed_in(user)) return;
    auto message = session::encode_body(parts_.shard.frames(), item.body, item.kind);
    parts_.sessions.for_each_of(user, [&](session::Session& session) {
        if (!takes(session, item)) return;
        if (!message) return session.abort();  // out of memory for frames: it must not miss this
        session.send(message);
    });
}

void Delivery::to_group(GroupKey key, UserKey except, const Item& item) noexcept {
    const group::Group* group = parts_.groups.find(key);
    if (group == nullptr) return;
    const ItemHead head{.group = key,
                        .except = except,
                        .key = item.key,
                        .conversation_size = static_cast<std::uint32_t>(item.conversation.size()),
                        .id_size = static_cast<std::uint32_t>(item.id.size()),
                        .kind = item.kind,
                        .queued = item.queued};
    for (const ShardId shard : group->shards) {
        if (shard == parts_.shard.id()) {
            to_listeners(key, except, item);
            continue;
        }
        parts_.shard.post(
            shard, RecordKind::chat_item,
            {session::bytes_of(head), bytes_of(item.conversation), bytes_of(item.id), item.body},
            Urgency::lasting);
    }
}

void Delivery::on_group_item(ShardId, std::span<std::byte> record) noexcept {
    ItemHead head;
    std::memcpy(&head, record.data(), sizeof(head));
    const auto rest = record.subspan(sizeof(head));
    to_listeners(head.group, head.except,
                 {.conversation = text_of(rest.first(head.conversation_size)),
                  .id = text_of(rest.subspan(head.conversation_size, head.id_size)),
                  .body = rest.subspan(head.conversation_size + head.id_size),
                  .kind = head.kind,
                  .key = head.key,
                  .queued = head.queued});
}

void Delivery::to_listeners(GroupKey group, UserKey except, const Item& item) noexcept {
    auto message = session::encode_body(parts_.shard.frames(), item.body, item.kind);
    parts_.listeners.for_each(group, [&](session::Session& session) {
        if (session.key() == except || !takes(session, item)) return;
        if (!message) return session.abort();  // out of memory for frames: it must not miss this
        session.send(message);
    });
}

}  // namespace parley::chat
