// Admission: a connection that may become a session, on its way to its user's home shard.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "session/auth_verdict.h"
#include "ws/extensions.h"

namespace parley::session {

/// What the opening handshake found out.
struct Admission {
    Identity identity;
    std::string device;
    std::string reply;                             ///< the 101 answer, not yet sent
    std::optional<ws::DeflateTerms> deflate = {};  ///< that it agrees to
    std::vector<std::byte> received;               ///< what the client sent behind its request
};

/// As the bytes of a record: the descriptor and the admission. The descriptor is then the
/// record's: whoever unpacks it owns it.
std::vector<std::byte> pack(const Admission& admission, int descriptor);

/// The reverse. Requires bytes made by pack(): records never leave the process.
Admission unpack(std::span<const std::byte> record, int& descriptor);

}  // namespace parley::session
