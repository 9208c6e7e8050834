// Stamp: what makes a relayed frame checkable. 24 bytes behind the Opus packet in AUDIO's payload.
//
//   magic 4 │ talker 4 │ sequence 4 │ due 8 (ns, CLOCK_MONOTONIC) │ checksum 4     little-endian
//
// The checksum covers the packet and the fields before it. A radio that ignores what follows its
// packet would still play it, but stamped frames are for measuring, not for hearing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "client/voiceping.h"

namespace parley::load {

struct Stamp {
    std::uint32_t talker = 0;
    std::uint32_t sequence = 0;
    std::uint64_t due_ns = 0;  ///< when the frame should have been sent, not when it was

    friend bool operator==(const Stamp&, const Stamp&) = default;
};

constexpr std::size_t stamp_bytes = 24;

/// Replaces `out` by the packet with its stamp.
void write_stamped(client::Bytes& out, std::span<const std::byte> packet, const Stamp& stamp);

/// The stamp of a received payload; nothing if any bit of it is not as it was sent.
std::optional<Stamp> read_stamp(std::span<const std::byte> payload) noexcept;

}  // namespace parley::load
