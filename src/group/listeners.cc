#include "group/listeners.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "group/limits.h"

namespace parley::group {
namespace {

// How many listeners ahead their connections are fetched into the cache: a send takes a few
// nanoseconds of ours, a line from memory a hundred.
constexpr std::size_t prefetch_ahead = 8;

}  // namespace

Listeners::Listeners(Shard& shard) noexcept : shard_(shard) {
    shard.on_turn_end(Shard::TurnEnd::to<&Listeners::flush>(*this));
}

bool Listeners::add(session::Session& session, GroupKey group) {
    PARLEY_ASSERT(session.subscription(group) == nullptr);
    std::unique_ptr<Audience>& audience = audiences_.find_or_insert(group);
    if (!audience) audience = std::make_unique<Audience>();
    send_gathered(*audience);
    std::vector<Listener>& listeners = audience->listeners;
    session.subscriptions.push_back(
        {.group = group, .place = static_cast<std::uint32_t>(listeners.size())});
    listeners.push_back({&session, session.key()});
    return listeners.size() == 1;
}

bool Listeners::remove(session::Session& session, GroupKey group) noexcept {
    session::Subscription* subscription = session.subscription(group);
    PARLEY_ASSERT(subscription != nullptr);
    Audience& audience = **audiences_.find(group);
    send_gathered(audience);
    std::vector<Listener>& listeners = audience.listeners;
    const std::uint32_t place = subscription->place;
    PARLEY_ASSERT(listeners[place].session == &session);
    listeners[place] = listeners.back();
    listeners[place].session->subscription(group)->place = place;
    listeners.pop_back();
    *subscription = session.subscriptions.back();
    session.subscriptions.pop_back();
    if (!listeners.empty()) return false;
    audiences_.erase(group);
    return true;
}

void Listeners::deliver(GroupKey group, const wire::Event& event, UserKey except) noexcept {
    const std::unique_ptr<Audience>* found = audiences_.find(group);
    if (found == nullptr) return;
    Audience& audience = **found;
    if (event.kind == wire::Kind::audio) return gather(audience, event, except);
    send_gathered(audience);
    ws::Outgoing message = session::encode_message(shard_.frames(), event);
    if (!message) return tell_each(audience, event, except);
    send_words(audience, message, except);
}

void Listeners::gather(Audience& audience, const wire::Event& event, UserKey except) noexcept {
    const std::size_t size = session::event_frame_size(event);
    FrameRef& gathered = audience.gathered;
    if (gathered && (audience.except != except || !make_room(gathered, size))) {
        send_gathered(audience);
    }
    if (!gathered) {
        gathered = shard_.frames().allocate(size);
        if (!gathered) {
            ++voice_dropped_;
            return;
        }
        gathered.set_messages(0);
        audience.except = except;
        gathering_.push_back(audience);
        prefetch(audience, 0, prefetch_ahead);  // they are sent to when other frames were taken in
    }
    const std::size_t end = gathered.bytes().size();
    session::write_event_frame(event, gathered.space().subspan(end));
    gathered.set_size(end + size);
    gathered.set_messages(gathered.messages() + 1);
}

// Only into memory that is there, and no further than a single send should reach.
bool Listeners::make_room(FrameRef& gathered, std::size_t size) noexcept {
    const std::size_t together = gathered.bytes().size() + size;
    if (together <= gathered.space().size()) return true;
    if (together > gathered_bytes_max) return false;
    FrameRef larger = shard_.frames().allocate_prepared(together);
    if (!larger) return false;
    std::ranges::copy(gathered.bytes(), larger.space().begin());
    larger.set_size(gathered.bytes().size());
    larger.set_messages(gathered.messages());
    gathered = std::move(larger);
    return true;
}

void Listeners::send_gathered(Audience& audience) noexcept {
    if (!audience.gathered) return;
    audience.hook.unlink();
    const FrameRef frame = std::move(audience.gathered);
    send_voice(audience, frame, audience.except);
}

void Listeners::prefetch(const Audience& audience, std::size_t from, std::size_t to) noexcept {
    const std::size_t end = std::min(to, audience.listeners.size());
    for (std::size_t i = from; i < end; ++i)
        audience.listeners[i].session->prefetch();
}

void Listeners::send_voice(const Audience& audience, const FrameRef& frame,
                           UserKey except) noexcept {
    const std::vector<Listener>& listeners = audience.listeners;
    for (std::size_t i = 0; i < listeners.size(); ++i) {
        if (i + prefetch_ahead < listeners.size())
            listeners[i + prefetch_ahead].session->prefetch();
        if (listeners[i].user == except) continue;
        deliveries_ += frame.messages();
        listeners[i].session->send(frame, net::Delivery::perishable);
    }
}

// Encoded once, and once more for those who want it compressed.
void Listeners::send_words(const Audience& audience, ws::Outgoing& message,
                           UserKey except) noexcept {
    const std::vector<Listener>& listeners = audience.listeners;
    for (std::size_t i = 0; i < listeners.size(); ++i) {
        if (i + prefetch_ahead < listeners.size())
            listeners[i + prefetch_ahead].session->prefetch();
        if (listeners[i].user == except) continue;
        ++deliveries_;
        listeners[i].session->send(message);
    }
}

// Without memory for a frame that all could send: ends each session that cannot be told.
void Listeners::tell_each(const Audience& audience, const wire::Event& event,
                          UserKey except) noexcept {
    for (const Listener& listener : audience.listeners) {
        if (listener.user == except) continue;
        ++deliveries_;
        listener.session->tell(event);
    }
}

void Listeners::flush() noexcept {
    while (!gathering_.empty())
        send_gathered(gathering_.front());
}

}  // namespace parley::group
