#include "store/user_record.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace parley::store {
namespace {

// A size takes one byte up to 127, else two: the upper seven bits, marked, and the lower eight.
constexpr std::size_t short_size_max = 127;
constexpr std::size_t mark = 0x80;
static_assert(name_size_max < (mark << 8));
constexpr std::size_t head_bytes = 2;

std::size_t space_of(std::string_view name) noexcept {
    return (name.size() <= short_size_max ? 1 : 2) + name.size();
}

std::byte* write(std::string_view name, std::byte* to) noexcept {
    if (name.size() > short_size_max) *to++ = static_cast<std::byte>(mark | name.size() >> 8);
    *to++ = static_cast<std::byte>(name.size() & 0xff);
    if (!name.empty()) std::memcpy(to, name.data(), name.size());
    return to + name.size();
}

std::string_view take(const std::byte*& from) noexcept {
    std::size_t size = std::to_integer<std::size_t>(*from++);
    if (size > short_size_max) size = (size & ~mark) << 8 | std::to_integer<std::size_t>(*from++);
    const std::string_view name{reinterpret_cast<const char*>(from), size};
    from += size;
    return name;
}

}  // namespace

UserRecord::UserRecord(std::string_view device, std::span<const std::string_view> groups) {
    PARLEY_ASSERT(groups.size() <= groups_per_user_max);
    std::size_t size = head_bytes + space_of(device);
    for (const std::string_view group : groups)
        size += space_of(group);
    block_ = std::make_unique_for_overwrite<std::byte[]>(size);
    block_[0] = std::byte{0};
    block_[1] = static_cast<std::byte>(groups.size());
    std::byte* end = write(device, block_.get() + head_bytes);
    for (const std::string_view group : groups)
        end = write(group, end);
}

std::size_t UserRecord::group_count() const noexcept {
    return block_ ? std::to_integer<std::size_t>(block_[1]) : 0;
}

std::string_view UserRecord::device() const noexcept {
    if (!block_) return {};
    const std::byte* at = block_.get() + head_bytes;
    return take(at);
}

std::vector<std::string_view> UserRecord::groups() const {
    std::vector<std::string_view> names(group_count());
    if (names.empty()) return names;
    const std::byte* at = block_.get() + head_bytes;
    take(at);
    for (std::string_view& name : names)
        name = take(at);
    return names;
}

bool UserRecord::in_group(std::string_view group) const noexcept {
    if (!has_groups()) return false;
    const std::byte* at = block_.get() + head_bytes;
    take(at);
    for (std::size_t i = group_count(); i > 0; --i) {
        if (take(at) == group) return true;
    }
    return false;
}

bool UserRecord::signed_in() const noexcept {
    return block_ && block_[0] != std::byte{0};
}

void UserRecord::set_signed_in(bool signed_in) noexcept {
    PARLEY_ASSERT(block_ || !signed_in);
    if (block_) block_[0] = std::byte{signed_in};
}

}  // namespace parley::store
