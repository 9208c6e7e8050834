// frames: bytes in hexadecimal, and what becomes of a message that is passed on.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "wire/voiceping.h"

namespace parley::wire {

inline std::vector<std::byte> from_hex(std::string_view hex) {
    const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes.push_back(static_cast<std::byte>(digit(hex[i]) * 16 + digit(hex[i + 1])));
    }
    return bytes;
}

inline std::string to_hex(std::span<const std::byte> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    for (std::byte byte : bytes) {
        hex += digits[std::to_integer<unsigned>(byte) >> 4U];
        hex += digits[std::to_integer<unsigned>(byte) & 0xfU];
    }
    return hex;
}

inline std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span{text});
}

inline Kind relayed_as(Verb verb) {
    switch (verb) {
        case Verb::floor_request:
            return Kind::talk_started;
        case Verb::floor_release:
            return Kind::talk_ended;
        case Verb::audio:
            return Kind::audio;
        case Verb::text:
            return Kind::text;
        case Verb::interactive:
            return Kind::interactive;
        case Verb::image:
            return Kind::image;
        case Verb::delivered:
            return Kind::delivered;
        case Verb::read:
            return Kind::read;
        case Verb::connection_test:
            return Kind::connection_answer;
        case Verb::hello:
        case Verb::join:
        case Verb::leave:
            return Kind::replaced;  // never passed on; any will do
    }
    PARLEY_ASSERT(false);
}

inline Event event_of(const Command& command) {
    return {relayed_as(command.verb), command.scope,      command.from.encoded,
            command.to.encoded,       command.message_id, command.payload};
}

inline std::vector<std::byte> encoded(const Event& event) {
    std::vector<std::byte> out(voiceping::encoded_size(event));
    PARLEY_ASSERT(voiceping::encode(event, out) == out.size());
    return out;
}

/// The message in hexadecimal as it is passed on unchanged, or "error" and its code.
inline std::string relayed(voiceping::Decoder& decoder, std::span<const std::byte> message) {
    auto command = decoder.decode(message);
    if (!command) return "error " + std::to_string(command.error().code);
    return to_hex(encoded(event_of(*command)));
}

inline std::string relayed(voiceping::Dialect dialect, std::string_view hex) {
    voiceping::Decoder decoder{dialect};
    return relayed(decoder, from_hex(hex));
}

inline std::string error_text(DecodeError error) {
    return "error " + std::to_string(static_cast<int>(error));
}

}  // namespace parley::wire
