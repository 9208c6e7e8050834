// chat::Delivery: brings what was kept to its receivers, and what waited to those who come back.
//
//   sign-in ─▶ listening everywhere? ─▶ in line ─▶ reading ─▶ sending ──▶ live
//                (waiting)                          ▲  page by page │
//                                                   └── proven ◀────┘
//
// While a user is not live, what is kept for it is left to its queue, so nothing newer overtakes
// what waited. A reading of the queue that was asked for after everything said before was kept, and
// everything said later will come live, ends it: that is why the homes of the user's groups are
// asked first whether they know that it listens.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <unordered_map>

#include "chat/inbox.h"
#include "group/groups.h"
#include "session/event_frame.h"
#include "session/post.h"
#include "store/store.h"

namespace parley::chat {

/// Something for one or many receivers. All views are borrowed.
struct Item {
    std::string_view conversation;
    std::string_view id;
    std::span<const std::byte> body;  ///< as receivers get it
    session::Body kind = session::Body::words;
    ItemKey key{};
    bool queued = false;  ///< it waits in the queues of its receivers as well
};

class Delivery final : private store::StoreClient {
public:
    struct Parts {
        Shard& shard;
        session::Sessions& sessions;
        group::Listeners& listeners;
        group::Groups& groups;
        store::Store& store;
    };
    struct Counters {
        std::uint64_t from_queue = 0;  ///< messages and receipts that came from a queue
        std::uint64_t gaps = 0;        ///< times a user came back and the oldest had given way
        std::uint64_t settled = 0;
    };

    explicit Delivery(const Parts& parts) noexcept;
    Delivery(const Delivery&) = delete;
    Delivery& operator=(const Delivery&) = delete;
    ~Delivery() = default;

    /// A session is about to sign in: what comes for its user waits in the queue from now on.
    void arrive(const session::Session& session);
    /// It listens to what it did not listen to before, or has signed in.
    void listens(session::Session& session) noexcept;
    void leave(const session::Session& session) noexcept;

    /// To all sessions of a user, whose home this shard is.
    void to_user(UserKey user, const Item& item) noexcept;
    /// To all listeners of a group whose home this shard is, but for the sender.
    void to_group(GroupKey group, UserKey except, const Item& item) noexcept;

    /// The user has said that it got this.
    void on_receipt(const session::Session& session, ItemKey key) noexcept;
    /// A pong, whoever asked.
    void on_pong(const session::Session& session, std::span<const std::byte> payload) noexcept;

    ItemKey key_of(std::string_view conversation, std::string_view id) const noexcept;
    /// Of a receipt, which has no name.
    ItemKey key_of(std::span<const std::byte> body) const noexcept;

    const Counters& counters() const noexcept { return counters_; }
    /// Users that have something unsettled, or wait for their queue.
    std::size_t busy() const noexcept { return users_.size(); }

private:
    enum class Phase : std::uint8_t { waiting, in_line, reading, sending, live };
    struct User {
        SessionRef session;
        std::uint64_t life = 0;  ///< differs from that of any other User
        Phase phase = Phase::live;
        bool again = false;  ///< something was kept since the last reading was asked for
        bool watched = false;
        std::uint32_t homes_awaited = 0;  ///< that have not said yet that they know it listens
        std::uint64_t after = 0;          ///< of its queue, what was sent
        std::size_t unproven_bytes = 0;
        Inbox inbox;
    };
    struct Asked {
        UserKey user{};
        std::uint64_t life = 0;
        bool is_reading = false;
        Inbox::Settlement settlement;  // if it is none
    };
    // Whether a user is asked for proof for the first time since it had nothing unproven.
    enum class Turn : std::uint8_t { first, again };
    struct Watch {
        Instant due;
        UserKey user{};
        std::uint64_t life = 0;
    };

    void on_answer(store::Ticket ticket, Result<store::Answer> answer) noexcept override;
    void on_page(UserKey key, User& user, const store::Queue& page) noexcept;
    void on_page_end(UserKey key, User& user, bool more) noexcept;
    void wait_for_proof(UserKey key, User& user) noexcept;
    bool send_entry(UserKey key, User& user, const store::QueueEntry& entry) noexcept;
    void on_group_item(ShardId from, std::span<std::byte> record) noexcept;
    void on_sync(ShardId from, std::span<std::byte> record) noexcept;
    void on_line_timer() noexcept;
    void on_watch_timer() noexcept;

    User& user_of(const session::Session& session);
    User* find(UserKey key, std::uint64_t life) noexcept;
    User* find(const session::Session& session) noexcept;
    void to_listeners(GroupKey group, UserKey except, const Item& item) noexcept;
    bool takes(session::Session& session, const Item& item);
    void note(UserKey key, User& user, Inbox::Delivery delivery);
    void get_in_line(UserKey key, User& user) noexcept;
    void start_line(Duration after) noexcept;
    void read(UserKey key, User& user) noexcept;
    void ask_for_proof(User& user) noexcept;
    void watch(UserKey key, User& user, Turn turn) noexcept;
    void start_watch() noexcept;
    void look_at(UserKey key, User& user) noexcept;
    void settle(UserKey key, User& user) noexcept;
    void forget_if_done(UserKey key, const User& user) noexcept;
    void rest_if_idle() noexcept;
    session::Session* session_of(const User& user) noexcept;

    Parts parts_;
    std::unordered_map<UserKey, std::unique_ptr<User>> users_;
    std::unordered_map<std::uint64_t, Asked> asked_;  // by ticket
    std::uint64_t tickets_ = 0;
    std::uint64_t lives_ = 0;
    std::uint64_t deliveries_ = 0;  // numbers given
    std::deque<std::pair<UserKey, std::uint64_t>> line_;
    std::array<std::deque<Watch>, 2> watches_;  // by turn, each in the order of their times
    std::size_t readings_ = 0;
    std::size_t settlings_ = 0;
    Timer line_timer_;
    Timer watch_timer_;
    Counters counters_;
};

}  // namespace parley::chat
