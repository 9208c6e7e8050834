// Admission: a connection that may become a session, on its way to its user's home shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/tls_channel.h"
#include "session/auth_verdict.h"
#include "ws/extensions.h"

namespace parley::session {

/// Stands for the address that a connection came from, where connections are counted by it.
enum class AddressMark : std::uint32_t { uncounted = 0 };

/// A recording, or a list of them, that is asked for by plain HTTP.
struct Fetch {
    std::string target;  ///< what stands behind `/recordings/`, as it was sent
    std::string range;   ///< the value of its Range field
    bool head_only = false;
};

/// What the opening handshake found out.
struct Admission {
    Identity identity;
    AddressMark address = AddressMark::uncounted;
    std::string device;
    std::string reply;                             ///< the 101 answer, not yet sent
    std::optional<ws::DeflateTerms> deflate = {};  ///< that it agrees to
    std::vector<std::byte> received;               ///< what the client sent behind its request
    std::unique_ptr<net::tls::Channel> channel;    ///< its TLS; null: plain
    std::optional<Fetch> fetch = {};               ///< that is all it wants: it becomes no session
};

/// As the bytes of a record: the descriptor and the admission. The record names the channel and
/// does not own it: who posts it releases the admission's, once it is on its way. Then descriptor
/// and channel are the record's: whoever unpacks it owns them.
std::vector<std::byte> pack(const Admission& admission, int descriptor);

/// The reverse. Requires bytes made by pack(): records never leave the process.
Admission unpack(std::span<const std::byte> record, int& descriptor);

}  // namespace parley::session
