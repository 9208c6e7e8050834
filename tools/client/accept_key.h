// Sec-WebSocket-Accept: the proof that the answer comes from a WebSocket server.
#pragma once

#include <string>
#include <string_view>

namespace parley::client {

/// What a server must answer to `key` (RFC 6455, section 4.2.2): the SHA-1 of the key and a fixed
/// text, in base64. Computed here and not by the server's code, so that the two check each other.
std::string accept_for(std::string_view key);

/// Base64 with padding.
std::string base64(std::string_view bytes);

}  // namespace parley::client
