// ws::FrameReader: cuts a stream of bytes into WebSocket messages and control frames.
//
//            head complete            last byte
//   head ─────────────────▶ payload ───────────▶ head      close received, or any
//     └──────────────────────────────────────▶ ended       rule broken: ended for good
//
// It sends nothing and owns no timer: the connection answers pings and closes. Compression
// (RFC 7692) would enter where RSV1 is judged and where a message is complete.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "ws/close_code.h"
#include "ws/frame.h"
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

/// Reads what the other end sends. A frame that is a whole message and lies whole in the input is
/// unmasked there: no copy, no allocation. What arrives in pieces is gathered in memory that
/// grows with the bytes received, never with a length that was only declared, and is freed once
/// the message was read. Time: linear in the bytes, however they are cut.
class FrameReader final {
public:
    FrameReader(Role role, const MessageLimits& limits) noexcept;
    FrameReader(const FrameReader&) = delete;
    FrameReader& operator=(const FrameReader&) = delete;
    FrameReader(FrameReader&& other) noexcept;
    FrameReader& operator=(FrameReader&& other) noexcept;
    ~FrameReader();

    /// The next thing in `input`; takes what it consumed off its front. Call again until it says
    /// need_more, which consumes all. The payload stays valid until the next call, as long as
    /// the memory behind `input` does. After close or failed everything is consumed unread.
    Received next(std::span<std::byte>& input) noexcept;

    /// Changes the bound of messages, from the next frame on. For a peer that just logged in.
    void limit_message_bytes(std::uint32_t message_bytes_max) noexcept {
        limits_.message_bytes_max = message_bytes_max;
    }

    /// True while memory is held for something that arrives in pieces.
    bool is_gathering() const noexcept { return gathered_ != nullptr; }

private:
    enum class Stage : std::uint8_t { head, payload, ended };
    struct Gathered;

    std::optional<CloseCode> take_head(std::span<std::byte>& input) noexcept;
    bool fill_head(std::span<std::byte>& input, std::size_t wanted) noexcept;
    std::optional<CloseCode> judge_start(const std::byte* head) const noexcept;
    std::optional<CloseCode> judge_length(const std::byte* head) const noexcept;
    std::size_t mask_size() const noexcept { return role_ == Role::server ? mask_.size() : 0; }
    void begin_payload(const std::byte* head) noexcept;
    Received take_payload(std::span<std::byte>& input) noexcept;
    Received gather(std::span<const std::byte> piece) noexcept;
    Received deliver_control(std::span<std::byte> payload) noexcept;
    Received deliver_message(Opcode opcode, std::span<std::byte> payload) noexcept;
    Received deliver_close(std::span<std::byte> payload) noexcept;
    Received fail(CloseCode code) noexcept;
    bool message_is_open() const noexcept;

    std::unique_ptr<Gathered> gathered_;
    MessageLimits limits_;
    std::uint32_t payload_size_ = 0;      ///< of the frame being read
    std::uint32_t payload_received_ = 0;  ///< of it, always less than payload_size_ between calls
    MaskKey mask_{};
    std::array<std::byte, head_bytes_max> head_{};  ///< a head that arrives in pieces
    std::uint8_t head_received_ = 0;
    Role role_;
    Stage stage_ = Stage::head;
    Opcode opcode_{};
    bool final_ = false;
};

static_assert(sizeof(FrameReader) <= 64, "every idle connection has one");

}  // namespace parley::ws
