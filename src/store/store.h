// store::Store: what outlives a connection: each user's last device and groups.
//
//   caller ──question(client, ticket, ...)──▶ Store ──▶ memory, file or network
//   caller ◀──on_...(ticket, answer)───────── Store
//
// Every shard has a Store of its own and asks it about its own users only (those whose home it
// is), so shards share nothing here. It is never on the path of a voice frame. It does not know
// who is connected where, and it decides nothing: who may join what is the caller's business.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::store {

/// The asker's own number for a question. The store hands it back and never looks at it.
enum class Ticket : std::uint64_t {};

/// The codes of Error::Domain::limit in answers of a store.
enum class Limit : std::int32_t {
    name = 1,  ///< a name is empty or longer than name_size_max
    groups,    ///< the user would have more than groups_per_user_max groups
    users,     ///< no room for another user
    outbox,    ///< too much waits for the backend already: answered at once, before what waits
};

/// What was known of a user before the sign-in that asked.
struct SignedIn {
    std::optional<std::string> previous_device;  ///< nothing if none was stored
    std::vector<std::string> groups;             ///< each once, in no particular order
};

/// Hears the answers. Must outlive the store, or the last question it asked.
class StoreClient {
public:
    StoreClient() noexcept = default;
    StoreClient(const StoreClient&) = delete;
    StoreClient(StoreClient&&) = delete;
    StoreClient& operator=(const StoreClient&) = delete;
    StoreClient& operator=(StoreClient&&) = delete;
    virtual void on_signed_in(Ticket ticket, Result<SignedIn> answer) noexcept = 0;
    virtual void on_stored(Ticket ticket, Status answer) noexcept = 0;

protected:
    ~StoreClient() = default;
};

/// The contract of every backend; tests/store/contract_test.cc holds them all to it.
///
/// Answers:  exactly one for each question with a ticket, on the asking shard, to the client
///           named in the question. It may come before the call returns. From within an answer
///           the client may ask again, but not destroy the store.
/// Order:    questions about one user are carried out and answered in the order asked; those
///           about different users in any.
/// Borrowed: all views and spans only for the call. Answers own what they carry.
/// Errors:   Domain::limit with a Limit, and then nothing has changed; system, redis or sqlite if
///           the backend failed, and then what was asked may or may not have been done. Whatever
///           was answered with success is kept.
/// Threads:  the shard that created it, for every call. Blocks: never.
/// End:      a destroyed store answers nothing more; what it had accepted may be lost unless
///           it was answered.
class Store {
public:
    Store() noexcept = default;
    Store(const Store&) = delete;
    Store(Store&&) = delete;
    Store& operator=(const Store&) = delete;
    Store& operator=(Store&&) = delete;
    virtual ~Store() = default;

    /// Answers what was known of the user, and then stores `device` as the user's device.
    virtual void user_signed_in(StoreClient& client, Ticket ticket, std::string_view user,
                                std::string_view device) noexcept = 0;

    /// Says that the user's last connection is gone; call it only then. Unanswered. Changes
    /// nothing that is stored: it lets a backend that has to forget somebody choose well.
    virtual void user_signed_out(std::string_view user) noexcept = 0;

    /// Adds the user to the group. Already a member: success, nothing changes.
    virtual void add_member(StoreClient& client, Ticket ticket, std::string_view user,
                            std::string_view group) noexcept = 0;

    /// Takes the user out of the group. Not a member, or an unknown user: success.
    virtual void remove_member(StoreClient& client, Ticket ticket, std::string_view user,
                               std::string_view group) noexcept = 0;

    /// Makes `groups` the user's groups, all at once. Repeated names count once.
    virtual void set_groups(StoreClient& client, Ticket ticket, std::string_view user,
                            std::span<const std::string> groups) noexcept = 0;
};

/// The error that says which limit a question met.
constexpr Error limit_error(Limit limit) noexcept {
    return Error{Error::Domain::limit, static_cast<std::int32_t>(limit)};
}

}  // namespace parley::store
