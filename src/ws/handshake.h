// handshake: decides whether a request becomes a WebSocket connection (RFC 6455 section 4.2).
//
// It does not look at who is asking: tokens, origins, which subprotocol to speak and whether to
// agree on an extension are the caller's to judge, between examine() and accept_reply(). Nothing is
// read from the path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "http/request_head.h"
#include "ws/extensions.h"

namespace parley::ws {

/// A browser sends 24 characters. VoicePing clients send what they like, so the value is not
/// decoded; this only keeps it from being a burden.
inline constexpr std::size_t key_bytes_max = 128;

/// Subprotocols one client may offer. Known clients offer a token, a device id and a version.
inline constexpr std::size_t subprotocols_max = 16;

struct Accept {
    std::string key_answer;                 ///< the value of Sec-WebSocket-Accept
    std::vector<std::string> subprotocols;  ///< as offered, the preferred first; may be empty
    /// For the caller to fill in (negotiate_deflate()); empty declines what was offered.
    std::optional<DeflateTerms> deflate = {};
};

struct Refuse {
    std::uint16_t status = 0;
    std::string_view body;    ///< the answer that existing clients know
    std::string_view reason;  ///< for the log: what was wrong
};

using Handshake = std::variant<Accept, Refuse>;

/// True if the request has an Upgrade header: then examine() says what becomes of it. Any other
/// is plain HTTP.
bool wants_upgrade(const http::RequestHead& head) noexcept;

/// Judges an upgrade. Time: linear in the head.
Handshake examine(const http::RequestHead& head);

/// The 101 answer. Requires that `subprotocol_to_echo` is one of accept.subprotocols, or empty:
/// then the answer has no Sec-WebSocket-Protocol. A client that offered some and is answered
/// none may hang up (browsers do).
std::string accept_reply(const Accept& accept, std::string_view subprotocol_to_echo);

/// The whole answer; the connection must be closed behind it.
std::string refuse_reply(const Refuse& refuse);

/// What proves that the server read `key` as a WebSocket server: base64 of a SHA-1.
std::string answer_key(std::string_view key);

}  // namespace parley::ws
