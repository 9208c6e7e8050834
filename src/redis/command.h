// redis::Command: one question in the form in which Redis reads it: an array of texts.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

namespace parley::redis {

using Words = std::span<const std::string_view>;

/// Appends the command to `out`.
inline void append_command(Words words, std::vector<std::byte>& out) {
    const auto append = [&](std::string_view text) {
        const auto bytes = std::as_bytes(std::span{text});
        out.insert(out.end(), bytes.begin(), bytes.end());
    };
    const auto append_head = [&](char mark, std::size_t count) {
        char digits[24];
        digits[0] = mark;
        const auto end = std::to_chars(digits + 1, digits + sizeof digits, count).ptr;
        append({digits, static_cast<std::size_t>(end - digits)});
        append("\r\n");
    };
    append_head('*', words.size());
    for (const std::string_view word : words) {
        append_head('$', word.size());
        append(word);
        append("\r\n");
    }
}

inline void append_command(std::initializer_list<std::string_view> words,
                           std::vector<std::byte>& out) {
    append_command(Words{words.begin(), words.size()}, out);
}

}  // namespace parley::redis
