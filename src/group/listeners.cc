#include "group/listeners.h"

#include "base/assert.h"

namespace parley::group {

bool Listeners::add(session::Session& session, GroupKey group) {
    PARLEY_ASSERT(session.subscription(group) == nullptr);
    List& list = groups_[group];
    session.subscriptions.push_back(
        {.group = group, .place = static_cast<std::uint32_t>(list.size())});
    list.push_back({&session, session.key()});
    return list.size() == 1;
}

bool Listeners::remove(session::Session& session, GroupKey group) noexcept {
    session::Subscription* subscription = session.subscription(group);
    PARLEY_ASSERT(subscription != nullptr);
    const auto found = groups_.find(group);
    List& list = found->second;
    const std::uint32_t place = subscription->place;
    PARLEY_ASSERT(list[place].session == &session);
    list[place] = list.back();
    list[place].session->subscription(group)->place = place;
    list.pop_back();
    *subscription = session.subscriptions.back();
    session.subscriptions.pop_back();
    if (!list.empty()) return false;
    groups_.erase(found);
    return true;
}

void Listeners::deliver(GroupKey group, const wire::Event& event, UserKey except) noexcept {
    const auto found = groups_.find(group);
    if (found == groups_.end()) return;
    const bool is_voice = event.kind == wire::Kind::audio;
    const auto delivery = is_voice ? net::Delivery::perishable : net::Delivery::lasting;
    const FrameRef frame = session::encode_event(shard_.frames(), event);
    for (const Listener& listener : found->second) {
        if (listener.user == except) continue;
        ++deliveries_;
        if (frame) {
            listener.session->send(frame.share(), delivery);
        } else if (!is_voice) {
            listener.session->tell(event);  // which ends a session that cannot be told
        }
    }
}

}  // namespace parley::group
