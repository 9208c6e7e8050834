// event_frame: an event as one WebSocket frame of the VoicePing format.
#pragma once

#include <cstddef>
#include <span>

#include "shard/frame.h"
#include "wire/message.h"

namespace parley::session {

/// Bytes of the event as a frame: head and message.
std::size_t event_frame_size(const wire::Event& event) noexcept;

/// Writes it. Requires exactly event_frame_size() bytes of room.
void write_event_frame(const wire::Event& event, std::span<std::byte> out) noexcept;

/// One frame in the shard's memory; empty if that is used up.
FrameRef encode_event(FramePool& frames, const wire::Event& event) noexcept;

}  // namespace parley::session
