#include "ws/compression.h"

#include "base/assert.h"

namespace parley::ws {

Agreed Compression::agree(const Connection& who, const DeflateTerms& terms) {
    ++counters_.agreed;
    if (terms.send_takeover || terms.receive_takeover) {
        contexts_.insert_or_assign(&who, Context{.send_window_bits = terms.send_window_bits,
                                                 .receive_window_bits = terms.receive_window_bits});
    }
    return {terms.send_window_bits, terms.send_takeover, terms.receive_takeover};
}

Inflation Compression::inflation(const Connection& who, Agreed agreed) noexcept {
    if (!agreed.keeps_received) return {.shared = inflaters_, .own = nullptr};
    const auto found = contexts_.find(&who);
    PARLEY_ASSERT(found != contexts_.end());
    Context& context = found->second;
    if (!context.inflater) {
        context.inflater = std::make_unique<Inflater>(context.receive_window_bits);
    }
    return {.shared = inflaters_, .own = context.inflater.get()};
}

FrameRef Compression::frame_for(const Connection& who, Agreed agreed, Outgoing& message) noexcept {
    if (agreed.send_window_bits == 0) return message.plain().share();
    FrameRef frame;
    if (agreed.keeps_sent) {
        const auto found = contexts_.find(&who);
        PARLEY_ASSERT(found != contexts_.end());
        frame = next_of(found->second, message);
    } else {
        frame = message.for_window(agreed.send_window_bits, deflaters_, frames_);
    }
    if (frame && frame.get() != message.plain().get()) ++counters_.deflated;
    return frame;
}

// Once the deflater has seen it the peer must see it as well, or it could not read the next.
FrameRef Compression::next_of(Context& context, const Outgoing& message) noexcept {
    if (!context.deflater) {
        context.deflater =
            std::make_unique<Deflater>(context.send_window_bits, Deflater::Memory::own);
    }
    context.deflater->compress_next(message.payload(), deflaters_.scratch());
    FrameRef frame = encode_compressed(frames_, message.opcode(), deflaters_.scratch());
    deflaters_.trim();
    return frame;
}

}  // namespace parley::ws
