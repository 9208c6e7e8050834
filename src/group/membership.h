// group::Membership: which groups a user is in, and with that which sessions listen.
//
// The truth about a user's groups is on the user's home shard: the store's answer at sign-in, and
// what was joined and left since. Sessions here listen to all groups of their user.
//
//   sign_in ─▶ token's groups ─▶ ... the store answers ─▶ stored groups, but those left meanwhile
//                                 └─ a failure ─▶ goes on without, and asks again until it is told
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

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

    explicit Membership(const Parts& parts) noexcept;
    Membership(const Membership&) = delete;
    Membership& operator=(const Membership&) = delete;
    ~Membership() = default;

    /// A session was opened: it becomes its user's and listens to its token's groups. Once the
    /// store has answered, which may be now, it listens to the user's other groups too and takes
    /// the place of the user's earlier sessions.
    void sign_in(session::Session& session) noexcept;
    /// A session takes part no longer.
    void sign_out(session::Session& session) noexcept;

    /// Called when a session may listen to more groups than before: its sign-in was answered, or
    /// its user has joined one or was put into some. Once, before the first turn.
    using Listening = Delegate<void(session::Session&)>;
    void on_listening(Listening handler) noexcept { on_listening_ = handler; }

    void join(session::Session& session, const wire::Command& command) noexcept;
    void leave(session::Session& session, const wire::Command& command) noexcept;

    /// These are the user's groups now, by somebody else's decision: sessions listen to them and to
    /// no others. Nothing is stored.
    void set_groups(UserKey user, std::span<const std::string> groups) noexcept;

    /// Questions that the store did not carry out.
    std::uint64_t store_failures() const noexcept { return store_failures_; }
    /// Sessions whose stored groups are not known yet.
    std::size_t arriving() const noexcept { return arriving_.size(); }

private:
    // A session whose sign-in the store has not answered yet.
    struct Arriving {
        void leave(GroupKey group);

        std::uint64_t turn = 0;      ///< in which they came
        bool has_replaced = false;   ///< the user's earlier sessions
        bool wants_stored = true;    ///< false: it has left more groups than we keep in mind
        std::vector<GroupKey> left;  ///< since it came
    };
    // Hears of changes: nobody waits for them.
    class Changes final : public store::StoreClient {
    public:
        explicit Changes(std::uint64_t& failures) noexcept : failures_(failures) {}
        void on_answer(store::Ticket, Result<store::Answer> answer) noexcept override {
            if (!answer) ++failures_;
        }

    private:
        std::uint64_t& failures_;
    };

    void on_answer(store::Ticket ticket, Result<store::Answer> answer) noexcept override;
    void on_signed_in(session::Session& session, const store::SignedIn& known) noexcept;
    void on_sign_in_failed(session::Session& session) noexcept;

    Arriving* arriving(const session::Session& session) noexcept;
    void has_arrived(const session::Session& session) noexcept;
    void ask(const session::Session& session) noexcept;
    void ask_again() noexcept;
    void listen(session::Session& session, GroupKey group) noexcept;
    void tell_listening(UserKey user) noexcept;
    void stop_listening(session::Session& session, GroupKey group) noexcept;
    void replace_others(session::Session& session, bool other_device) noexcept;

    Parts parts_;
    std::optional<Listening> on_listening_;
    std::uint64_t store_failures_ = 0;
    Changes changes_{store_failures_};
    std::unordered_map<std::uint32_t, Arriving> arriving_;  // by the session's slot
    std::uint64_t arrivals_ = 0;
    std::deque<SessionRef> to_ask_again_;
    Timer ask_again_timer_;
};

}  // namespace parley::group
