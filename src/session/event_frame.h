// event_frame: an event as one WebSocket frame of the VoicePing format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "shard/frame.h"
#include "wire/message.h"
#include "ws/outgoing.h"

namespace parley::session {

/// Bytes of the event as a frame: head and message.
std::size_t event_frame_size(const wire::Event& event) noexcept;

/// Writes it. Requires exactly event_frame_size() bytes of room.
void write_event_frame(const wire::Event& event, std::span<std::byte> out) noexcept;

/// One frame in the shard's memory; empty if that is used up.
FrameRef encode_event(FramePool& frames, const wire::Event& event) noexcept;

/// Larger ones are sent as they are: 64 KiB take a millisecond to compress, and the voice of the
/// shard waits as long. It is the largest text that a client needs (requirement B2); what is larger
/// is a picture, and compressed by its own format.
inline constexpr std::size_t deflate_bytes_max = std::size_t{64} << 10;

/// Likewise, to be compressed for whoever agreed on that: words of a useful size are, voice and
/// pictures never.
ws::Outgoing encode_message(FramePool& frames, const wire::Event& event) noexcept;

/// Likewise of what is a message of the format already; a picture is `media`.
enum class Body : std::uint8_t { words, media };
ws::Outgoing encode_body(FramePool& frames, std::span<const std::byte> body, Body kind) noexcept;

}  // namespace parley::session
