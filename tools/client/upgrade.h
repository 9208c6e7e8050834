// The WebSocket upgrade, the client's side: the request and what may come back.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "client/url.h"

namespace parley::client {

/// Who signs in, in the headers that VoicePing's SDK uses.
struct SignIn {
    std::string token;      ///< header VoicePingToken: a JWT, or the user's name
    std::string device_id;  ///< header DeviceId
};

/// A new value for Sec-WebSocket-Key: 16 random bytes in base64.
std::string random_websocket_key();

/// The whole request. `key` is repeated to read_upgrade_response().
std::string upgrade_request(const ServerUrl& url, const SignIn& sign_in, std::string_view key);

/// The size of the response head at the beginning of `received`, with its empty line; nothing
/// while it is not complete. Frames may follow it directly.
std::optional<std::size_t> response_head_size(std::string_view received) noexcept;

/// A response head larger than this is not one.
constexpr std::size_t response_head_bytes_max = 16384;

/// The number in the first line, `HTTP/1.1 101 …`; 0 if this is no such line.
int response_status(std::string_view head) noexcept;

/// Looks at a complete response head; `rest` is what came behind it. Errors: 401, other answers,
/// with what the server says of them, a wrong Sec-WebSocket-Accept, an extension that was not asked
/// for.
Done read_upgrade_response(std::string_view head, std::string_view rest, std::string_view key);

}  // namespace parley::client
