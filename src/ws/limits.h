// limits: how big and how fragmented a WebSocket message may be.
#pragma once

#include <cstdint>

namespace parley::ws {

/// What a control frame may carry (RFC 6455 section 5.5).
inline constexpr std::uint32_t control_bytes_max = 125;

/// What one message may cost. Both bounds are exact: at the bound works, one above does not.
struct MessageLimits {
    /// Payload bytes over all fragments. The largest message is an AUDIO or IMAGE of the VoicePing
    /// protocol: 1 MiB of content plus its envelope (six fields, of which two ids of up to 255
    /// bytes each; under 1 KiB), rounded up to 4 KiB.
    std::uint32_t message_bytes_max = 1024 * 1024 + 4 * 1024;
    /// Frames of one message. Known clients send one; a proxy that cuts at 1 KiB sends 1,028.
    std::uint32_t fragments_max = 1024;
};

/// What a compressed message may have on the wire: as much as zlib makes of one at the limit at
/// worst (deflateBound() with the smallest tables), so that no honest one is refused for what its
/// compression cost. What it becomes is counted apart, and exactly.
constexpr std::uint64_t compressed_bytes_max(const MessageLimits& limits) noexcept {
    const std::uint64_t size = limits.message_bytes_max;
    return size + size / 8 + size / 64 + 64;
}

/// Payload of one message while memory is short (requirement D4): all but images. Who has begun a
/// larger one is told to try again, so that a hundred who never end theirs cannot fill what is
/// left.
inline constexpr std::uint32_t pressed_message_bytes_max = 64 * 1024;

/// The same when hardly any is left: voice, which has 300 bytes, and a few words. So that thousands
/// cannot: of 1 GiB the twentieth part that is left then is that much for each of 50,000.
inline constexpr std::uint32_t starved_message_bytes_max = 1024;

}  // namespace parley::ws
