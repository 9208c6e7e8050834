// frame: the words around a WebSocket payload (RFC 6455 section 5.2), and its mask.
//
// Writes whole frames only: a sender here never fragments. Reading is FrameReader's business.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::ws {

enum class Opcode : std::uint8_t {
    continuation = 0x0,
    text = 0x1,
    binary = 0x2,
    close = 0x8,
    ping = 0x9,
    pong = 0xa,
};

/// Chosen anew, unpredictably, by the client for each frame; sent in front of the payload.
using MaskKey = std::array<std::byte, 4>;

/// Two bytes, eight of an extended length, four of a mask.
inline constexpr std::size_t head_bytes_max = 2 + 8 + 4;

/// Bytes of the head of a server's frame; a client's has four more.
constexpr std::size_t head_size(std::uint64_t payload_size) noexcept {
    if (payload_size < 126) return 2;
    return payload_size < 0x10000 ? 4 : 10;
}

/// Writes the head of a server's frame, final and unmasked, and gives its size. Requires room for
/// head_size(payload_size) bytes.
std::size_t write_head(Opcode opcode, std::uint64_t payload_size,
                       std::span<std::byte> out) noexcept;

/// Likewise for a client's frame: with the key that the payload must be masked with.
std::size_t write_client_head(Opcode opcode, std::uint64_t payload_size, const MaskKey& key,
                              std::span<std::byte> out) noexcept;

/// Masks or unmasks in place. `offset` is where in its frame's payload `bytes` begins.
void apply_mask(std::span<std::byte> bytes, const MaskKey& key, std::size_t offset) noexcept;

}  // namespace parley::ws
