// What clients say and hear, whatever the encoding: one set of commands and events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace parley::wire {

/// Whom a message is for.
enum class Scope : std::uint8_t { group = 0, direct = 1 };

/// What a client asks for. The words are those of 3GPP TS 24.380 where it has them.
enum class Verb : std::uint8_t {
    floor_request,  ///< VoicePing START
    floor_release,  ///< VoicePing STOP
    audio,          ///< one packet of a talk burst
    hello,          ///< VoicePing CONNECTION: accepted, answers nothing
    join,           ///< VoicePing USER_ADD
    leave,          ///< VoicePing USER_REMOVE
    text,
    interactive,
    image,
    delivered,        ///< receipt
    read,             ///< receipt
    connection_test,  ///< answered with the same payload
};

/// A user or group as a client wrote it. Two ids name the same one if their texts are equal.
struct Id {
    std::string_view text;               ///< string form: integers in decimal
    std::span<const std::byte> encoded;  ///< canonical MessagePack of the value as it was typed
};

/// One decoded request. All views borrow from the received bytes or from the decoder, until the
/// next decode.
struct Command {
    Scope scope{};
    Verb verb{};
    Id from;  ///< what the client claims; empty text and nil if absent. Never trusted.
    Id to;
    std::span<const std::byte> message_id;  ///< the client's own, MessagePack; empty if none
    std::span<const std::byte> payload;     ///< MessagePack value; empty if absent
};

/// What a session is told.
enum class Kind : std::uint8_t {
    talk_started,  ///< VoicePing START to listeners
    talk_ended,    ///< VoicePing STOP to listeners
    audio,
    floor_granted,   ///< START_ACK
    floor_released,  ///< STOP_ACK
    floor_refused,   ///< START_FAILED
    replaced,        ///< LOGIN_DUPLICATED
    text,
    image,
    delivered,
    read,
    text_stored,  ///< TEXT_ACK
    interactive,
    interactive_stored,  ///< INTERACTIVE_ACK
    connection_answer,   ///< CONNECTION_ACK
    not_a_member,        ///< UNAUTHORIZED_GROUP
};

/// One thing to tell. All spans are canonical MessagePack values, borrowed for the call.
struct Event {
    Kind kind{};
    Scope scope{};
    std::span<const std::byte> from;
    std::span<const std::byte> to;
    std::span<const std::byte> message_id;  ///< empty if none
    std::span<const std::byte> payload;     ///< empty means nil
};

}  // namespace parley::wire
