#include "session/sessions.h"

#include <utility>

#include "base/assert.h"

namespace parley::session {

Session& Sessions::add(SessionContext& context, Admission admission, int descriptor) {
    if (free_.empty()) {
        free_.push_back(static_cast<std::uint32_t>(slots_.size()));
        slots_.emplace_back();
    }
    const std::uint32_t index = free_.back();
    free_.pop_back();
    Slot& slot = slots_[index];
    const SessionRef ref{index, slot.generation, context.net.shard.id()};
    slot.session = std::make_unique<Session>(context, ref, std::move(admission), descriptor);
    return *slot.session;
}

void Sessions::remove(Session& session) noexcept {
    Slot& slot = slots_[session.ref().slot];
    PARLEY_ASSERT(slot.session.get() == &session);
    free_.push_back(session.ref().slot);
    ++slot.generation;
    slot.session.reset();
}

Session* Sessions::find(const SessionRef& ref) noexcept {
    if (ref.slot >= slots_.size()) return nullptr;
    Slot& slot = slots_[ref.slot];
    return slot.generation == ref.generation ? slot.session.get() : nullptr;
}

void Sessions::sign_in(Session& session) {
    auto& list = users_[session.key()];
    if (!list) list = std::make_unique<UserList>();
    list->push_back(session);
}

bool Sessions::sign_out(Session& session) noexcept {
    session.user_hook.unlink();
    const auto found = users_.find(session.key());
    if (found == users_.end()) return false;
    if (!found->second->empty()) return false;
    users_.erase(found);
    return true;
}

Sessions::UserList* Sessions::sessions_of(UserKey user) noexcept {
    const auto found = users_.find(user);
    return found == users_.end() ? nullptr : found->second.get();
}

}  // namespace parley::session
