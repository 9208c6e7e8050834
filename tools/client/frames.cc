// WebSocket frames as a client sends them.
#include "client/frames.h"

#include <algorithm>
#include <bit>

namespace parley::client {

void append_client_frame(Bytes& out, ws::Opcode opcode, std::span<const std::byte> payload,
                         std::uint32_t mask) {
    const auto key = std::bit_cast<ws::MaskKey>(mask);
    const std::size_t start = out.size();
    out.resize(start + ws::head_bytes_max + payload.size());
    const auto frame = std::span{out}.subspan(start);
    const std::size_t head_bytes = ws::write_client_head(opcode, payload.size(), key, frame);
    const auto masked = frame.subspan(head_bytes, payload.size());
    std::ranges::copy(payload, masked.begin());
    ws::apply_mask(masked, key, 0);
    out.resize(start + head_bytes + payload.size());
}

}  // namespace parley::client
