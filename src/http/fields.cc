#include "http/fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace parley::http {
namespace {

enum Class : std::uint8_t { token = 1, value = 2, visible = 4 };

constexpr std::array<std::uint8_t, 256> classes = [] {
    std::array<std::uint8_t, 256> table{};
    constexpr std::string_view no_token = "\"(),/:;<=>?@[\\]{}";
    for (unsigned c = 0; c < table.size(); ++c) {
        const bool is_ascii_visible = c > 0x20 && c < 0x7f;
        if (is_ascii_visible) table[c] |= visible;
        if (is_ascii_visible && no_token.find(static_cast<char>(c)) == std::string_view::npos) {
            table[c] |= token;
        }
        if (c == '\t' || (c >= 0x20 && c != 0x7f)) table[c] |= value;
    }
    return table;
}();

bool all_of_class(std::string_view text, Class wanted) noexcept {
    return std::all_of(text.begin(), text.end(), [wanted](char c) {
        return (classes[static_cast<unsigned char>(c)] & wanted) != 0;
    });
}

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t';
}

}  // namespace

bool is_token(std::string_view text) noexcept {
    return !text.empty() && all_of_class(text, token);
}

bool is_field_value(std::string_view text) noexcept {
    return all_of_class(text, value);
}

bool is_visible(std::string_view text) noexcept {
    return !text.empty() && all_of_class(text, visible);
}

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                              [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim_blanks(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return text;
}

std::string_view take_list_element(std::string_view& list) noexcept {
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        const std::string_view element = trim_blanks(list.substr(0, comma));
        list.remove_prefix(std::min(comma + 1, list.size()));
        if (!element.empty()) return element;
    }
    return {};
}

std::string decode_percent(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        const char* digits = text.data() + i + 1;
        const bool escaped = text[i] == '%' && i + 2 < text.size() &&
                             std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2;
        decoded += escaped ? static_cast<char>(value) : text[i];
        if (escaped) i += 2;
    }
    return decoded;
}

}  // namespace parley::http
