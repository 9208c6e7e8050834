// ws_things: what a frame reader gives, in a form that two readings of a stream are compared by.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/assert.h"
#include "ws/frame_reader.h"

namespace parley::fuzz {

using ws::Received;

struct Thing {
    Received::What what{};
    ws::CloseCode code{};
    std::string payload;

    friend bool operator==(const Thing&, const Thing&) = default;
};

/// Reads one piece to its end. False once the stream is over.
inline bool read_piece(ws::FrameReader& reader, std::span<std::byte> piece,
                       const ws::MessageLimits& limits, std::vector<Thing>& things) {
    while (true) {
        const Received received = reader.next(piece);
        if (received.what == Received::What::need_more) {
            PARLEY_ASSERT(piece.empty());
            return true;
        }
        const bool is_message =
            received.what == Received::What::text || received.what == Received::What::binary;
        PARLEY_ASSERT(received.payload.size() <=
                      (is_message ? limits.message_bytes_max : ws::control_bytes_max));
        things.push_back(
            {received.what,
             received.code,
             {reinterpret_cast<const char*>(received.payload.data()), received.payload.size()}});
        if (received.what == Received::What::failed || received.what == Received::What::close) {
            return false;
        }
    }
}

}  // namespace parley::fuzz
