// store::MemoryStore: the table of users, and whom to forget when it is full.
#include "store/memory_store.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "store/names.h"

namespace parley::store {

MemoryStore::MemoryStore(const MemoryStoreOptions& options)
    : users_max_(options.users_max), hash_key_(options.hash_key) {
    PARLEY_ASSERT(users_max_ > 0);
}

UserKey MemoryStore::key(std::string_view user) const noexcept {
    return static_cast<UserKey>(keyed_hash(user, hash_key_));
}

void MemoryStore::user_signed_in(StoreClient& client, Ticket ticket, std::string_view user,
                                 std::string_view device) noexcept {
    client.on_signed_in(ticket, sign_in(user, device));
}

void MemoryStore::user_signed_out(std::string_view user) noexcept {
    UserRecord* known = in_use_.find(key(user));
    if (known == nullptr) return;
    known->set_signed_in(false);
    settle(key(user));
}

void MemoryStore::add_member(StoreClient& client, Ticket ticket, std::string_view user,
                             std::string_view group) noexcept {
    client.on_stored(ticket, add(user, group));
}

void MemoryStore::remove_member(StoreClient& client, Ticket ticket, std::string_view user,
                                std::string_view group) noexcept {
    client.on_stored(ticket, remove(user, group));
}

void MemoryStore::set_groups(StoreClient& client, Ticket ticket, std::string_view user,
                             std::span<const std::string> groups) noexcept {
    client.on_stored(ticket, set(user, groups));
}

Result<SignedIn> MemoryStore::sign_in(std::string_view user, std::string_view device) {
    if (!is_name(user) || !is_name(device)) return limit_error(Limit::name);
    UserRecord* known = use(key(user));
    if (known == nullptr) return limit_error(Limit::users);

    SignedIn answer;
    if (!known->device().empty()) answer.previous_device = std::string(known->device());
    const auto groups = known->groups();
    answer.groups.assign(groups.begin(), groups.end());
    *known = UserRecord{device, groups};
    known->set_signed_in(true);
    return answer;
}

Status MemoryStore::add(std::string_view user, std::string_view group) {
    if (!is_name(user) || !is_name(group)) return limit_error(Limit::name);
    UserRecord* known = use(key(user));
    if (known == nullptr) return limit_error(Limit::users);
    if (known->in_group(group)) return Ok{};
    auto groups = known->groups();
    if (groups.size() >= groups_per_user_max) return limit_error(Limit::groups);
    groups.push_back(group);
    rewrite(*known, groups);
    return Ok{};
}

Status MemoryStore::remove(std::string_view user, std::string_view group) {
    if (!is_name(user) || !is_name(group)) return limit_error(Limit::name);
    UserRecord* known = in_use_.find(key(user));  // who is idle is in no group
    if (known == nullptr || !known->in_group(group)) return Ok{};
    auto groups = known->groups();
    std::erase(groups, group);
    rewrite(*known, groups);
    settle(key(user));
    return Ok{};
}

Status MemoryStore::set(std::string_view user, std::span<const std::string> groups) {
    if (!is_name(user) || !std::all_of(groups.begin(), groups.end(), is_name)) {
        return limit_error(Limit::name);
    }
    const std::vector<std::string_view> wanted = distinct(groups);
    if (wanted.size() > groups_per_user_max) return limit_error(Limit::groups);
    // Being in no group is what an unknown or idle user already is: nothing to keep.
    UserRecord* known = wanted.empty() ? in_use_.find(key(user)) : use(key(user));
    if (known == nullptr) return wanted.empty() ? Status{Ok{}} : limit_error(Limit::users);
    rewrite(*known, wanted);
    settle(key(user));
    return Ok{};
}

void MemoryStore::rewrite(UserRecord& record, std::span<const std::string_view> groups) {
    const bool signed_in = record.signed_in();
    record = UserRecord{record.device(), groups};
    record.set_signed_in(signed_in);
}

UserRecord* MemoryStore::use(UserKey user) {
    if (UserRecord* known = in_use_.find(user); known != nullptr) return known;
    if (const auto* idle = idle_.find(user); idle != nullptr) {
        UserRecord record = std::move((*idle)->record);
        idle_.erase(user);
        return &in_use_.insert(user, std::move(record));
    }
    if (user_count() >= users_max_ && !forget_one()) return nullptr;
    return &in_use_.insert(user, {});
}

bool MemoryStore::forget_one() noexcept {
    if (longest_idle_.empty()) return false;
    idle_.erase(longest_idle_.front().user);  // the hook leaves the list by itself
    ++forgotten_count_;
    return true;
}

void MemoryStore::settle(UserKey user) {
    UserRecord* record = in_use_.find(user);
    if (record->signed_in() || record->has_groups()) return;
    auto idle = std::make_unique<Idle>(user, std::move(*record));
    longest_idle_.push_back(*idle);
    in_use_.erase(user);
    idle_.insert(user, std::move(idle));
}

}  // namespace parley::store
