// The WebSocket upgrade, the client's side.
#include "client/upgrade.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <sys/random.h>

#include "client/accept_key.h"

namespace parley::client {
namespace {

constexpr std::size_t sentence_size_max = 200;

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool same_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

/// The value of the first field called `name`, or nothing.
std::optional<std::string_view> field(std::string_view head, std::string_view name) noexcept {
    std::size_t at = head.find("\r\n");
    while (at != std::string_view::npos) {
        const std::string_view rest = head.substr(at + 2);
        const std::size_t end = rest.find("\r\n");
        const std::string_view line = rest.substr(0, end);
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos && same_ignoring_case(line.substr(0, colon), name)) {
            return trimmed(line.substr(colon + 1));
        }
        at = end == std::string_view::npos ? end : at + 2 + end;
    }
    return std::nullopt;
}

/// The first line of an answer's body, if there is one to be shown on a terminal.
std::string_view sentence_in(std::string_view rest) noexcept {
    const std::string_view line = trimmed(rest.substr(0, rest.find_first_of("\r\n")));
    const bool is_text = std::ranges::all_of(line, [](char c) { return c >= ' ' && c <= '~'; });
    return is_text && line.size() <= sentence_size_max ? line : std::string_view{};
}

/// The status, what the server says of it, and what to do.
std::string refusal_text(std::string_view head, std::string_view rest, int code) {
    const std::string_view status = head.substr(9, head.find("\r\n") - 9);
    std::string text = fmt::format("the server refused the WebSocket: {}", trimmed(status));
    const std::string_view said = sentence_in(rest);
    if (!said.empty() && !status.ends_with(said)) text += fmt::format(": {}", said);
    if (code == 429) {
        return text +
               "; too many connections come from this address: --limit-sockets-per-address "
               "of the server bounds them";
    }
    if (const auto seconds = field(head, "Retry-After")) {
        return text + fmt::format("; try again in {} s", *seconds);
    }
    return said.empty() || code == 404 ? text + "; is the URL right?" : text;
}

}  // namespace

std::string random_websocket_key() {
    std::array<char, 16> bytes{};
    // The key only has to differ from connection to connection: it is no secret.
    const ssize_t size = getrandom(bytes.data(), bytes.size(), 0);
    PARLEY_ASSERT(size == static_cast<ssize_t>(bytes.size()));
    return base64({bytes.data(), bytes.size()});
}

std::string upgrade_request(const ServerUrl& url, const SignIn& sign_in, std::string_view key) {
    return fmt::format(
        "GET {} HTTP/1.1\r\n"
        "Host: {}\r\n"
        "Connection: Upgrade\r\n"
        "Upgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: {}\r\n"
        "VoicePingToken: {}\r\n"
        "DeviceId: {}\r\n"
        "\r\n",
        url.path, url.authority(), key, sign_in.token, sign_in.device_id);
}

std::optional<std::size_t> response_head_size(std::string_view received) noexcept {
    const std::size_t end = received.find("\r\n\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    return end + 4;
}

int response_status(std::string_view head) noexcept {
    if (!head.starts_with("HTTP/1.") || head.size() < 12 || head[8] != ' ') return 0;
    int code = 0;
    std::from_chars(head.data() + 9, head.data() + 12, code);
    return code;
}

Done read_upgrade_response(std::string_view head, std::string_view rest, std::string_view key) {
    const int code = response_status(head);
    if (code == 0) return Failure{"the server does not speak HTTP; is the URL right?"};
    if (code == 401) {
        return Failure{
            "the server refused to sign in (401): the token is missing, wrong or expired; give one "
            "with --token"};
    }
    if (code != 101) return Failure{refusal_text(head, rest, code)};
    if (!same_ignoring_case(field(head, "Upgrade").value_or(""), "websocket") ||
        field(head, "Sec-WebSocket-Accept") != accept_for(key)) {
        return Failure{"the server's answer to the WebSocket upgrade is not valid"};
    }
    if (field(head, "Sec-WebSocket-Extensions")) {
        return Failure{"the server uses a WebSocket extension that was not asked for"};
    }
    return Ok{};
}

}  // namespace parley::client
