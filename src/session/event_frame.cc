#include "session/event_frame.h"

#include "wire/voiceping.h"
#include "ws/frame.h"

namespace parley::session {

std::size_t event_frame_size(const wire::Event& event) noexcept {
    const std::size_t payload = wire::voiceping::encoded_size(event);
    return ws::head_size(payload) + payload;
}

void write_event_frame(const wire::Event& event, std::span<std::byte> out) noexcept {
    const std::size_t payload = wire::voiceping::encoded_size(event);
    const std::size_t head = ws::head_size(payload);
    ws::write_head(ws::Opcode::binary, payload, out);
    wire::voiceping::encode(event, out.subspan(head));
}

FrameRef encode_event(FramePool& frames, const wire::Event& event) noexcept {
    const std::size_t size = event_frame_size(event);
    FrameRef frame = frames.allocate(size);
    if (!frame) return frame;
    write_event_frame(event, frame.space());
    frame.set_size(size);
    return frame;
}

ws::Outgoing encode_message(FramePool& frames, const wire::Event& event) noexcept {
    const bool is_media = event.kind == wire::Kind::audio || event.kind == wire::Kind::image;
    const bool is_large = wire::voiceping::encoded_size(event) > deflate_bytes_max;
    using Compress = ws::Outgoing::Compress;
    return {encode_event(frames, event),
            is_media || is_large ? Compress::never : Compress::if_agreed};
}

ws::Outgoing encode_body(FramePool& frames, std::span<const std::byte> body, Body kind) noexcept {
    const bool is_large = body.size() > deflate_bytes_max;
    using Compress = ws::Outgoing::Compress;
    return {ws::encode_frame(frames, ws::Opcode::binary, body),
            kind == Body::media || is_large ? Compress::never : Compress::if_agreed};
}

}  // namespace parley::session
