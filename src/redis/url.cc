#include "redis/url.h"

#include <charconv>

namespace parley::redis {
namespace {

constexpr std::string_view plain = "redis://";
constexpr std::string_view over_tls = "rediss://";
constexpr std::string_view by_sentinels = "redis+sentinel://";
constexpr std::uint16_t redis_port = 6379;
constexpr std::uint16_t sentinel_port = 26379;
constexpr std::uint32_t database_max = 65535;

constexpr std::string_view forms =
    "write redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], rediss://… for TLS, or "
    "redis+sentinel://HOST:PORT,HOST:PORT/MASTER[/DATABASE]";

// Takes off what stands before `mark`, and the mark; all of it if there is none.
std::string_view take_until(std::string_view& text, char mark) noexcept {
    const std::size_t at = text.find(mark);
    const std::string_view taken = text.substr(0, at);
    text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
    return taken;
}

bool read_number(std::string_view text, std::uint32_t max, std::uint32_t& out) noexcept {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
    return read.ec == std::errc{} && read.ptr == text.data() + text.size() && out <= max;
}

bool decode(std::string_view text, std::string& out) {
    out.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        unsigned value = 0;
        const std::string_view digits = text.substr(i + 1, 2);
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        if (digits.size() != 2 || read.ptr != digits.data() + 2) return false;
        out += static_cast<char>(value);
        i += 2;
    }
    return true;
}

bool read_endpoint(std::string_view text, std::uint16_t default_port, Endpoint& out) {
    std::string_view port;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return false;
        out.host = text.substr(1, end - 1);
        port = text.substr(end + 1);
        if (!port.empty() && port.front() != ':') return false;
        if (!port.empty()) port.remove_prefix(1);
    } else {
        port = text;
        out.host = take_until(port, ':');
    }
    std::uint32_t number = default_port;
    if (!port.empty() && !read_number(port, UINT16_MAX, number)) return false;
    out.port = static_cast<std::uint16_t>(number);
    return !out.host.empty() && number != 0;
}

}  // namespace

bool is_redis_url(std::string_view text) noexcept {
    return text.starts_with(plain) || text.starts_with(over_tls) || text.starts_with(by_sentinels);
}

bool Url::parse(std::string_view text, Url& out, std::string& error) {
    out = Url{};
    const auto wrong = [&](std::string_view what) {
        error.assign(what).append(": ").append(forms);
        return false;
    };
    if (!is_redis_url(text)) return wrong("this is no address of a Redis");
    const bool sentinels = text.starts_with(by_sentinels);
    out.tls = text.starts_with(over_tls);
    text.remove_prefix(sentinels ? by_sentinels.size() : out.tls ? over_tls.size() : plain.size());

    std::string_view query = text;
    text = take_until(query, '?');
    if (!query.empty() && !(out.tls && query.starts_with("ca=") && query.size() > 3))
        return wrong("behind ? only ca=FILE may stand, and that with rediss://");
    if (!query.empty()) out.ca_file = query.substr(3);

    if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
        std::string_view password = text.substr(0, at);
        text.remove_prefix(at + 1);
        const std::string_view user = take_until(password, ':');
        if (!decode(user, out.user) || !decode(password, out.password))
            return wrong("% must be followed by two hexadecimal digits in user and password");
        if (out.password.empty()) return wrong("a user needs a password");
    }
    std::string_view path = text;
    std::string_view hosts = take_until(path, '/');
    if (hosts.ends_with(',')) return wrong("behind the last comma a sentinel is missing");
    const std::uint16_t port = sentinels ? sentinel_port : redis_port;
    do {
        Endpoint endpoint;
        if (!read_endpoint(take_until(hosts, ','), port, endpoint))
            return wrong("HOST or PORT is missing or wrong");
        out.endpoints.push_back(std::move(endpoint));
    } while (!hosts.empty());
    if (!sentinels && out.endpoints.size() > 1) return wrong("only sentinels may be several");
    if (sentinels) out.master = take_until(path, '/');
    if (sentinels && out.master.empty()) return wrong("the name of the master is missing");
    if (!path.empty() && !read_number(path, database_max, out.database))
        return wrong("DATABASE must be a number");
    return true;
}

std::string Url::text() const {
    std::string out{has_sentinels() ? by_sentinels : tls ? over_tls : plain};
    if (!password.empty()) out += user + ":…@";
    for (const Endpoint& each : endpoints) {
        if (&each != &endpoints.front()) out += ',';
        const bool v6 = each.host.find(':') != std::string::npos;
        out += v6 ? "[" + each.host + "]" : each.host;
        out += ":" + std::to_string(each.port);
    }
    if (has_sentinels()) out += "/" + master;
    if (database != 0) out += "/" + std::to_string(database);
    return out;
}

}  // namespace parley::redis
