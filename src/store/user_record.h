// store::UserRecord: a user's device and groups, in one block of exactly the size they take.
//
// Changing it makes another block: that is rare, and keeping it is not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "store/limits.h"

namespace parley::store {

/// Movable; one that was moved from, or default constructed, holds no device and no groups.
class UserRecord {
public:
    UserRecord() noexcept = default;
    /// The device may be empty: none. Names have at most name_size_max bytes, and there are at most
    /// groups_per_user_max groups.
    UserRecord(std::string_view device, std::span<const std::string_view> groups);

    /// Views into the record, until it is assigned to.
    std::string_view device() const noexcept;
    std::vector<std::string_view> groups() const;
    bool in_group(std::string_view group) const noexcept;
    bool has_groups() const noexcept { return group_count() > 0; }
    std::size_t group_count() const noexcept;

    /// Kept by the store. A record that holds nothing cannot be signed in.
    bool signed_in() const noexcept;
    void set_signed_in(bool signed_in) noexcept;

private:
    // A byte for signed_in, one for the number of groups, then the device and the groups, each
    // behind its size.
    std::unique_ptr<std::byte[]> block_;
};
static_assert(groups_per_user_max <= UINT8_MAX);

}  // namespace parley::store
