// group::Membership: which groups a user is in, and with that which sessions listen.
//
// The truth about a user's groups is on the user's home shard: the store's answer at sign-in, and
// what was joined and left since. Sessions here listen to all groups of their user.
#pragma once

#include <cstdint>

#include "group/floor_control.h"
#include "group/listeners.h"
#include "store/store.h"

namespace parley::group {

/// Who decides about memberships.
enum class JoinPolicy : std::uint8_t {
    open,     ///< a client's own USER_ADD and USER_REMOVE
    managed,  ///< tokens and the store; clients' requests are ignored
};

class Membership final : private store::StoreClient {
public:
    struct Parts {
        Shard& shard;
        session::Sessions& sessions;
        session::Post& post;
        Listeners& listeners;
        Groups& groups;
        FloorControl& floor;
        store::Store& store;
        JoinPolicy policy;
        std::uint32_t groups_max;  ///< that a user may be in by joining; at most the store's
    };

    explicit Membership(const Parts& parts) noexcept : parts_(parts) {}
    Membership(const Membership&) = delete;
    Membership& operator=(const Membership&) = delete;
    ~Membership() = default;

    /// A session was opened: it becomes its user's, listens to the user's groups, and takes the
    /// place of the user's earlier sessions.
    void sign_in(session::Session& session) noexcept;
    /// A session takes part no longer.
    void sign_out(session::Session& session) noexcept;

    void join(session::Session& session, const wire::Command& command) noexcept;
    void leave(session::Session& session, const wire::Command& command) noexcept;

    std::uint64_t store_failures() const noexcept { return store_failures_; }

private:
    void on_signed_in(store::Ticket ticket, Result<store::SignedIn> answer) noexcept override;
    void on_stored(store::Ticket ticket, Status answer) noexcept override;

    void listen(session::Session& session, GroupKey group) noexcept;
    void stop_listening(session::Session& session, GroupKey group) noexcept;
    void replace_others(session::Session& session, bool other_device) noexcept;

    Parts parts_;
    std::uint64_t store_failures_ = 0;
};

}  // namespace parley::group
