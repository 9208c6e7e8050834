// CloseCode: why a WebSocket connection ends, as both ends see it (RFC 6455 section 7.4).
#pragma once

#include <cstdint>

namespace parley::ws {

/// A peer may also send codes that have no name here; they are kept as numbers.
enum class CloseCode : std::uint16_t {
    normal = 1000,           ///< the purpose of the connection is fulfilled
    going_away = 1001,       ///< the server stops, or the page was left; come back later
    protocol_error = 1002,   ///< the frames break RFC 6455
    unsupported = 1003,      ///< a kind of message this end does not take
    no_status = 1005,        ///< the close frame had no code; never on the wire
    invalid_payload = 1007,  ///< text that is not UTF-8
    policy = 1008,           ///< forbidden for no better named reason, such as too many fragments
    too_big = 1009,          ///< a message over the limit
    internal = 1011,         ///< the server failed; not the peer's fault
    try_again = 1013,        ///< the server is overloaded; come back later
    overrun = 4008,          ///< sends faster, or reads slower, than allowed; the reason says which
    auth_failed = 4401,      ///< no identity, or it is not accepted (any more)
};

/// True for a code that may stand in a close frame: defined by the RFC or the IANA registry for
/// the wire, or in the ranges for libraries (3000) and applications (4000).
constexpr bool may_be_sent_by_client(std::uint16_t code) noexcept {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

}  // namespace parley::ws
