#include "store/message.h"

#include <charconv>
#include <fmt/format.h>

namespace parley::store {
namespace {

constexpr std::string_view group_mark = "g:";
constexpr std::string_view direct_mark = "dm:";

}  // namespace

std::string group_conversation(std::string_view group) {
    return fmt::format("{}{}", group_mark, group);
}

std::string direct_conversation(std::string_view one, std::string_view other) {
    if (other < one) std::swap(one, other);
    return fmt::format("{}{}:{}{}", direct_mark, one.size(), one, other);
}

std::optional<std::string_view> group_of(std::string_view conversation) noexcept {
    if (!conversation.starts_with(group_mark)) return {};
    return conversation.substr(group_mark.size());
}

std::optional<std::pair<std::string_view, std::string_view>> users_of(
    std::string_view conversation) noexcept {
    if (!conversation.starts_with(direct_mark)) return {};
    conversation.remove_prefix(direct_mark.size());
    std::size_t size = 0;
    const char* end = conversation.data() + conversation.size();
    const auto [colon, error] = std::from_chars(conversation.data(), end, size);
    if (error != std::errc{} || colon == end || *colon != ':') return {};
    conversation.remove_prefix(static_cast<std::size_t>(colon + 1 - conversation.data()));
    if (size > conversation.size()) return {};
    return std::pair{conversation.substr(0, size), conversation.substr(size)};
}

}  // namespace parley::store
