#include "ws/outgoing.h"

#include <cstring>
#include <utility>

namespace parley::ws {
namespace {

constexpr std::byte rsv1_bit{0x40};
constexpr std::byte opcode_bits{0x0f};
constexpr std::byte length_bits{0x7f};

}  // namespace

FrameRef encode_frame(FramePool& frames, Opcode opcode,
                      std::span<const std::byte> payload) noexcept {
    const std::size_t head = head_size(payload.size());
    FrameRef frame = frames.allocate(head + payload.size());
    if (!frame) return frame;
    write_head(opcode, payload.size(), frame.space());
    if (!payload.empty()) std::memcpy(frame.space().data() + head, payload.data(), payload.size());
    frame.set_size(head + payload.size());
    return frame;
}

FrameRef encode_compressed(FramePool& frames, Opcode opcode,
                           std::span<const std::byte> compressed) noexcept {
    const std::size_t head = head_size(compressed.size());
    FrameRef frame = frames.allocate(head + compressed.size());
    if (!frame) return frame;
    write_head(opcode, compressed.size(), frame.space());
    frame.space()[0] |= rsv1_bit;
    std::memcpy(frame.space().data() + head, compressed.data(), compressed.size());
    frame.set_size(head + compressed.size());
    return frame;
}

Outgoing::Outgoing(FrameRef frame, Compress compress) noexcept
    : plain_(std::move(frame)),
      may_compress_(plain_ && compress == Compress::if_agreed &&
                    payload().size() >= deflate_bytes_min) {}

std::span<const std::byte> Outgoing::payload() const noexcept {
    const auto bytes = plain_.bytes();
    switch (std::to_integer<unsigned>(bytes[1] & length_bits)) {
        case 126:
            return bytes.subspan(4);
        case 127:
            return bytes.subspan(10);
        default:
            return bytes.subspan(2);
    }
}

Opcode Outgoing::opcode() const noexcept {
    return static_cast<Opcode>(plain_.bytes()[0] & opcode_bits);
}

FrameRef Outgoing::for_window(std::uint8_t window_bits, Deflaters& deflaters,
                              FramePool& frames) noexcept {
    // No reference reaches back further than the message is long, so a short one is the same for
    // every window.
    const bool fits_all = payload().size() <= std::size_t{1} << window_bits;
    if (window_bits != window_bits_max && !fits_all) {
        FrameRef frame = compress(deflaters.with_window(window_bits), deflaters, frames);
        return frame ? std::move(frame) : plain_.share();
    }
    if (!std::exchange(is_tried_, true)) {
        compressed_ = compress(deflaters.with_window(window_bits_max), deflaters, frames);
    }
    return compressed_ ? compressed_.share() : plain_.share();
}

FrameRef Outgoing::compress(Deflater& deflater, Deflaters& deflaters,
                            FramePool& frames) const noexcept {
    FrameRef frame;
    if (deflater.compress_alone(payload(), deflaters.scratch())) {
        frame = encode_compressed(frames, opcode(), deflaters.scratch());
    }
    deflaters.trim();
    return frame;
}

}  // namespace parley::ws
