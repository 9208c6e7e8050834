// frames: builds WebSocket frames, right and wrong ones, and reads them back, for the tests of ws.
//
// Written apart from ws/frame.h on purpose: a mistake there must not hide one in the reader.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ws/frame_reader.h"

namespace parley::ws {

using Bytes = std::vector<std::byte>;
using What = Received::What;

inline Bytes to_bytes(std::string_view text) {
    Bytes bytes(text.size());
    std::transform(text.begin(), text.end(), bytes.begin(),
                   [](char c) { return static_cast<std::byte>(c); });
    return bytes;
}

inline std::string to_text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A frame as it is told, not as it must be.
struct Spec {
    std::string payload = {};
    bool fin = true;
    unsigned rsv = 0;                            ///< 4: RSV1, 2: RSV2, 1: RSV3
    bool masked = true;                          ///< with the key 37 fa 21 3d
    unsigned length_bytes = 99;                  ///< of the extended length; 99: the fewest
    std::uint64_t declared = ~std::uint64_t{0};  ///< the length to write; all ones: the true one
};

inline Bytes frame(unsigned opcode, const Spec& spec) {
    constexpr unsigned char key[] = {0x37, 0xfa, 0x21, 0x3d};
    const std::uint64_t size =
        spec.declared == ~std::uint64_t{0} ? spec.payload.size() : spec.declared;
    unsigned length_bytes = spec.length_bytes;
    if (length_bytes == 99) length_bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
    const std::uint64_t code = length_bytes == 0 ? size : length_bytes == 2 ? 126 : 127;

    Bytes out;
    const auto put = [&](std::uint64_t value) { out.push_back(static_cast<std::byte>(value)); };
    put((spec.fin ? 0x80u : 0u) | spec.rsv << 4 | opcode);
    put((spec.masked ? 0x80u : 0u) | code);
    for (unsigned i = length_bytes; i-- > 0;)
        put(size >> (8 * i) & 0xff);
    for (int i = 0; spec.masked && i < 4; ++i)
        put(key[i]);
    for (std::size_t i = 0; i < spec.payload.size(); ++i) {
        const auto byte = static_cast<unsigned char>(spec.payload[i]);
        put(spec.masked ? byte ^ key[i % 4] : byte);
    }
    return out;
}

inline Bytes text(std::string payload) {
    return frame(0x1, {.payload = std::move(payload)});
}
inline Bytes binary(std::string payload) {
    return frame(0x2, {.payload = std::move(payload)});
}
inline Bytes ping(std::string payload) {
    return frame(0x9, {.payload = std::move(payload)});
}
inline Bytes close(std::string payload) {
    return frame(0x8, {.payload = std::move(payload)});
}
/// A first fragment, one in the middle, and the last.
inline Bytes begin(unsigned opcode, std::string payload) {
    return frame(opcode, {.payload = std::move(payload), .fin = false});
}
inline Bytes middle(std::string payload) {
    return frame(0x0, {.payload = std::move(payload), .fin = false});
}
inline Bytes end(std::string payload) {
    return frame(0x0, {.payload = std::move(payload)});
}

/// The first frame of a compressed message.
inline Bytes compressed(unsigned opcode, std::string payload, bool fin = true) {
    return frame(opcode, {.payload = std::move(payload), .fin = fin, .rsv = 4});
}

inline Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

/// One thing that was read, with its payload kept.
struct Event {
    What what;
    std::string payload = {};
    int code = 0;  ///< of close and failed

    friend bool operator==(const Event&, const Event&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Event& event) {
        return out << "{what " << static_cast<int>(event.what) << ", code " << event.code << ", "
                   << event.payload.size() << " bytes}";
    }
};
using Events = std::vector<Event>;

inline Event failed(CloseCode code) {
    return {.what = What::failed, .code = static_cast<int>(code)};
}
inline Event closed(int code, std::string payload) {
    return {.what = What::close, .payload = std::move(payload), .code = code};
}

/// Reads `piece` from memory of exactly its size until more is needed, and adds what it was.
inline void read_piece(FrameReader& reader, std::span<const std::byte> piece, Events& events) {
    Bytes exact(piece.begin(), piece.end());
    std::span<std::byte> input{exact};
    while (true) {
        const Received received = reader.next(input);
        if (received.what == What::need_more) break;
        Event event{.what = received.what, .payload = to_text(received.payload)};
        if (event.what == What::close || event.what == What::failed) {
            event.code = static_cast<int>(received.code);
        }
        events.push_back(std::move(event));
    }
    if (!input.empty()) events.push_back({.what = What::need_more, .payload = "left input"});
}

inline Events read_cut(FrameReader& reader, std::span<const std::byte> bytes, std::size_t piece) {
    Events events;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        read_piece(reader, bytes.subspan(at, std::min(piece, bytes.size() - at)), events);
    }
    return events;
}

/// What a server makes of `bytes` that came at once.
inline Events read(const Bytes& bytes) {
    FrameReader reader{Role::server, MessageLimits{}};
    return read_cut(reader, bytes, bytes.size() + 1);
}

/// Likewise, in single bytes.
inline Events read_slowly(const Bytes& bytes) {
    FrameReader reader{Role::server, MessageLimits{}};
    return read_cut(reader, bytes, 1);
}

}  // namespace parley::ws
