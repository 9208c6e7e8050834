// VoicePing messages as a client sees them: the requests it sends and the arrays it receives.
//
//   [channelType, messageType, fromId, toId, payload]                 5 elements
//   [channelType, messageType, fromId, toId, messageId, payload]      6 elements
//
// Independent of the server's own codec on purpose: a mistake made there must not be made here too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::client {

using Bytes = std::vector<std::byte>;

enum class Channel : std::uint8_t { group = 0, direct = 1 };

/// The message types that these programs send or understand, with their numbers on the wire.
enum class Type : std::uint8_t {
    start = 1,
    stop = 2,
    audio = 3,
    start_ack = 6,
    stop_ack = 7,
    start_failed = 8,
    login_duplicated = 9,
    user_add = 15,
    text = 17,
    text_ack = 22,
    connection_test = 25,
    connection_ack = 26,
    unauthorized_group = 27,
};

/// Whom a request is for, and who sends it.
struct Address {
    Channel channel{};
    std::string_view from;
    std::string_view to;
};

/// Each appends one whole array to `out`. Ids go as str.
void append_request(Bytes& out, const Address& address, Type type);
void append_request(Bytes& out, const Address& address, Type type, std::uint64_t payload);
void append_request(Bytes& out, const Address& address, Type type,
                    std::span<const std::byte> payload);
void append_request(Bytes& out, const Address& address, Type type, std::string_view payload);

/// One MessagePack value, borrowed from the message.
struct Value {
    enum class Kind : std::uint8_t {
        nil,
        boolean,
        integer,
        number,
        text,
        binary,
        nested,
        extension
    };
    Kind kind = Kind::nil;
    std::int64_t integer = 0;            ///< for boolean and integer; those beyond int64 wrap
    std::span<const std::byte> content;  ///< for text and binary

    /// The content as text; empty unless text or binary.
    std::string_view text() const noexcept;
    /// The string form of an id: text as it is, integers in decimal, else empty.
    std::string id() const;
};

/// One array from the server. Borrows from the bytes it was read from.
struct ServerMessage {
    Channel channel{};
    std::uint8_t type = 0;  ///< a Type, or a number that these programs do not know
    Value from;
    Value to;
    Value message_id;  ///< nil if the array has 5 elements
    Value payload;
};

/// Reads one array of 5 or 6 elements that fills `bytes` exactly. Nothing for anything else,
/// and nothing beyond `bytes` is ever read. Allocates nothing.
std::optional<ServerMessage> read_server_message(std::span<const std::byte> bytes) noexcept;

}  // namespace parley::client
