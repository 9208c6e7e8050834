// frame_reader: cuts a stream of bytes into WebSocket messages and control frames.
//
//            head complete            last byte
//   head ─────────────────▶ payload ───────────▶ head      close received, or any
//     └──────────────────────────────────────▶ ended       rule broken: ended for good
//
// It sends nothing and owns no timer: the connection answers pings and closes. Where compression
// was agreed on (RFC 7692), a message is inflated as it comes, so that its limit and its text are
// judged as early as those of any other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "ws/close_code.h"
#include "ws/frame.h"
#include "ws/inflater.h"
#include "ws/limits.h"

namespace parley::ws {

/// Which end of the connection reads.
enum class Role : std::uint8_t { server, client };

/// One thing that was read.
struct Received {
    enum class What : std::uint8_t { need_more, text, binary, ping, pong, close, failed };

    What what = What::need_more;
    /// Unmasked. Of a message: all of it. Of a close: code and reason as they must be echoed.
    std::span<std::byte> payload = {};
    /// close: the code received, or no_status. failed: the code to close with.
    CloseCode code = CloseCode::no_status;
};

/// Where a stream has come to. A frame that is a whole message and lies whole in the input is
/// unmasked there: no copy, no allocation. What arrives in pieces is gathered in memory that
/// grows with the bytes received, never with a length that was only declared, and is freed once
/// the message was read. A compressed message that lies whole in the input is inflated into memory
/// that the shard shares. Time: linear in the bytes, however they are cut, and in what they become.
///
/// Every idle connection has one, so it is told anew with each call what all of them have in
/// common: whose end it is, and the limits. The role must stay the same.
class FrameCutter final {
public:
    struct Rules {
        Role role{};
        const MessageLimits& limits;
        /// Null where compression was not agreed on, or not yet: then RSV1 breaks a rule.
        const Inflation* inflation = nullptr;
    };

    FrameCutter() noexcept;
    FrameCutter(const FrameCutter&) = delete;
    FrameCutter& operator=(const FrameCutter&) = delete;
    FrameCutter(FrameCutter&& other) noexcept;
    FrameCutter& operator=(FrameCutter&& other) noexcept;
    ~FrameCutter();

    /// The next thing in `input`; takes what it consumed off its front. Call again until it says
    /// need_more, which consumes all. The payload stays valid until the next call, as long as
    /// the memory behind `input` does. After close or failed everything is consumed unread.
    Received next(std::span<std::byte>& input, const Rules& rules) noexcept;

    /// True while memory is held for something that arrives in pieces.
    bool is_gathering() const noexcept { return gathered_ != nullptr; }
    std::size_t gathered_bytes() const noexcept;  ///< that memory, for messages
    /// True if a frame or a message has begun and has not ended.
    bool is_inside() const noexcept {
        if (stage_ == Stage::head) return progress_.head.received > 0 || message_is_open();
        return stage_ == Stage::payload;
    }

private:
    enum class Stage : std::uint8_t { head, payload, ended };
    struct Gathered;
    /// A head that arrives in pieces.
    struct Head {
        std::array<std::byte, head_bytes_max> bytes;
        std::uint8_t received;
    };
    /// The frame whose payload is being read. Packed, so that the stage finds room beside it.
    struct [[gnu::packed]] Frame {
        std::uint32_t size;
        std::uint32_t received;  ///< of size; always less between calls
        MaskKey mask;
        Opcode opcode;
        bool is_final;
        bool is_compressed;  ///< its message is
    };

    union Progress {
        Head head;    ///< in Stage::head
        Frame frame;  ///< in Stage::payload
    };

    std::optional<CloseCode> take_head(Frame& frame, std::span<std::byte>& input,
                                       const Rules& rules) noexcept;
    bool fill_head(std::span<std::byte>& input, std::size_t wanted) noexcept;
    std::optional<CloseCode> judge_start(const std::byte* head, const Rules& rules) const noexcept;
    std::optional<CloseCode> judge_length(const std::byte* head, const Rules& rules) const noexcept;
    void begin_payload(Frame& frame, const std::byte* head, std::size_t mask_bytes) noexcept;
    void begin_head() noexcept;
    Received take_payload(Frame& frame, std::span<std::byte>& input, const Rules& rules) noexcept;
    Received gather(const Frame& frame, std::span<const std::byte> piece,
                    const Rules& rules) noexcept;
    Received inflate_whole(const Frame& frame, std::span<const std::byte> payload,
                           const Rules& rules) noexcept;
    Received inflate_piece(const Frame& frame, std::span<const std::byte> piece,
                           const Rules& rules) noexcept;
    Received deliver_control(Opcode opcode, std::span<std::byte> payload) noexcept;
    Received deliver_message(Opcode opcode, std::span<std::byte> payload) noexcept;
    Received deliver_close(std::span<std::byte> payload) noexcept;
    Received fail(CloseCode code) noexcept;
    bool message_is_open() const noexcept;

    std::unique_ptr<Gathered> gathered_;
    Progress progress_;
    Stage stage_ = Stage::head;
};

static_assert(sizeof(FrameCutter) == 24, "every idle connection has one");

/// A FrameCutter that knows its rules, for whoever has few of them.
class FrameReader final {
public:
    FrameReader(Role role, const MessageLimits& limits) noexcept : limits_(limits), role_(role) {}

    /// Reads compressed messages as well. `inflation` must outlive the reader.
    FrameReader(Role role, const MessageLimits& limits, const Inflation& inflation) noexcept
        : limits_(limits), inflation_(&inflation), role_(role) {}

    /// As FrameCutter::next().
    Received next(std::span<std::byte>& input) noexcept {
        return cutter_.next(input, {role_, limits_, inflation_});
    }
    bool is_gathering() const noexcept { return cutter_.is_gathering(); }

private:
    FrameCutter cutter_;
    MessageLimits limits_;
    const Inflation* inflation_ = nullptr;
    Role role_;
};

}  // namespace parley::ws
