// parley::Handler: what an embedding program does with plain WebSocket messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace parley {

/// What a message of WebSocket is (RFC 6455, section 5.6): text is valid UTF-8, binary is any
/// bytes.
enum class MessageType : std::uint8_t { text, binary };

/// One open WebSocket connection, as a Handler sees it. Borrowed for the call: keep no pointer.
/// Threads: only the one that the handler was called on.
class Socket {
public:
    /// Sends one message; the bytes are copied. A peer that does not read is disconnected once
    /// more than Limits::send_queue_bytes_max wait for it. Does nothing once closing.
    virtual void send(MessageType type, std::span<const std::byte> bytes) noexcept = 0;
    /// Starts the closing handshake. Of the reason at most 123 bytes are sent.
    virtual void close(std::uint16_t code, std::string_view reason) noexcept = 0;

protected:
    ~Socket() = default;
};

/// Takes every message of a server that relays nothing itself (Options::handler).
class Handler {
public:
    /// A whole message; text is valid UTF-8. The bytes are gone after the call.
    /// Threads: any of the server's, several at once. Must not block.
    virtual void on_message(Socket& socket, MessageType type,
                            std::span<const std::byte> bytes) noexcept = 0;

protected:
    ~Handler() = default;
};

}  // namespace parley
