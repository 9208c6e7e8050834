// number: numbers as JavaScript prints them, so that ids and texts look as they always did.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::wire {

/// The longest is -0.00000 and 17 digits.
using NumberText = std::array<char, 32>;

/// `value` as JavaScript's String(): the shortest digits that read back the same, exponents from
/// 1e21 and below 1e-6, "NaN", "Infinity". The text lies in `buffer` or is constant.
std::string_view print_number(double value, NumberText& buffer) noexcept;

void append_number(double value, std::string& out);

/// The number a text names if it is one in the only way JavaScript writes it: decimal digits
/// without sign or leading zero, at most 2^53-1.
std::optional<std::uint64_t> canonical_natural(std::string_view text) noexcept;

}  // namespace parley::wire
