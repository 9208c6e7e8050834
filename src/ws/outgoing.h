// outgoing: messages on their way out: as frames, and compressed for those who agreed on that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "shard/frame.h"
#include "ws/deflater.h"
#include "ws/frame.h"

namespace parley::ws {

/// One whole frame of `opcode` in the shard's memory; empty if that is used up.
FrameRef encode_frame(FramePool& frames, Opcode opcode,
                      std::span<const std::byte> payload) noexcept;

/// Likewise of a message whose payload is compressed already.
FrameRef encode_compressed(FramePool& frames, Opcode opcode,
                           std::span<const std::byte> compressed) noexcept;

/// Smaller messages are sent as they are. A text of 256 octets by itself becomes some 70 smaller,
/// more than the head of the packet (52 octets of IP and TCP) that carries it; of 128 it is 20,
/// which nobody will notice. The test DeflaterTest.TheThresholdIsWhereAPacketsHeadIsSaved holds it.
inline constexpr std::size_t deflate_bytes_min = 256;

/// A message on its way to one or many: its frame, and the same frame compressed, which is made
/// when the first recipient wants it and shared by all who can read it. Lives for one fan-out.
class Outgoing {
public:
    enum class Compress : std::uint8_t { never, if_agreed };

    /// `frame` is one whole frame, uncompressed; or empty, if there was no memory for one.
    Outgoing(FrameRef frame, Compress compress) noexcept;

    explicit operator bool() const noexcept { return static_cast<bool>(plain_); }
    const FrameRef& plain() const noexcept { return plain_; }
    /// True if it is worth compressing for whoever agreed.
    bool may_compress() const noexcept { return may_compress_; }
    /// The payload of the plain frame.
    std::span<const std::byte> payload() const noexcept;
    Opcode opcode() const noexcept;

    /// What a connection sends whose messages stand by themselves, and whose peer has a window of
    /// 2^`window_bits`: the plain frame where compression does not help.
    FrameRef for_window(std::uint8_t window_bits, Deflaters& deflaters, FramePool& frames) noexcept;

private:
    FrameRef compress(Deflater& deflater, Deflaters& deflaters, FramePool& frames) const noexcept;

    FrameRef plain_;
    FrameRef compressed_;  // for the largest window; empty as well if that was not smaller
    bool is_tried_ = false;
    bool may_compress_;
};

}  // namespace parley::ws
