// store::MemoryStore: keeps everything in memory and forgets it when the process ends.
//
//   a user is    signed in, or in a group           neither
//                kept                  ◀──────────▶ idle: first to be forgotten
//
// Answers within the call. Writes nothing anywhere.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "base/intrusive_list.h"
#include "store/limits.h"
#include "store/store.h"

namespace parley::store {

/// How much a MemoryStore keeps, and the secret that keeps its table even.
struct MemoryStoreOptions {
    /// At most this many users. To make room for another, the user that has been idle (signed
    /// out and in no group) longest is forgotten; all that is lost is which device it used
    /// last. With nobody idle the new user is refused with Limit::users: a membership that was
    /// answered as stored is never dropped.
    std::size_t users_max = users_max_default;
    HashKey hash_key;
};

/// Memory: at most users_max x (130 names of name_size_max bytes), about 400 bytes a user in
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
    std::size_t user_count() const noexcept { return users_.size(); }
    /// Users forgotten so far to make room.
    std::size_t forgotten_count() const noexcept { return forgotten_count_; }

private:
    struct User {
        std::string_view name;  ///< the table's own key
        std::string device;     ///< empty if none was stored
        std::vector<std::string> groups;
        bool signed_in = false;
        ListHook idle_hook;  ///< linked while the user is idle
    };
    struct KeyedHash {
        using is_transparent = void;  // NOLINT(readability-identifier-naming): std's name
        HashKey key;
        std::size_t operator()(std::string_view name) const noexcept {
            return keyed_hash(name, key);
        }
    };

    Result<SignedIn> sign_in(std::string_view user, std::string_view device);
    Status add(std::string_view user, std::string_view group);
    Status remove(std::string_view user, std::string_view group);
    Status set(std::string_view user, std::span<const std::string> groups);

    /// Null if unknown.
    User* find(std::string_view name) noexcept;
    /// Null if unknown and there is no room.
    User* find_or_add(std::string_view name);
    /// Puts the user on the idle list or takes it off, as it now is.
    void sort_in(User& user) noexcept;

    std::size_t users_max_;
    std::size_t forgotten_count_ = 0;
    std::unordered_map<std::string, User, KeyedHash, std::equal_to<>> users_;
    IntrusiveList<User, &User::idle_hook> idle_;  ///< idle longest first
};

}  // namespace parley::store
