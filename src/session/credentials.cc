// session::Credentials: the order in which headers count.
#include "session/credentials.h"

#include <array>
#include <cstddef>

namespace parley::session {

namespace {

std::string_view trim(std::string_view text) noexcept {
    constexpr std::string_view blanks = " \t";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// The first two entries of a list; empty views where there are fewer.
std::array<std::string_view, 2> first_two(std::string_view list) noexcept {
    std::array<std::string_view, 2> entries{};
    std::size_t found = 0;
    while (!list.empty() && found < entries.size()) {
        const std::size_t comma = list.find(',');
        const std::string_view entry = trim(list.substr(0, comma));
        if (!entry.empty()) entries[found++] = entry;
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
    return entries;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) noexcept {
    if (text.size() != lower.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const char folded = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        if (folded != lower[i]) return false;
    }
    return true;
}

/// What follows `Bearer` (RFC 6750, section 2.1), or nothing.
std::string_view bearer(std::string_view authorization) noexcept {
    const std::string_view value = trim(authorization);
    const std::size_t blank = value.find(' ');
    if (blank == std::string_view::npos) return {};
    if (!equals_ignoring_case(value.substr(0, blank), "bearer")) return {};
    return trim(value.substr(blank));
}

std::string_view first_of(std::string_view a, std::string_view b) noexcept {
    return a.empty() ? b : a;
}

}  // namespace

Credentials find_credentials(const CredentialHeaders& headers) noexcept {
    const auto [first, second] = first_two(headers.protocols);
    Credentials found;
    found.token = first_of(first_of(headers.token, headers.voicepingtoken),
                           first_of(first, bearer(headers.authorization)));
    found.device =
        first_of(first_of(headers.device_id, headers.deviceid), first_of(second, found.token));
    found.subprotocol = first;
    found.has_subprotocol = !first.empty();
    return found;
}

}  // namespace parley::session
