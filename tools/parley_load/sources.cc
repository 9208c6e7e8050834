// Sources: the arithmetic, and the machine's port range.
#include "parley_load/sources.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "parley_load/proc.h"

namespace parley::load {
namespace {

constexpr double port_rest_seconds = 60;        // TIME_WAIT of Linux
constexpr std::uint32_t ports_unknown = 5'000;  // a fifth of the 28,232 that Linux gives

std::string_view skip_blanks(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    return text;
}

}  // namespace

Sources Sources::standing(std::uint32_t connections, std::uint32_t ports_each) noexcept {
    Sources sources;
    sources.block_ = std::max(ports_each, 1U);
    sources.count_ = static_cast<std::uint32_t>((std::uint64_t{connections} + sources.block_ - 1) /
                                                sources.block_);
    return sources;
}

Sources Sources::passing(std::uint32_t open_max, double rate, std::uint32_t ports_each) noexcept {
    Sources sources;
    const double ports = static_cast<double>(open_max) + rate * port_rest_seconds;
    sources.count_ =
        static_cast<std::uint32_t>(std::min(std::ceil(ports / std::max(ports_each, 1U)), 60'000.0));
    return sources;
}

std::optional<std::uint32_t> parse_port_range(std::string_view text) noexcept {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    text = skip_blanks(text);
    const char* const end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, low);
    if (first.ec != std::errc{}) return std::nullopt;
    const std::string_view rest =
        skip_blanks({first.ptr, static_cast<std::size_t>(end - first.ptr)});
    if (std::from_chars(rest.data(), end, high).ec != std::errc{}) return std::nullopt;
    if (low > high || high > 65535) return std::nullopt;
    return std::max((high - low + 1) / 5, 1U);
}

std::uint32_t ports_of_machine() {
    return parse_port_range(read_small_file("/proc/sys/net/ipv4/ip_local_port_range"))
        .value_or(ports_unknown);
}

}  // namespace parley::load
