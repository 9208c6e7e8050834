// Server URLs: where a client connects.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "client/outcome.h"

namespace parley::client {

/// ws://host:port/path or wss://…, taken apart.
struct ServerUrl {
    std::string host;         ///< name or address; an IPv6 address without its brackets
    std::uint16_t port = 80;  ///< 443 if secure
    std::string path = "/";   ///< with the query, never empty
    bool secure = false;      ///< wss: over TLS

    /// `host:port`, as in the Host header.
    std::string authority() const;
};

/// Takes `text` apart. Errors: another scheme, no host, a port that is not 1 to 65535, a space or
/// control character.
Outcome<ServerUrl> parse_server_url(std::string_view text);

}  // namespace parley::client
