// extensions: what both ends agree on in Sec-WebSocket-Extensions (RFC 6455 section 9.1, RFC 7692
// section 7.1). The only extension known is permessage-deflate.
//
// A client may offer several things, the preferred first, in one header or in several. The first
// offer that can be kept to the letter is accepted; one that is unknown, malformed or asks for what
// is not there is declined, and the next one is looked at. No offer makes a handshake fail. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/request_head.h"

namespace parley::ws {

/// How much of permessage-deflate a server takes part in.
enum class Deflate : std::uint8_t {
    off,       ///< every offer is declined
    on,        ///< each message by itself: no connection keeps a window
    takeover,  ///< a message may refer to those before it, if the client wants so as well
};

/// The base-2 logarithm of a window. zlib cannot compress raw data with a window of 2^8: a peer
/// that insists on such a small one for what it receives is declined.
inline constexpr std::uint8_t window_bits_min = 9;
inline constexpr std::uint8_t window_bits_max = 15;
/// Of a connection that keeps its windows: 4 KiB hold some tens of texts, and the memory of both
/// directions stays below 80 KiB (docs/COMPRESSION.md) where the largest windows would take 300.
inline constexpr std::uint8_t takeover_window_bits = 12;

/// What was agreed for one connection.
struct DeflateTerms {
    std::uint8_t send_window_bits = window_bits_max;     ///< of what the server sends, at most
    std::uint8_t receive_window_bits = window_bits_max;  ///< of what the client sends, at most
    bool send_takeover = false;         ///< the server's messages may refer to those before them
    bool receive_takeover = false;      ///< likewise the client's
    bool names_send_window = false;     ///< the answer says so; the client asked for it
    bool names_receive_window = false;  ///< the answer says so; the client allowed it

    friend bool operator==(const DeflateTerms&, const DeflateTerms&) = default;
};

/// The terms of the first acceptable offer in the value of one header; none if there is none.
/// Time: linear in the value.
std::optional<DeflateTerms> accept_offer(std::string_view value, Deflate policy) noexcept;

/// Likewise over all headers of a request.
std::optional<DeflateTerms> negotiate_deflate(const http::RequestHead& head,
                                              Deflate policy) noexcept;

/// The value of the answer's Sec-WebSocket-Extensions: exactly what was agreed.
std::string extension_answer(const DeflateTerms& terms);

}  // namespace parley::ws
