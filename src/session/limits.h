// Limits of connections and sessions, each with its derivation.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace parley::session {

/// From accept to the end of the request head, whatever drips in meanwhile (requirement C1).
constexpr Duration opening_max = std::chrono::seconds{5};

/// Likewise, once the server ends: a client whose request is on its way needs one round trip, and
/// the slowest links have half a second.
constexpr Duration opening_drain_max = std::chrono::seconds{1};

/// What a client may send behind its request before it is answered: 8 KiB of head are counted
/// apart; this is the hello of a radio (three messages of 100 bytes) many times over.
constexpr std::size_t early_bytes_max = std::size_t{16} << 10;

/// Handshakes under way on one shard. One takes about 10 KiB and 5 s at most: 4,096 are 40 MiB,
/// and 800 slow ones a second.
constexpr std::size_t openings_max = 4096;

/// Direct talks of one session at a time. A radio has one, and one that its hello leaves open
/// for good (docs/PROTOCOL-VOICEPING.md); the oldest gives way.
constexpr std::size_t direct_talks_max = 8;

}  // namespace parley::session
