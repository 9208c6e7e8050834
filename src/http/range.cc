#include "http/range.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace parley::http {
namespace {

// Digits alone; more than fit are as many as there can be.
std::optional<std::uint64_t> number_of(std::string_view text) noexcept {
    const bool digits = !text.empty() && std::ranges::all_of(text, [](char each) {
        return each >= '0' && each <= '9';
    });
    if (!digits) return std::nullopt;
    std::uint64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    return problem == std::errc{} ? number : UINT64_MAX;
}

}  // namespace

RangeAnswer find_range(std::string_view field, std::uint64_t size, Range& range) noexcept {
    constexpr std::string_view unit = "bytes=";
    range = {0, size};
    if (!field.starts_with(unit)) return RangeAnswer::whole;
    field.remove_prefix(unit.size());
    const std::size_t dash = field.find('-');
    if (dash == std::string_view::npos) return RangeAnswer::whole;
    const std::string_view from = field.substr(0, dash);
    const std::string_view to = field.substr(dash + 1);
    const auto first = number_of(from);
    const auto last = number_of(to);
    if (from.empty() && last) {  // the last so many
        if (*last == 0 || size == 0) return RangeAnswer::outside;
        range.size = std::min(*last, size);
        range.begin = size - range.size;
        return RangeAnswer::part;
    }
    if (!first || (!last && !to.empty()) || (last && *last < *first)) return RangeAnswer::whole;
    if (*first >= size) return RangeAnswer::outside;
    range.begin = *first;
    range.size = (last ? std::min(*last, size - 1) : size - 1) - *first + 1;
    return RangeAnswer::part;
}

}  // namespace parley::http
