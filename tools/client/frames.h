// WebSocket frames as a client sends them; ws::FrameReader reads those of the server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "client/voiceping.h"
#include "ws/frame.h"

namespace parley::client {

/// Appends one whole frame with `payload`, masked with `mask`, to `out`.
void append_client_frame(Bytes& out, ws::Opcode opcode, std::span<const std::byte> payload,
                         std::uint32_t mask);

}  // namespace parley::client
