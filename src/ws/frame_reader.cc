#include "ws/frame_reader.h"

#include <algorithm>
#include <cstring>
#include <simdjson.h>
#include <vector>

#include "ws/utf8_stream.h"

namespace parley::ws {
namespace {

constexpr std::byte fin_bit{0x80};
constexpr std::byte rsv_bits{0x70};
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

bool is_utf8(std::span<const std::byte> text) noexcept {
    return text.empty() ||
           simdjson::validate_utf8(reinterpret_cast<const char*>(text.data()), text.size());
}

}  // namespace

/// What arrived of a message or a control frame that did not arrive at once. Lives from its first
/// byte until it was read.
struct FrameReader::Gathered {
    std::vector<std::byte> message;
    std::uint32_t fragments = 0;  ///< frames of the message so far; 0: there is none
    Opcode opcode{};              ///< of the message
    Utf8Stream text;              ///< of the message, if it is text
    std::array<std::byte, control_bytes_max> control{};
};

FrameReader::FrameReader(Role role, const MessageLimits& limits) noexcept
    : limits_(limits), role_(role) {}
FrameReader::FrameReader(FrameReader&& other) noexcept = default;
FrameReader& FrameReader::operator=(FrameReader&& other) noexcept = default;
FrameReader::~FrameReader() = default;

Received FrameReader::next(std::span<std::byte>& input) noexcept {
    if (gathered_ != nullptr && stage_ != Stage::payload && !message_is_open()) gathered_.reset();
    while (stage_ != Stage::ended) {
        if (stage_ == Stage::head) {
            if (const auto broken = take_head(input)) return fail(*broken);
            if (stage_ == Stage::head) return {};
        }
        const Received received = take_payload(input);
        if (received.what != Received::What::need_more || stage_ == Stage::payload) return received;
        // A fragment that does not end its message: read on.
    }
    input = {};
    return {};
}

/// Enters Stage::payload when the head is whole. Gives the reason if it breaks a rule.
std::optional<CloseCode> FrameReader::take_head(std::span<std::byte>& input) noexcept {
    if (head_received_ == 0 && input.size() >= head_bytes_max) {  // read it where it lies
        const std::byte* head = input.data();
        if (const auto broken = judge_start(head)) return broken;
        if (const auto broken = judge_length(head)) return broken;
        begin_payload(head);
        input = input.subspan(start_bytes + extended_size(head) + mask_size());
        return {};
    }
    if (!fill_head(input, start_bytes)) return {};
    if (const auto broken = judge_start(head_.data())) return broken;
    const std::size_t unmasked_size = start_bytes + extended_size(head_.data());
    if (!fill_head(input, unmasked_size)) return {};
    if (const auto broken = judge_length(head_.data())) return broken;
    if (!fill_head(input, unmasked_size + mask_size())) return {};
    begin_payload(head_.data());
    head_received_ = 0;
    return {};
}

/// Moves input into head_ until that has `wanted` bytes; false if there is not enough.
bool FrameReader::fill_head(std::span<std::byte>& input, std::size_t wanted) noexcept {
    if (head_received_ >= wanted) return true;
    const std::size_t taken = std::min(wanted - head_received_, input.size());
    std::copy_n(input.begin(), taken, head_.begin() + head_received_);
    head_received_ = static_cast<std::uint8_t>(head_received_ + taken);
    input = input.subspan(taken);
    return head_received_ == wanted;
}

/// Judges the first two bytes.
std::optional<CloseCode> FrameReader::judge_start(const std::byte* head) const noexcept {
    const Opcode opcode = opcode_of(head);
    const bool is_final = (head[0] & fin_bit) != std::byte{};
    const bool is_masked = (head[1] & mask_bit) != std::byte{};
    // With permessage-deflate agreed, RSV1 would be allowed here on text and binary only.
    if ((head[0] & rsv_bits) != std::byte{}) return CloseCode::protocol_error;
    if (!is_known(opcode)) return CloseCode::protocol_error;
    if (is_masked != (role_ == Role::server)) return CloseCode::protocol_error;
    if (is_control(opcode)) {
        if (is_final && extended_size(head) == 0) return {};
        return CloseCode::protocol_error;
    }
    if ((opcode == Opcode::continuation) != message_is_open()) return CloseCode::protocol_error;
    const std::uint32_t fragments = message_is_open() ? gathered_->fragments : 0;
    if (fragments >= limits_.fragments_max) return CloseCode::policy;
    return {};
}

/// Judges the length, once all bytes of it are there.
std::optional<CloseCode> FrameReader::judge_length(const std::byte* head) const noexcept {
    if (is_control(opcode_of(head))) return {};
    const std::uint64_t size = declared_size(head);
    const std::size_t extended = extended_size(head);
    const bool top_bit = size >> 63 != 0;
    const bool is_minimal = start_bytes + extended == head_size(size);
    if (top_bit || !is_minimal) return CloseCode::protocol_error;
    const std::uint64_t before = message_is_open() ? gathered_->message.size() : 0;
    // Both are below 2^63, so the sum cannot wrap.
    if (before + size > limits_.message_bytes_max) return CloseCode::too_big;
    return {};
}

/// Requires a whole head that was judged.
void FrameReader::begin_payload(const std::byte* head) noexcept {
    opcode_ = opcode_of(head);
    final_ = (head[0] & fin_bit) != std::byte{};
    payload_size_ = static_cast<std::uint32_t>(declared_size(head));
    payload_received_ = 0;
    std::copy_n(head + start_bytes + extended_size(head), mask_size(), mask_.begin());
    if (opcode_ == Opcode::continuation) ++gathered_->fragments;
    stage_ = Stage::payload;
}

/// Back to Stage::head when the frame is whole; else all input is consumed.
Received FrameReader::take_payload(std::span<std::byte>& input) noexcept {
    const std::size_t missing = payload_size_ - payload_received_;
    const std::span<std::byte> piece = input.first(std::min(missing, input.size()));
    input = input.subspan(piece.size());
    const bool is_whole = piece.size() == missing;
    if (piece.empty() && !is_whole) return {};
    if (role_ == Role::server) apply_mask(piece, mask_, payload_received_);

    const bool is_alone = is_control(opcode_) || (final_ && opcode_ != Opcode::continuation);
    const bool is_at_once = is_whole && payload_received_ == 0;
    payload_received_ += static_cast<std::uint32_t>(piece.size());
    if (is_whole) stage_ = Stage::head;
    if (!is_at_once || !is_alone) return gather(piece);
    if (is_control(opcode_)) return deliver_control(piece);
    if (opcode_ == Opcode::text && !is_utf8(piece)) return fail(CloseCode::invalid_payload);
    return deliver_message(opcode_, piece);
}

/// Keeps a piece of the frame; gives what is whole with it.
Received FrameReader::gather(std::span<const std::byte> piece) noexcept {
    const bool frame_is_whole = stage_ == Stage::head;
    if (gathered_ == nullptr) gathered_ = std::make_unique<Gathered>();
    Gathered& gathered = *gathered_;
    if (is_control(opcode_)) {
        const std::size_t before = payload_received_ - piece.size();
        std::memcpy(gathered.control.data() + before, piece.data(), piece.size());
        if (!frame_is_whole) return {};
        return deliver_control(std::span{gathered.control}.first(payload_size_));
    }
    if (gathered.fragments == 0) {
        gathered.fragments = 1;
        gathered.opcode = opcode_;
    }
    if (gathered.opcode == Opcode::text && !gathered.text.feed(piece)) {
        return fail(CloseCode::invalid_payload);
    }
    gathered.message.insert(gathered.message.end(), piece.begin(), piece.end());
    if (!frame_is_whole || !final_) return {};
    if (!gathered.text.is_complete()) return fail(CloseCode::invalid_payload);
    gathered.fragments = 0;  // read now, and freed by the next call
    return deliver_message(gathered.opcode, gathered.message);
}

Received FrameReader::deliver_message(Opcode opcode, std::span<std::byte> payload) noexcept {
    const auto what = opcode == Opcode::text ? Received::What::text : Received::What::binary;
    return {.what = what, .payload = payload};
}

Received FrameReader::deliver_control(std::span<std::byte> payload) noexcept {
    if (opcode_ == Opcode::close) return deliver_close(payload);
    const auto what = opcode_ == Opcode::ping ? Received::What::ping : Received::What::pong;
    return {.what = what, .payload = payload};
}

Received FrameReader::deliver_close(std::span<std::byte> payload) noexcept {
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

Received FrameReader::fail(CloseCode code) noexcept {
    stage_ = Stage::ended;
    gathered_.reset();
    return {.what = Received::What::failed, .code = code};
}

/// Between frames: a message has begun and its next fragment must come.
bool FrameReader::message_is_open() const noexcept {
    return gathered_ != nullptr && gathered_->fragments > 0;
}

}  // namespace parley::ws
