// What a VoicePing radio says and hears, as bytes: an encoder and a strict decoder that share
// nothing with the server's, so that an error of one does not hide in the other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::sim {

/// Message types of the wire (specification, section 4).
enum class Type : std::uint8_t {
    start = 1,
    stop = 2,
    audio = 3,
    start_ack = 6,
    stop_ack = 7,
    start_failed = 8,
    login_duplicated = 9,
    user_add = 15,
    user_remove = 16,
    text = 17,
    text_ack = 22,
    unauthorized_group = 27,
};

struct Message {
    enum class Payload : std::uint8_t { nil, text, bytes, number };

    int elements = 0;          ///< of its array
    std::uint8_t channel = 0;  ///< 0 = group
    std::uint8_t type = 0;
    std::string from;
    std::string to;
    std::string message_id;  ///< as MessagePack; empty if there is none
    Payload payload_is = Payload::nil;
    std::string payload;  ///< its characters or bytes
};

/// A group message with string ids.
std::string encode_message(Type type, std::string_view from, std::string_view group,
                           Message::Payload payload_is, std::string_view payload);
/// False if the bytes are not exactly one array of four to six elements. Of the server, four are
/// too few.
bool decode_message(std::string_view bytes, Message& message);

/// One line for a person, voice left out.
std::string to_text(const Message& message);

enum class Opcode : std::uint8_t {
    continuation = 0,
    text = 1,
    binary = 2,
    close = 8,
    ping = 9,
    pong = 10,
};

struct WebSocketFrame {
    Opcode opcode{};
    std::string payload;
};

/// A client's frame: masked.
std::string encode_frame(Opcode opcode, std::string_view payload, bool last, std::uint32_t mask);

/// Takes whole server frames out of a byte stream.
class FrameStream {
public:
    enum class Next : std::uint8_t { frame, none, broken };

    void add(std::string_view bytes) { bytes_ += bytes; }
    /// `broken` if what stands next is no frame that a server may send: masked, fragmented, with
    /// reserved bits or an unknown opcode, or longer in length than it need be.
    Next next(WebSocketFrame& frame);

private:
    std::string bytes_;
    std::size_t taken_ = 0;
};

/// A fixed key and the answer to it, from RFC 6455 section 1.3.
constexpr std::string_view handshake_key = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view handshake_accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

std::string upgrade_request(std::string_view user, std::string_view device);
/// True if `head` is the answer to upgrade_request() that lets the radio in.
bool is_upgrade_answer(std::string_view head);

}  // namespace parley::sim
