// key_order: the order in which a JavaScript object lists its keys.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace parley::wire {

/// `order` becomes the indices of the entries an object has after every key of `keys` was set in
/// turn, in the order it lists them: array indices (0 to 2^32-2) ascending, then the others as
/// they first came. Of equal keys the last entry counts, at the place of the first.
void order_keys(std::span<const std::string_view> keys, std::vector<std::uint32_t>& order);

/// Whether `order` keeps all of `count` entries where they are.
bool is_same_order(std::span<const std::uint32_t> order, std::size_t count) noexcept;

}  // namespace parley::wire
