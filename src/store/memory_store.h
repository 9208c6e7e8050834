// store::MemoryStore: keeps everything in memory and forgets it when the process ends.
//
//   a user is    signed in, or in a group           neither
//                in use                ◀──────────▶ idle: first to be forgotten
//
// Answers within the call. Writes nothing anywhere. Users are told apart by the keyed hashes of
// their names, as everywhere in the process (docs/decisions/0004-keys-are-hashes.md): comparing
// the names as well would help nobody whose sessions are taken for another's, and keeping them for
// it is a third of what a user costs.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/flat_map.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/intrusive_list.h"
#include "store/limits.h"
#include "store/store.h"
#include "store/user_record.h"

namespace parley::store {

/// How much a MemoryStore keeps, and the secret of its hashes.
struct MemoryStoreOptions {
    /// At most this many users. To make room for another, the user that has been idle (signed
    /// out and in no group) longest is forgotten; all that is lost is which device it used
    /// last. With nobody idle the new user is refused with Limit::users: a membership that was
    /// answered as stored is never dropped.
    std::size_t users_max = users_max_default;
    HashKey hash_key;
};

/// Memory: at most users_max x (129 names of name_size_max bytes), about 110 bytes a user in
/// practice; see limits.h.
class MemoryStore final : public Store {
public:
    explicit MemoryStore(const MemoryStoreOptions& options);

    void user_signed_in(StoreClient& client, Ticket ticket, std::string_view user,
                        std::string_view device) noexcept override;
    void user_signed_out(std::string_view user) noexcept override;
    void add_member(StoreClient& client, Ticket ticket, std::string_view user,
                    std::string_view group) noexcept override;
    void remove_member(StoreClient& client, Ticket ticket, std::string_view user,
                       std::string_view group) noexcept override;
    void set_groups(StoreClient& client, Ticket ticket, std::string_view user,
                    std::span<const std::string> groups) noexcept override;

    /// Users kept now, idle ones included.
    std::size_t user_count() const noexcept { return in_use_.size() + idle_.size(); }
    /// Users forgotten so far to make room.
    std::size_t forgotten_count() const noexcept { return forgotten_count_; }

private:
    struct Idle {
        Idle(UserKey key, UserRecord kept) noexcept : user(key), record(std::move(kept)) {}

        UserKey user;
        UserRecord record;
        ListHook hook;
    };

    UserKey key(std::string_view user) const noexcept;
    Result<SignedIn> sign_in(std::string_view user, std::string_view device);
    Status add(std::string_view user, std::string_view group);
    Status remove(std::string_view user, std::string_view group);
    Status set(std::string_view user, std::span<const std::string> groups);

    /// The record of the user, who is in use from now on. Null if unknown and there is no room.
    UserRecord* use(UserKey user);
    /// False if nobody is idle.
    bool forget_one() noexcept;
    static void rewrite(UserRecord& record, std::span<const std::string_view> groups);
    /// Makes a user idle who is neither signed in nor in a group. Requires that it is in use.
    void settle(UserKey user);

    const std::size_t users_max_;
    const HashKey hash_key_;
    std::size_t forgotten_count_ = 0;
    FlatMap<UserKey, UserRecord> in_use_;
    FlatMap<UserKey, std::unique_ptr<Idle>> idle_;
    IntrusiveList<Idle, &Idle::hook> longest_idle_;  ///< those of idle_, longest first
};

}  // namespace parley::store
