// store::Store: one shard's door to what outlives a connection.
//
//   caller ── ask(client, ticket, question) ──▶ Store ──▶ memory, file or network
//   caller ◀─────── on_answer(ticket, answer) ─ Store
//
// All doors of a process lead to one store (backend.h). Every shard has a door of its own, so
// shards share nothing here. It is never on the path of a voice frame. It does not know who is
// connected where, and it decides nothing: who may do what is the caller's business.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/histogram.h"
#include "base/result.h"
#include "store/questions.h"

namespace parley::store {

/// The asker's own number for a question. The store hands it back and never looks at it.
enum class Ticket : std::uint64_t {};

/// The codes of Error::Domain::limit in answers of a store. Nothing has changed.
enum class Limit : std::int32_t {
    name = 1,   ///< a name is empty or longer than name_size_max
    groups,     ///< the user would have more than groups_per_user_max groups
    users,      ///< no room for another user, or more than queued_users_max named
    outbox,     ///< too much waits for the backend already: answered at once, before what waits
    size,       ///< an id, body or other text is empty that must not be, or too long
    order,      ///< an order or seq to restore is not beyond the last
    reactions,  ///< the message has reactions_per_message_max
};

/// The codes of Error::Domain::store.
enum class Trouble : std::int32_t {
    not_found = 1,  ///< what it is about is not there; nothing has changed
    too_late,       ///< waited answer_max and was dropped unasked; nothing has changed
    no_answer,      ///< no answer within answer_max: it may or may not be done yet
    unavailable,    ///< the backend is away; nothing has changed
    unreadable,     ///< it is sealed, and no key opens it
};

constexpr Error limit_error(Limit limit) noexcept {
    return Error{Error::Domain::limit, static_cast<std::int32_t>(limit)};
}
constexpr Error trouble(Trouble what) noexcept {
    return Error{Error::Domain::store, static_cast<std::int32_t>(what)};
}
/// True for what the backend could not do, which may go well later; false for what it would not.
constexpr bool is_failure(Error error) noexcept {
    return error != trouble(Trouble::not_found) &&
           (error.domain != Error::Domain::limit || error == limit_error(Limit::outbox));
}

/// Hears the answers. Must outlive the store, or the last question it asked.
class StoreClient {
public:
    StoreClient() noexcept = default;
    StoreClient(const StoreClient&) = delete;
    StoreClient(StoreClient&&) = delete;
    StoreClient& operator=(const StoreClient&) = delete;
    StoreClient& operator=(StoreClient&&) = delete;
    /// A success holds the alternative that the question names.
    virtual void on_answer(Ticket ticket, Result<Answer> answer) noexcept = 0;

protected:
    ~StoreClient() = default;
};

/// How the backend does, as seen from one shard.
enum class StoreState : std::uint8_t {
    healthy,
    slow,  ///< a question has waited longer than slow_from
    down,  ///< the last answer was a failure, or none came within answer_max
};

/// Since the door was opened. Every question counts once as asked, and once as answered, refused or
/// failed unless it is waiting.
struct StoreCounters {
    std::uint64_t asked = 0;
    std::uint64_t answered = 0;  ///< by the backend, refusals of the contract included
    std::uint64_t refused = 0;   ///< by a full outbox
    std::uint64_t failed = 0;    ///< by the backend, or for want of its answer
    std::uint64_t late = 0;      ///< of those failed: no answer within answer_max
    std::uint64_t waiting = 0;
    std::uint64_t waiting_bytes = 0;
};

/// The contract of every backend; tests/store/contract_*_test.cc hold them all to it.
///
/// Answers:  exactly one for each question, on the asking shard, to the client named, within
///           answer_max and a turn. It may come before the call returns. From within an answer the
///           client may ask again, but not destroy the store.
/// Order:    questions asked through one door are carried out in the order asked, and answered so;
///           save that what is not carried out (Limit::outbox, Trouble) may be answered earlier.
/// Errors:   Domain::limit and Trouble say themselves what they mean. Domain::system, redis or
///           sqlite: the backend failed, and what was asked may or may not have been done. All
///           questions may be asked again. What was answered with success is kept: SQLite has
///           committed it, Redis has replied, memory has it as long as the process lives.
/// Bodies:   are opaque bytes: sealing them is a Store in front of a Store.
/// Threads:  the shard that created it, for every call. Blocks: never for a disk or a network.
/// End:      a destroyed store answers nothing more; what it had accepted may be lost unless it
///           was answered.
class Store {
public:
    Store() noexcept = default;
    Store(const Store&) = delete;
    Store(Store&&) = delete;
    Store& operator=(const Store&) = delete;
    Store& operator=(Store&&) = delete;
    virtual ~Store() = default;

    virtual void ask(StoreClient& client, Ticket ticket, Question question) noexcept = 0;

    /// Says that the user's last connection is gone; call it only then. Changes nothing that is
    /// stored: it lets a backend that has to forget somebody choose well.
    virtual void user_signed_out(std::string_view user) noexcept = 0;

    /// Begins to end: what waits is not answered, and nothing more may be asked. Turn the shard
    /// until idle(): a store may have to let go of a connection first.
    virtual void stop() noexcept {}
    /// After stop(): it may be destroyed.
    virtual bool idle() const noexcept { return true; }

    virtual StoreState state() const noexcept = 0;
    /// Why it is or was down last, in words for the operator; empty if it never was, or if nobody
    /// can say.
    virtual std::string_view why_down() const noexcept { return {}; }
    virtual StoreCounters counters() const noexcept = 0;
    /// Microseconds from question to answer; null if it answers within the call.
    virtual const Histogram* latency() const noexcept = 0;
};

}  // namespace parley::store
