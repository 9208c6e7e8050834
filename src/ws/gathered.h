// FrameCutter::Gathered: what a frame reader keeps of something that arrives in pieces. Its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ws/frame_reader.h"
#include "ws/inflater.h"
#include "ws/utf8_stream.h"

namespace parley::ws {

/// What arrived of a message or a control frame that did not arrive at once. Lives from its first
/// byte until it was read.
struct FrameCutter::Gathered {
    std::vector<std::byte> message;  ///< inflated, if it came compressed
    std::uint32_t fragments = 0;     ///< frames of the message so far; 0: there is none
    Opcode opcode{};                 ///< of the message
    Utf8Stream text;                 ///< of the message, if it is text
    std::array<std::byte, control_bytes_max> control{};

    // Of a compressed message.
    bool is_compressed = false;
    std::uint64_t wire_bytes = 0;    ///< of its frames whose heads were read
    Inflaters::Lent lent;            ///< what inflates it, unless the connection has its own
    std::vector<std::byte> waiting;  ///< what could not be inflated yet: too many were lent

    /// Null if it has to wait.
    Inflater* inflater(const Inflation& inflation, bool is_last) noexcept {
        if (inflation.own != nullptr) return inflation.own;
        if (!lent) lent = inflation.shared.lend();
        if (lent || !is_last) return lent.get();
        inflation.shared.shared().begin_anew();
        return &inflation.shared.shared();
    }
};

}  // namespace parley::ws
