#include "sim/radio_codec.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace parley::sim {
namespace {

char byte(std::uint64_t value) {
    return static_cast<char>(value & 0xff);
}

void append_length(std::string& out, std::uint64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        out += byte(value >> shift);
}

void append_text(std::string& out, std::string_view text) {
    if (text.size() < 32) {
        out += byte(0xa0 | text.size());
    } else {
        out += byte(0xd9);
        append_length(out, text.size(), 1);
    }
    out += text;
}

void append_bytes(std::string& out, std::string_view bytes) {
    const bool small = bytes.size() < 256;
    out += byte(small ? 0xc4 : 0xc5);
    append_length(out, bytes.size(), small ? 1 : 2);
    out += bytes;
}

// Reads MessagePack values one after the other.
class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}

    bool ok() const { return ok_; }
    bool at_end() const { return bytes_.empty(); }

    std::uint64_t number(std::size_t size) {
        std::uint64_t value = 0;
        for (const char each : take(size))
            value = value << 8 | static_cast<unsigned char>(each);
        return value;
    }
    std::uint8_t small_number() {
        const std::uint64_t value = number(1);
        ok_ = ok_ && value < 0x80;
        return static_cast<std::uint8_t>(value);
    }
    /// Any value that the server sends in these places.
    Message::Payload value(std::string& out) {
        const std::uint64_t head = number(1);
        out.clear();
        if (head < 0x80) {
            out = std::to_string(head);
            return Message::Payload::number;
        }
        if (head >= 0xa0 && head < 0xc0) {
            out = take(head & 0x1f);
            return Message::Payload::text;
        }
        switch (head) {
            case 0xc0:
                return Message::Payload::nil;
            case 0xc4:
            case 0xc5:
            case 0xc6:
                out = take(number(std::size_t{1} << (head - 0xc4)));
                return Message::Payload::bytes;
            case 0xcc:
            case 0xcd:
            case 0xce:
            case 0xcf:
                out = std::to_string(number(std::size_t{1} << (head - 0xcc)));
                return Message::Payload::number;
            case 0xd9:
            case 0xda:
            case 0xdb:
                out = take(number(std::size_t{1} << (head - 0xd9)));
                return Message::Payload::text;
            default:
                ok_ = false;
                return Message::Payload::nil;
        }
    }

private:
    std::string_view take(std::uint64_t size) {
        if (size > bytes_.size()) {
            ok_ = false;
            bytes_ = {};
            return {};
        }
        const std::string_view taken = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
        return taken;
    }

    std::string_view bytes_;
    bool ok_ = true;
};

}  // namespace

std::string encode_message(Type type, std::string_view from, std::string_view group,
                           Message::Payload payload_is, std::string_view payload) {
    // The radios leave out what they have nothing to say in (section 16 of the specification).
    const bool with_payload = payload_is != Message::Payload::nil;
    std::string out;
    out += byte(with_payload ? 0x95 : 0x94);
    out += byte(0);
    out += byte(static_cast<std::uint64_t>(type));
    append_text(out, from);
    append_text(out, group);
    if (payload_is == Message::Payload::bytes) append_bytes(out, payload);
    if (payload_is == Message::Payload::text) append_text(out, payload);
    return out;
}

bool decode_message(std::string_view bytes, Message& message) {
    Reader reader{bytes};
    const std::uint64_t head = reader.number(1);
    if (head < 0x94 || head > 0x96) return false;
    message.elements = static_cast<int>(head & 0x0f);
    message.channel = reader.small_number();
    message.type = reader.small_number();
    reader.value(message.from);
    reader.value(message.to);
    message.message_id.clear();
    if (head == 0x96) reader.value(message.message_id);
    message.payload.clear();
    message.payload_is = Message::Payload::nil;
    if (head != 0x94) message.payload_is = reader.value(message.payload);
    return reader.ok() && reader.at_end();
}

std::string to_text(const Message& message) {
    const bool is_voice = message.payload_is == Message::Payload::bytes;
    return "[" + std::to_string(message.channel) + "," + std::to_string(message.type) + "," +
           message.from + "," + message.to + "," + (is_voice ? "voice" : message.payload) + "]";
}

std::string encode_frame(Opcode opcode, std::string_view payload, bool last, std::uint32_t mask) {
    std::string out;
    out += byte((last ? 0x80U : 0U) | static_cast<unsigned>(opcode));
    if (payload.size() < 126) {
        out += byte(0x80 | payload.size());
    } else {
        out += byte(0x80 | 126);
        append_length(out, payload.size(), 2);
    }
    append_length(out, mask, 4);
    for (std::size_t i = 0; i < payload.size(); ++i) {
        out += byte(static_cast<unsigned char>(payload[i]) ^ (mask >> (24 - 8 * (i % 4))));
    }
    return out;
}

FrameStream::Next FrameStream::next(WebSocketFrame& frame) {
    const std::string_view left = std::string_view{bytes_}.substr(taken_);
    const auto at = [left](std::size_t i) { return static_cast<unsigned char>(left[i]); };
    if (left.size() < 2) return Next::none;
    constexpr std::array opcodes{Opcode::binary, Opcode::close, Opcode::ping, Opcode::pong};
    frame.opcode = static_cast<Opcode>(at(0) & 0x0f);
    const bool known = std::ranges::find(opcodes, frame.opcode) != opcodes.end();
    if ((at(0) & 0xf0) != 0x80 || !known || at(1) >= 127) return Next::broken;
    std::size_t size = at(1);
    std::size_t head = 2;
    if (size == 126) {
        if (left.size() < 4) return Next::none;
        size = std::size_t{at(2)} << 8 | at(3);
        head = 4;
        if (size < 126 || frame.opcode != Opcode::binary) return Next::broken;
    }
    if (left.size() < head + size) return Next::none;
    frame.payload = left.substr(head, size);
    taken_ += head + size;
    if (taken_ == bytes_.size()) {
        bytes_.clear();
        taken_ = 0;
    }
    return Next::frame;
}

std::string upgrade_request(std::string_view user, std::string_view device) {
    std::string out = "GET / HTTP/1.1\r\nHost: parley\r\nUpgrade: websocket\r\n";
    out += "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ";
    out += handshake_key;
    out += "\r\ntoken: ";
    out += user;
    out += "\r\ndevice_id: ";
    out += device;
    return out + "\r\n\r\n";
}

bool is_upgrade_answer(std::string_view head) {
    std::string lower{head};
    std::ranges::transform(lower, lower.begin(), [](unsigned char each) {
        return static_cast<char>(std::tolower(each));
    });
    const auto has = [&lower](std::string_view text) {
        return lower.find(text) != std::string::npos;
    };
    return head.starts_with("HTTP/1.1 101 ") && has("\r\nupgrade: websocket\r\n") &&
           has("\r\nconnection: upgrade\r\n") && head.find(handshake_accept) != std::string::npos;
}

}  // namespace parley::sim
