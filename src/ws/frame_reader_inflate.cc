// The part of the frame reader that takes compressed messages.
#include <utility>

#include "ws/gathered.h"

namespace parley::ws {
namespace {

CloseCode code_of(Inflater::Outcome outcome) noexcept {
    return outcome == Inflater::Outcome::too_big ? CloseCode::too_big : CloseCode::invalid_payload;
}

}  // namespace

/// A compressed message that is one frame and lies whole in the input.
Received FrameCutter::inflate_whole(const Frame& frame, std::span<const std::byte> payload,
                                    const Rules& rules) noexcept {
    const Inflation& inflation = *rules.inflation;
    Inflater& inflater = inflation.own != nullptr ? *inflation.own : inflation.shared.shared();
    if (inflation.own != nullptr) {
        inflater.begin();
    } else {
        inflater.begin_anew();
    }
    Utf8Stream text;
    std::vector<std::byte>& message = inflation.shared.scratch();
    const Inflater::Into into{message, frame.opcode == Opcode::text ? &text : nullptr,
                              rules.limits.message_bytes_max};
    auto outcome = inflater.take(payload, into);
    if (outcome == Inflater::Outcome::fine) outcome = inflater.finish(into);
    const bool is_good = outcome == Inflater::Outcome::fine && text.is_complete();
    if (is_good && message.size() <= Inflaters::kept_bytes_max) {
        return deliver_message(frame.opcode, message);
    }
    // Too large for the shard to keep: freed with the next call, or now.
    std::vector<std::byte> large = std::exchange(message, {});
    if (!is_good) return fail(code_of(outcome));
    gathered_ = std::make_unique<Gathered>();
    gathered_->message = std::move(large);
    return deliver_message(frame.opcode, gathered_->message);
}

/// A piece of a compressed message that comes in several.
Received FrameCutter::inflate_piece(const Frame& frame, std::span<const std::byte> piece,
                                    const Rules& rules) noexcept {
    if (gathered_ == nullptr) gathered_ = std::make_unique<Gathered>();
    Gathered& gathered = *gathered_;
    if (gathered.fragments == 0) {
        gathered.fragments = 1;
        gathered.opcode = frame.opcode;
        gathered.is_compressed = true;
        gathered.wire_bytes = frame.size;
        if (rules.inflation->own != nullptr) rules.inflation->own->begin();
    }
    const bool is_last = stage_ == Stage::head && frame.is_final;
    Inflater* const inflater = gathered.inflater(*rules.inflation, is_last);
    if (inflater == nullptr) {
        gathered.waiting.insert(gathered.waiting.end(), piece.begin(), piece.end());
        return {};
    }
    const bool is_text = gathered.opcode == Opcode::text;
    const Inflater::Into into{gathered.message, is_text ? &gathered.text : nullptr,
                              rules.limits.message_bytes_max};
    auto outcome = inflater->take(std::exchange(gathered.waiting, {}), into);
    if (outcome == Inflater::Outcome::fine) outcome = inflater->take(piece, into);
    if (outcome == Inflater::Outcome::fine && is_last) outcome = inflater->finish(into);
    if (outcome != Inflater::Outcome::fine) return fail(code_of(outcome));
    if (!is_last) return {};
    if (!gathered.text.is_complete()) return fail(CloseCode::invalid_payload);
    gathered.fragments = 0;  // read now, and freed by the next call
    return deliver_message(gathered.opcode, gathered.message);
}

}  // namespace parley::ws
