// A stamp for texts: layout and checksum.
#include "parley_load/text_stamp.h"

#include <charconv>
#include <fmt/format.h>

#include "base/assert.h"

namespace parley::load {
namespace {

constexpr std::string_view mark = "~pl ";
constexpr std::size_t number_digits = 8;
constexpr std::size_t due_digits = 16;

/// FNV-1a over all but the checksum itself.
std::uint32_t checksum(std::string_view numbers, std::string_view filler) noexcept {
    std::uint32_t sum = 0x811c9dc5;
    for (const std::string_view part : {numbers, filler}) {
        for (const char c : part)
            sum = (sum ^ static_cast<std::uint8_t>(c)) * 0x01000193;
    }
    return sum;
}

template <class Number>
bool take(std::string_view& text, std::size_t digits, Number& number) noexcept {
    if (text.size() <= digits || text[digits] != ' ') return false;
    const char* const end = text.data() + digits;
    const auto read = std::from_chars(text.data(), end, number, 16);
    text.remove_prefix(digits + 1);
    return read.ec == std::errc{} && read.ptr == end;
}

}  // namespace

std::string stamped_text(const Stamp& stamp, std::size_t size) {
    PARLEY_ASSERT(size >= text_stamp_bytes_min);
    const std::string numbers =
        fmt::format("{:08x} {:08x} {:016x} ", stamp.talker, stamp.sequence, stamp.due_ns);
    std::string filler(size - text_stamp_bytes_min, 'x');
    for (std::size_t i = 0; i < filler.size(); ++i)
        filler[i] = static_cast<char>('a' + (i + stamp.sequence) % 26);
    return fmt::format("{}{}{:08x} {}~", mark, numbers, checksum(numbers, filler), filler);
}

std::optional<Stamp> read_text_stamp(std::string_view payload) noexcept {
    const std::size_t begin = payload.find(mark);
    if (begin == std::string_view::npos) return std::nullopt;
    std::string_view rest = payload.substr(begin + mark.size());
    const std::size_t end = rest.find('~');
    if (end == std::string_view::npos) return std::nullopt;
    rest = rest.substr(0, end);
    const std::string_view numbers = rest.substr(0, 2 * (number_digits + 1) + due_digits + 1);
    Stamp stamp;
    std::uint32_t sum = 0;
    if (!take(rest, number_digits, stamp.talker) || !take(rest, number_digits, stamp.sequence) ||
        !take(rest, due_digits, stamp.due_ns) || !take(rest, number_digits, sum)) {
        return std::nullopt;
    }
    if (checksum(numbers, rest) != sum) return std::nullopt;
    return stamp;
}

}  // namespace parley::load
