// Admission: a connection that may become a session, on its way to its user's home shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "session/auth_verdict.h"

namespace parley::session {

/// Stands for the address that a connection came from, where connections are counted by it.
enum class AddressMark : std::uint32_t { uncounted = 0 };

/// What the opening handshake found out.
struct Admission {
    Identity identity;
    AddressMark address = AddressMark::uncounted;
    std::string device;
    std::string reply;                ///< the 101 answer, not yet sent
    std::vector<std::byte> received;  ///< what the client sent behind its request
};

/// As the bytes of a record: the descriptor and the admission. The descriptor is then the
/// record's: whoever unpacks it owns it.
std::vector<std::byte> pack(const Admission& admission, int descriptor);

/// The reverse. Requires bytes made by pack(): records never leave the process.
Admission unpack(std::span<const std::byte> record, int& descriptor);

}  // namespace parley::session
