// Inbox: what one user was sent and has not settled yet. Pure: it sends and asks nothing.
//
//   sent ──▶ unproven ── a receipt, or the answer to a ping sent after it ──▶ proven ──▶ settled
//
// What the store holds for a user stays there until it is settled, so a message that was sent into
// a dying connection comes again at the next sign-in. Deliveries are numbered; the answer to the
// question "have you got everything up to n?" proves all up to n.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace parley::chat {

/// A message or a receipt, by the keyed hash of what names it.
enum class ItemKey : std::uint64_t {};

/// What names a message in the store.
struct MessageName {
    std::string conversation;
    std::string id;
    friend bool operator==(const MessageName&, const MessageName&) = default;
};

class Inbox {
public:
    struct Delivery {
        ItemKey key{};
        std::uint64_t number = 0;  ///< given by the shard, ascending
        std::uint64_t seq = 0;     ///< in the user's queue; 0: it was sent live
        MessageName about;
        Instant at{};
    };
    /// What the store is to be asked: either all up to `seq`, or one message.
    struct Settlement {
        std::uint64_t seq = 0;
        MessageName about;
        std::vector<std::uint64_t> numbers;  ///< of the deliveries it settles
    };

    void add(Delivery delivery);
    bool knows(ItemKey key) const noexcept;

    void prove_up_to(std::uint64_t number) noexcept;
    void prove(ItemKey key) noexcept;

    /// What is proven and not being settled. It counts as being settled from now on.
    std::vector<Settlement> take_settlements();
    /// The store has answered one of them.
    void settled(const Settlement& settlement, Instant now) noexcept;
    void not_settled(const Settlement& settlement) noexcept;

    /// Forgets what was settled before `before`.
    void forget(Instant before) noexcept;
    /// The number of the last delivery that is not proven; 0 if all are.
    std::uint64_t last_unproven() const noexcept;
    bool empty() const noexcept { return entries_.empty(); }
    std::size_t size() const noexcept { return entries_.size(); }

private:
    enum class State : std::uint8_t { unproven, proven, settling, settled };
    struct Entry {
        Delivery delivery;
        State state = State::unproven;
    };
    bool is_awaited(const Entry& but) const noexcept;
    Entry* find(std::uint64_t number) noexcept;

    std::deque<Entry> entries_;  // by number
};

}  // namespace parley::chat
