#include "ws/frame_reader.h"

#include <algorithm>
#include <cstring>
#include <simdjson.h>

#include "ws/gathered.h"

namespace parley::ws {
namespace {

constexpr std::byte fin_bit{0x80};
constexpr std::byte rsv_bits{0x70};
constexpr std::byte rsv1_bit{0x40};
constexpr std::byte opcode_bits{0x0f};
constexpr std::byte mask_bit{0x80};
constexpr std::byte length_bits{0x7f};
constexpr std::size_t start_bytes = 2;  // what every head begins with

constexpr bool is_known(Opcode opcode) noexcept {
    return opcode <= Opcode::binary || (opcode >= Opcode::close && opcode <= Opcode::pong);
}

constexpr bool is_control(Opcode opcode) noexcept {
    return opcode >= Opcode::close;
}

constexpr std::size_t mask_size(Role role) noexcept {
    return role == Role::server ? sizeof(MaskKey) : 0;
}

constexpr Opcode opcode_of(const std::byte* head) noexcept {
    return static_cast<Opcode>(head[0] & opcode_bits);
}

/// Bytes of length behind the first two.
constexpr std::size_t extended_size(const std::byte* head) noexcept {
    switch (std::to_integer<unsigned>(head[1] & length_bits)) {
        case 126:
            return 2;
        case 127:
            return 8;
        default:
            return 0;
    }
}

constexpr std::uint64_t declared_size(const std::byte* head) noexcept {
    const std::size_t extended = extended_size(head);
    if (extended == 0) return std::to_integer<std::uint64_t>(head[1] & length_bits);
    std::uint64_t size = 0;
    for (std::size_t i = 0; i < extended; ++i) {
        size = size << 8 | std::to_integer<std::uint64_t>(head[start_bytes + i]);
    }
    return size;
}

bool is_compressed(const std::byte* head) noexcept {
    return (head[0] & rsv1_bit) != std::byte{};
}

bool is_utf8(std::span<const std::byte> text) noexcept {
    return text.empty() ||
           simdjson::validate_utf8(reinterpret_cast<const char*>(text.data()), text.size());
}

}  // namespace

FrameCutter::FrameCutter() noexcept : progress_{.head = {}} {}
FrameCutter::FrameCutter(FrameCutter&& other) noexcept = default;
FrameCutter& FrameCutter::operator=(FrameCutter&& other) noexcept = default;
FrameCutter::~FrameCutter() = default;

std::size_t FrameCutter::gathered_bytes() const noexcept {
    if (gathered_ == nullptr) return 0;
    return gathered_->message.capacity() + gathered_->waiting.capacity();
}

Received FrameCutter::next(std::span<std::byte>& input, const Rules& rules) noexcept {
    if (gathered_ != nullptr && stage_ != Stage::payload && !message_is_open()) gathered_.reset();
    while (stage_ != Stage::ended) {
        Frame frame;  // kept in progress_ only if it does not end here
        if (stage_ == Stage::head) {
            if (const auto broken = take_head(frame, input, rules)) return fail(*broken);
            if (stage_ == Stage::head) return {};
        } else {
            frame = progress_.frame;
        }
        const Received received = take_payload(frame, input, rules);
        if (received.what != Received::What::need_more || stage_ == Stage::payload) return received;
        // A fragment that does not end its message: read on.
    }
    input = {};
    return {};
}

/// Enters Stage::payload when the head is whole. Gives the reason if it breaks a rule.
std::optional<CloseCode> FrameCutter::take_head(Frame& frame, std::span<std::byte>& input,
                                                const Rules& rules) noexcept {
    const std::size_t mask_bytes = mask_size(rules.role);
    if (progress_.head.received == 0 && input.size() >= head_bytes_max) {  // read it where it lies
        const std::byte* head = input.data();
        if (const auto broken = judge_start(head, rules)) return broken;
        if (const auto broken = judge_length(head, rules)) return broken;
        input = input.subspan(start_bytes + extended_size(head) + mask_bytes);
        begin_payload(frame, head, mask_bytes);
        return {};
    }
    if (!fill_head(input, start_bytes)) return {};
    if (const auto broken = judge_start(progress_.head.bytes.data(), rules)) return broken;
    const std::size_t unmasked_size = start_bytes + extended_size(progress_.head.bytes.data());
    if (!fill_head(input, unmasked_size)) return {};
    if (const auto broken = judge_length(progress_.head.bytes.data(), rules)) return broken;
    if (!fill_head(input, unmasked_size + mask_bytes)) return {};
    begin_payload(frame, progress_.head.bytes.data(), mask_bytes);
    return {};
}

/// Moves input into progress_.head until that has `wanted` bytes; false if there is not enough.
bool FrameCutter::fill_head(std::span<std::byte>& input, std::size_t wanted) noexcept {
    if (progress_.head.received >= wanted) return true;
    const std::size_t taken = std::min(wanted - progress_.head.received, input.size());
    std::copy_n(input.begin(), taken, progress_.head.bytes.begin() + progress_.head.received);
    progress_.head.received = static_cast<std::uint8_t>(progress_.head.received + taken);
    input = input.subspan(taken);
    return progress_.head.received == wanted;
}

/// Judges the first two bytes.
std::optional<CloseCode> FrameCutter::judge_start(const std::byte* head,
                                                  const Rules& rules) const noexcept {
    const Opcode opcode = opcode_of(head);
    const bool is_final = (head[0] & fin_bit) != std::byte{};
    const bool is_masked = (head[1] & mask_bit) != std::byte{};
    // RSV1 says that a message is compressed: on its first frame, and nowhere else.
    const bool may_compress =
        rules.inflation != nullptr && (opcode == Opcode::text || opcode == Opcode::binary);
    const std::byte forbidden = may_compress ? rsv_bits & ~rsv1_bit : rsv_bits;
    if ((head[0] & forbidden) != std::byte{}) return CloseCode::protocol_error;
    if (!is_known(opcode)) return CloseCode::protocol_error;
    if (is_masked != (rules.role == Role::server)) return CloseCode::protocol_error;
    if (is_control(opcode)) {
        if (is_final && extended_size(head) == 0) return {};
        return CloseCode::protocol_error;
    }
    if ((opcode == Opcode::continuation) != message_is_open()) return CloseCode::protocol_error;
    const std::uint32_t fragments = message_is_open() ? gathered_->fragments : 0;
    if (fragments >= rules.limits.fragments_max) return CloseCode::policy;
    return {};
}

/// Judges the length, once all bytes of it are there.
std::optional<CloseCode> FrameCutter::judge_length(const std::byte* head,
                                                   const Rules& rules) const noexcept {
    if (is_control(opcode_of(head))) return {};
    const std::uint64_t size = declared_size(head);
    const std::size_t extended = extended_size(head);
    const bool top_bit = size >> 63 != 0;
    const bool is_minimal = start_bytes + extended == head_size(size);
    if (top_bit || !is_minimal) return CloseCode::protocol_error;
    // Both are below 2^63, so the sum cannot wrap.
    if (message_is_open() ? gathered_->is_compressed : is_compressed(head)) {
        const std::uint64_t before = message_is_open() ? gathered_->wire_bytes : 0;
        if (before + size > compressed_bytes_max(rules.limits)) return CloseCode::too_big;
        return {};
    }
    const std::uint64_t before = message_is_open() ? gathered_->message.size() : 0;
    if (before + size > rules.limits.message_bytes_max) return CloseCode::too_big;
    return {};
}

/// Requires a whole head that was judged.
void FrameCutter::begin_payload(Frame& frame, const std::byte* head,
                                std::size_t mask_bytes) noexcept {
    frame.size = static_cast<std::uint32_t>(declared_size(head));
    frame.received = 0;
    if (mask_bytes > 0) {
        std::memcpy(frame.mask.data(), head + start_bytes + extended_size(head), sizeof(MaskKey));
    }
    frame.opcode = opcode_of(head);
    frame.is_final = (head[0] & fin_bit) != std::byte{};
    frame.is_compressed = is_compressed(head);
    if (frame.opcode == Opcode::continuation) {
        ++gathered_->fragments;
        gathered_->wire_bytes += frame.size;
        frame.is_compressed = gathered_->is_compressed;
    }
    stage_ = Stage::payload;
}

void FrameCutter::begin_head() noexcept {
    progress_.head.received = 0;
    stage_ = Stage::head;
}

/// Back to Stage::head when the frame is whole; else all input is consumed.
Received FrameCutter::take_payload(Frame& frame, std::span<std::byte>& input,
                                   const Rules& rules) noexcept {
    const std::size_t missing = frame.size - frame.received;
    const std::span<std::byte> piece = input.first(std::min(missing, input.size()));
    input = input.subspan(piece.size());
    const bool is_whole = piece.size() == missing;
    if (rules.role == Role::server) apply_mask(piece, frame.mask, frame.received);

    frame.received += static_cast<std::uint32_t>(piece.size());
    if (is_whole) {
        begin_head();
    } else {
        progress_.frame = frame;
        if (piece.empty()) return {};
    }
    const bool is_at_once = is_whole && piece.size() == frame.size;
    const bool is_alone =
        is_control(frame.opcode) || (frame.is_final && frame.opcode != Opcode::continuation);
    if (frame.is_compressed) {
        return is_at_once && is_alone ? inflate_whole(frame, piece, rules)
                                      : inflate_piece(frame, piece, rules);
    }
    if (!is_at_once || !is_alone) return gather(frame, piece, rules);
    if (is_control(frame.opcode)) return deliver_control(frame.opcode, piece);
    if (frame.opcode == Opcode::text && !is_utf8(piece)) return fail(CloseCode::invalid_payload);
    return deliver_message(frame.opcode, piece);
}

/// Keeps a piece of the frame, which it has counted; gives what is whole with it.
Received FrameCutter::gather(const Frame& frame, std::span<const std::byte> piece,
                             const Rules& rules) noexcept {
    const bool frame_is_whole = stage_ == Stage::head;
    if (gathered_ == nullptr) gathered_ = std::make_unique<Gathered>();
    Gathered& gathered = *gathered_;
    if (is_control(frame.opcode)) {
        const std::size_t before = frame.received - piece.size();
        std::memcpy(gathered.control.data() + before, piece.data(), piece.size());
        if (!frame_is_whole) return {};
        return deliver_control(frame.opcode, std::span{gathered.control}.first(frame.size));
    }
    if (gathered.fragments == 0) {
        gathered.fragments = 1;
        gathered.opcode = frame.opcode;
    }
    // The heads were judged by the limit of their time: it may be less by now.
    if (gathered.message.size() + piece.size() > rules.limits.message_bytes_max) {
        return fail(CloseCode::too_big);
    }
    if (gathered.opcode == Opcode::text && !gathered.text.feed(piece)) {
        return fail(CloseCode::invalid_payload);
    }
    gathered.message.insert(gathered.message.end(), piece.begin(), piece.end());
    if (!frame_is_whole || !frame.is_final) return {};
    if (!gathered.text.is_complete()) return fail(CloseCode::invalid_payload);
    gathered.fragments = 0;  // read now, and freed by the next call
    return deliver_message(gathered.opcode, gathered.message);
}

Received FrameCutter::deliver_message(Opcode opcode, std::span<std::byte> payload) noexcept {
    const auto what = opcode == Opcode::text ? Received::What::text : Received::What::binary;
    return {.what = what, .payload = payload};
}

Received FrameCutter::deliver_control(Opcode opcode, std::span<std::byte> payload) noexcept {
    if (opcode == Opcode::close) return deliver_close(payload);
    const auto what = opcode == Opcode::ping ? Received::What::ping : Received::What::pong;
    return {.what = what, .payload = payload};
}

Received FrameCutter::deliver_close(std::span<std::byte> payload) noexcept {
    CloseCode code = CloseCode::no_status;
    if (!payload.empty()) {
        if (payload.size() < 2) return fail(CloseCode::protocol_error);
        const auto number = static_cast<std::uint16_t>(std::to_integer<unsigned>(payload[0]) << 8 |
                                                       std::to_integer<unsigned>(payload[1]));
        if (!may_be_sent_by_client(number)) return fail(CloseCode::protocol_error);
        if (!is_utf8(payload.subspan(2))) return fail(CloseCode::invalid_payload);
        code = static_cast<CloseCode>(number);
    }
    stage_ = Stage::ended;
    return {.what = Received::What::close, .payload = payload, .code = code};
}

Received FrameCutter::fail(CloseCode code) noexcept {
    stage_ = Stage::ended;
    gathered_.reset();
    return {.what = Received::What::failed, .code = code};
}

/// Between frames: a message has begun and its next fragment must come.
bool FrameCutter::message_is_open() const noexcept {
    return gathered_ != nullptr && gathered_->fragments > 0;
}

}  // namespace parley::ws
