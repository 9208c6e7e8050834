// Limits of connections and sessions, each with its derivation.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace parley::session {

/// Once the server ends, from accept to the end of the request head: a client whose request is on
/// its way needs one round trip, and the slowest links have half a second.
constexpr Duration opening_drain_max = std::chrono::seconds{1};

/// What a client may send behind its request before it is answered: 8 KiB of head are counted
/// apart; this is the hello of a radio (three messages of 100 bytes) many times over.
constexpr std::size_t early_bytes_max = std::size_t{16} << 10;

/// Handshakes under way on one shard. One takes about 10 KiB and 5 s at most: 4,096 are 40 MiB,
/// and 800 slow ones a second. Beyond: the oldest gives way.
constexpr std::size_t openings_max = 4096;

/// Direct talks of one session at a time. A radio has one, and one that its hello leaves open
/// for good (docs/PROTOCOL-VOICEPING.md); the oldest gives way.
constexpr std::size_t direct_talks_max = 8;

/// Refusals are forgotten one in this time (session/pace.h): who now and then is a little too fast,
/// as a person at a keyboard may be, is never closed for it; a flood is after `violations_max`.
constexpr Duration violation_memory = std::chrono::seconds{10};

/// Dropped voice frames that make one refusal: a second of voice at the default limit. After a
/// stall of 12 s a radio that kept all of it, 50 frames a second, has lost 450 frames: 8 of 100.
constexpr std::uint32_t audio_drops_per_violation = 60;

/// Users whose pace is kept before the records that say nothing any more are looked for: 64 KiB of
/// them, so less than a thousand bytes for each of a thousand users.
constexpr std::size_t pace_records_min = 1024;

/// What a session may say that waits for its sign-in to be answered: the START and the second of
/// voice, or the dozen texts, of somebody who comes back and speaks at once.
constexpr std::size_t held_bytes_max = std::size_t{64} << 10;

}  // namespace parley::session
