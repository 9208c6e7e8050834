// chat::Keeper: has a message kept before anybody hears of it. Of each conversation on one shard:
// of a group on its home, between two users on the receiver's.
//
//   letter ─▶ store ─▶ kept ─────────▶ the sender is told its id ─▶ delivered, in the order kept
//               ├─ certainly not ─▶ the sender is told "Not Stored"
//               └─ perhaps ───────▶ the same; then the store is asked until it is known
//
// Messages go on in the order in which they came here, which is the order the store gives them. One
// of which nobody knows whether it was kept holds up those behind it, and nothing else is kept
// meanwhile: the store answers in order.
#pragma once

#include <deque>

#include "chat/delivery.h"
#include "chat/letter.h"

namespace parley::chat {

/// Whom to answer, and the words of the message that the answer is about.
struct Address {
    SessionRef session;
    wire::Scope scope{};
    wire::Verb verb{};
    std::span<const std::byte> from;
    std::span<const std::byte> to;
    std::span<const std::byte> message_id;  ///< the client's own
};

/// Tells the sender that a text or an interactive message was stored under this id.
void tell_stored(session::Post& post, const Address& sender, std::string_view id) noexcept;

class Keeper final : private store::StoreClient {
public:
    struct Counters {
        std::uint64_t kept = 0;
        std::uint64_t repeated = 0;    ///< sent again by their senders
        std::uint64_t not_stored = 0;  ///< of which the sender was told so
    };

    Keeper(Shard& shard, store::Store& store, session::Post& post, Delivery& delivery) noexcept;
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;
    ~Keeper() = default;

    /// Takes a letter to where it is kept, here or elsewhere.
    void take(const Letter& letter) noexcept;

    const Counters& counters() const noexcept { return counters_; }
    std::size_t waiting() const noexcept { return waiting_.size(); }

private:
    enum class State : std::uint8_t { asked, in_doubt, kept, gone };
    struct Waiting {
        State state = State::asked;
        bool queued = false;
        bool doubt_unasked = false;  // it is to be asked about again
        SessionRef sender;
        UserKey from_key{};
        wire::Scope scope{};
        wire::Verb verb{};
        std::string from, to, conversation, id;
        std::vector<std::byte> from_encoded, to_encoded, message_id, body;
    };

    void on_letter(ShardId from, std::span<std::byte> record) noexcept;
    void keep(const Letter& letter) noexcept;
    void on_answer(store::Ticket ticket, Result<store::Answer> answer) noexcept override;
    void on_kept(Waiting& waiting, const store::Kept& kept) noexcept;
    void on_failure(store::Ticket ticket, Waiting& waiting, Error error) noexcept;
    void on_doubt_answered(Waiting& waiting, Result<store::Answer> answer) noexcept;
    void ask_about(store::Ticket ticket, const Waiting& waiting) noexcept;
    void ask_again() noexcept;
    void acknowledge(const Waiting& waiting, std::string_view id) noexcept;
    static Address address_of(const Waiting& waiting) noexcept;
    void tell_not_stored(const Address& sender) noexcept;
    void pass_on() noexcept;
    void deliver(const Waiting& waiting) noexcept;

    Shard& shard_;
    store::Store& store_;
    session::Post& post_;
    Delivery& delivery_;
    std::deque<Waiting> waiting_;  // in the order in which they came
    std::uint64_t first_ = 0;      // the ticket of the first of them
    std::size_t bytes_ = 0;
    Timer again_timer_;
    Counters counters_;
};

}  // namespace parley::chat
