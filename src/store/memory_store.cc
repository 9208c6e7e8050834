// store::MemoryStore: the table of users, and whom to forget when it is full.
#include "store/memory_store.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace parley::store {

namespace {

bool is_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= name_size_max;
}

/// The same names, each once.
std::vector<std::string> distinct(std::span<const std::string> names) {
    std::vector<std::string> sorted(names.begin(), names.end());
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    return sorted;
}

}  // namespace

MemoryStore::MemoryStore(const MemoryStoreOptions& options)
    : users_max_(options.users_max), users_(0, KeyedHash{options.hash_key}) {
    PARLEY_ASSERT(users_max_ > 0);
}

void MemoryStore::user_signed_in(StoreClient& client, Ticket ticket, std::string_view user,
                                 std::string_view device) noexcept {
    client.on_signed_in(ticket, sign_in(user, device));
}

void MemoryStore::user_signed_out(std::string_view user) noexcept {
    User* known = find(user);
    if (known == nullptr) return;
    known->signed_in = false;
    sort_in(*known);
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
    User* known = find_or_add(user);
    if (known == nullptr) return limit_error(Limit::users);

    SignedIn answer;
    if (!known->device.empty()) answer.previous_device = std::move(known->device);
    answer.groups = known->groups;
    known->device = std::string(device);
    known->signed_in = true;
    sort_in(*known);
    return answer;
}

Status MemoryStore::add(std::string_view user, std::string_view group) {
    if (!is_name(user) || !is_name(group)) return limit_error(Limit::name);
    User* known = find_or_add(user);
    if (known == nullptr) return limit_error(Limit::users);
    std::vector<std::string>& groups = known->groups;
    if (std::find(groups.begin(), groups.end(), group) != groups.end()) return Ok{};
    if (groups.size() >= groups_per_user_max) return limit_error(Limit::groups);
    groups.emplace_back(group);
    sort_in(*known);
    return Ok{};
}

Status MemoryStore::remove(std::string_view user, std::string_view group) {
    if (!is_name(user) || !is_name(group)) return limit_error(Limit::name);
    User* known = find(user);
    if (known == nullptr) return Ok{};
    std::erase(known->groups, group);
    sort_in(*known);
    return Ok{};
}

Status MemoryStore::set(std::string_view user, std::span<const std::string> groups) {
    if (!is_name(user) || !std::all_of(groups.begin(), groups.end(), is_name)) {
        return limit_error(Limit::name);
    }
    std::vector<std::string> wanted = distinct(groups);
    if (wanted.size() > groups_per_user_max) return limit_error(Limit::groups);
    // Being in no group is what an unknown user already is: nothing to keep.
    User* known = wanted.empty() ? find(user) : find_or_add(user);
    if (known == nullptr) return wanted.empty() ? Status{Ok{}} : limit_error(Limit::users);
    known->groups = std::move(wanted);
    sort_in(*known);
    return Ok{};
}

MemoryStore::User* MemoryStore::find(std::string_view name) noexcept {
    const auto found = users_.find(name);
    return found == users_.end() ? nullptr : &found->second;
}

MemoryStore::User* MemoryStore::find_or_add(std::string_view name) {
    if (User* known = find(name); known != nullptr) return known;
    if (users_.size() >= users_max_) {
        if (idle_.empty()) return nullptr;
        users_.erase(users_.find(idle_.front().name));  // the hook leaves the list by itself
        ++forgotten_count_;
    }
    const auto [added, is_new] = users_.try_emplace(std::string(name));
    PARLEY_ASSERT(is_new);
    added->second.name = added->first;
    return &added->second;
}

void MemoryStore::sort_in(User& user) noexcept {
    const bool idle = !user.signed_in && user.groups.empty();
    if (!idle) return user.idle_hook.unlink();
    if (!user.idle_hook.linked()) idle_.push_back(user);
}

}  // namespace parley::store
