// utf8: text that may not be text, checked and repaired the way browsers and Node do.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace parley::wire {

inline constexpr char32_t replacement_character = 0xfffd;

/// One character, or the longest start of one that something else breaks off.
struct Character {
    char32_t code = replacement_character;
    std::size_t bytes = 1;  ///< of the text it takes
    bool valid = false;
};

/// The first character of `text`, which must not be empty.
Character first_character(std::string_view text) noexcept;

bool is_utf8(std::string_view text) noexcept;

/// Writes `text` with U+FFFD for every broken character (at most 3 bytes for 1).
/// Returns the bytes written, or `out.size() + 1` if that is not enough.
std::size_t repair_utf8(std::string_view text, std::span<char> out) noexcept;

/// Appends `text`, repaired if it needs to be.
void append_repaired(std::string_view text, std::string& out);

}  // namespace parley::wire
