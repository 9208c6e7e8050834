// session::Sessions: who is signed in on one shard, by slot and by user.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "session/session.h"

namespace parley::session {

class Sessions {
public:
    using UserList = IntrusiveList<Session, &Session::user_hook>;

    Sessions() = default;
    Sessions(const Sessions&) = delete;
    Sessions& operator=(const Sessions&) = delete;
    ~Sessions() = default;

    /// A session in a slot of its own. It is not yet among its user's.
    Session& add(SessionContext& context, Admission admission, int descriptor);
    /// Destroys it: its ref finds nothing from now on.
    void remove(Session& session) noexcept;

    /// Null if that session is gone, or its slot is somebody else's by now.
    Session* find(const SessionRef& ref) noexcept;

    /// Makes the session one of its user's; it hears what is said to the user.
    void sign_in(Session& session);
    /// The opposite. Harmless if it was not. True if the user has no session left.
    bool sign_out(Session& session) noexcept;
    /// Null if the user has no session here.
    UserList* sessions_of(UserKey user) noexcept;

    std::size_t size() const noexcept { return slots_.size() - free_.size(); }

    template <class Visit>
    void for_each(Visit visit) {
        for (Slot& slot : slots_) {
            if (slot.session) visit(*slot.session);
        }
    }

private:
    struct Slot {
        std::unique_ptr<Session> session;
        std::uint32_t generation = 0;
    };

    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::unordered_map<UserKey, std::unique_ptr<UserList>> users_;
};

}  // namespace parley::session
