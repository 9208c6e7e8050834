// Server URLs: the parser.
#include "client/url.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace parley::client {
namespace {

constexpr std::string_view scheme = "ws://";
constexpr std::string_view secure_scheme = "wss://";
constexpr std::uint16_t secure_port = 443;

Failure refuse(std::string_view url, std::string_view why) {
    return Failure{
        fmt::format("'{}' is not a server URL: {}; it looks like ws://127.0.0.1:7420", url, why)};
}

/// False unless `text` is a whole decimal number from 1 to 65535.
bool read_port(std::string_view text, std::uint16_t& port) noexcept {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, port);
    return error == std::errc{} && stop == end && port != 0;
}

bool printable(char c) noexcept {
    return c > ' ' && c < '\x7f';
}

}  // namespace

std::string ServerUrl::authority() const {
    const bool is_v6 = host.find(':') != std::string::npos;
    return is_v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Outcome<ServerUrl> parse_server_url(std::string_view text) {
    const bool secure = text.starts_with(secure_scheme);
    if (!secure && !text.starts_with(scheme)) {
        return refuse(text, "it begins neither with ws:// nor with wss://");
    }
    if (!std::ranges::all_of(text, printable)) {
        return refuse(text, "it has a character that URLs do not have");
    }
    std::string_view authority = text.substr(secure ? secure_scheme.size() : scheme.size());
    ServerUrl url;
    url.secure = secure;
    if (secure) url.port = secure_port;
    if (const std::size_t slash = authority.find_first_of("/?"); slash != std::string_view::npos) {
        url.path = authority.substr(slash);
        if (url.path.front() == '?') url.path.insert(0, "/");
        authority = authority.substr(0, slash);
    }
    if (authority.find('@') != std::string_view::npos) {
        return refuse(text, "a user name does not go there (use --user)");
    }
    std::size_t host_end = authority.find(':');
    if (authority.starts_with('[')) {
        const std::size_t bracket = authority.find(']');
        if (bracket == std::string_view::npos) return refuse(text, "']' is missing");
        url.host = authority.substr(1, bracket - 1);
        host_end = bracket + 1;
        if (host_end < authority.size() && authority[host_end] != ':') {
            return refuse(text, "only a port may follow ']'");
        }
    } else {
        url.host = authority.substr(0, host_end);
    }
    if (url.host.empty()) return refuse(text, "it names no host");
    if (host_end < authority.size() && !read_port(authority.substr(host_end + 1), url.port)) {
        return refuse(text, "the port is not a number from 1 to 65535");
    }
    return url;
}

}  // namespace parley::client
