// Fuzzing the opening handshake: the input is a list of headers, one a line, that are added to a
// request which would be let in. The first byte leaves out some of that request's own. What is let
// in has one key, one version and one upgrade; the credentials found are parts of what was sent;
// and the answer is one head in which a stranger's bytes end no line.
#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/assert.h"
#include "fuzz/choices.h"
#include "http/limits.h"
#include "http/request_head.h"
#include "session/credentials.h"
#include "ws/handshake.h"

using namespace parley;

namespace {

constexpr std::string_view own[] = {"Host: a", "Upgrade: websocket", "Connection: Upgrade",
                                    "Sec-WebSocket-Version: 13",
                                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="};

std::string request_with(std::string_view headers, unsigned without) {
    std::string text = "GET / HTTP/1.1\r\n";
    for (std::size_t i = 0; i < std::size(own); ++i) {
        if ((without >> i & 1U) == 0) (text += own[i]) += "\r\n";
    }
    while (!headers.empty()) {
        const std::size_t end = std::min(headers.find('\n'), headers.size());
        (text += headers.substr(0, end)) += "\r\n";
        headers.remove_prefix(std::min(end + 1, headers.size()));
    }
    return text + "\r\n";
}

// One head, without a control character but the ends of its lines.
void check_reply(const std::string& reply, std::string_view first_line) {
    PARLEY_ASSERT(reply.starts_with(first_line));
    const std::size_t end = reply.find("\r\n\r\n");
    PARLEY_ASSERT(end != std::string::npos);
    for (std::size_t i = 0; i < end; ++i) {
        const auto each = static_cast<unsigned char>(reply[i]);
        PARLEY_ASSERT(each == '\r' || each == '\n' || each == '\t' || each >= ' ');
        PARLEY_ASSERT((each == '\r') == (reply[i + 1] == '\n'));
    }
}

void examine(const http::RequestHead& head) {
    const ws::Handshake handshake = ws::examine(head);
    const auto* accept = std::get_if<ws::Accept>(&handshake);
    if (accept == nullptr) {
        const auto& refuse = std::get<ws::Refuse>(handshake);
        PARLEY_ASSERT(refuse.status >= 400 && !refuse.reason.empty());
        return check_reply(ws::refuse_reply(refuse), "HTTP/1.1 4");
    }
    PARLEY_ASSERT(ws::wants_upgrade(head) && head.count("Upgrade") == 1);
    PARLEY_ASSERT(head.count("Sec-WebSocket-Key") == 1 && head.lists("Connection", "upgrade"));
    PARLEY_ASSERT(head.count("Sec-WebSocket-Version") == 1 && head.content_length() == 0);
    const std::string key = std::string{*head.find("Sec-WebSocket-Key")};
    PARLEY_ASSERT(accept->key_answer == ws::answer_key(key));
    check_reply(ws::accept_reply(*accept, {}), "HTTP/1.1 101");

    std::string protocols;
    auto list = head.list("Sec-WebSocket-Protocol");
    while (const auto entry = list.next())
        (protocols += protocols.empty() ? "" : ",") += *entry;
    const session::Credentials found =
        session::find_credentials({.token = head.find("token").value_or(""),
                                   .voicepingtoken = head.find("voicepingtoken").value_or(""),
                                   .device_id = head.find("device_id").value_or(""),
                                   .deviceid = head.find("deviceid").value_or(""),
                                   .protocols = protocols,
                                   .authorization = head.find("authorization").value_or("")});
    PARLEY_ASSERT(found.has_subprotocol == !accept->subprotocols.empty());
    PARLEY_ASSERT(!found.token.empty() || !found.has_subprotocol);
    PARLEY_ASSERT(found.token.size() + found.device.size() < 2 * http::head_bytes_max);
    check_reply(ws::accept_reply(*accept, found.subprotocol), "HTTP/1.1 101");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto input = fuzz::bytes_of(data, size);
    const unsigned without = fuzz::take_choice(input);
    const std::string request =
        request_with({reinterpret_cast<const char*>(input.data()), input.size()}, without);
    http::HeadParser parser;
    const auto progress = parser.feed(std::as_bytes(std::span{request}));
    if (progress.status == http::HeadParser::Status::done) examine(parser.take());
    return 0;
}
