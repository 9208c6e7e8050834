// chatter: radios that write to each other, on two shards, and a store that the test can stop.
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

#include "support/held_store.h"
#include "support/radio.h"

namespace parley::chat {

using test::done_with;
using test::hears;
using test::HeldStore;
using test::join;
using test::let_in;
using test::Message;
using test::Opcode;
using test::Radio;
using test::Town;
using test::Type;

inline constexpr auto image = static_cast<Type>(18);
inline constexpr auto delivered = static_cast<Type>(20);
inline constexpr auto read_receipt = static_cast<Type>(21);
inline constexpr auto refused = Type::unauthorized_group;

inline void put_text(std::string_view text, std::string& out) {
    if (text.size() < 256) {
        out += '\xd9';
    } else {
        out += '\xdb';
        for (const int shift : {24, 16, 8})
            out += static_cast<char>(text.size() >> shift & 0xff);
    }
    out += static_cast<char>(text.size() & 0xff);
    out += text;
}

struct Words {
    enum class To : std::uint8_t { group = 0, user = 1 };
    To scope = To::user;
    Type type = Type::text;
    std::string to;
    std::string payload;
    std::string message_id = {};
};

inline void say(Radio& from, const Words& words) {
    std::string message;
    message += words.message_id.empty() ? '\x95' : '\x96';
    message += static_cast<char>(words.scope);
    message += static_cast<char>(words.type);
    put_text(from.user(), message);
    put_text(words.to, message);
    if (!words.message_id.empty()) put_text(words.message_id, message);
    put_text(words.payload, message);
    from.send_bytes(encode_frame(Opcode::binary, message, true, 0x12345678));
}

/// The text of what readers get, which is JSON around it.
inline std::string text_in(const Message& message) {
    const std::string mark = R"("text":")";
    const std::size_t begin = message.payload.find(mark);
    if (begin == std::string::npos) return message.payload;
    const std::size_t from = begin + mark.size();
    return message.payload.substr(from, message.payload.find('"', from) - from);
}
inline std::string id_in(const Message& message) {
    const std::string mark = R"("message_id":")";
    const std::size_t from = message.payload.find(mark) + mark.size();
    return message.payload.substr(from, message.payload.find('"', from) - from);
}

/// Alice and Bob live on different shards.
class Chatter : public testing::Test {
protected:
    static server::WorkerOptions on(HeldStore& store) {
        server::WorkerOptions options;
        options.store = &store;
        return options;
    }
    std::vector<std::string> texts(Radio& radio) {
        EXPECT_TRUE(done_with(town, radio));
        std::vector<std::string> all;
        for (const Message& each : radio.heard()) {
            if (each.type == static_cast<std::uint8_t>(Type::text)) all.push_back(text_in(each));
        }
        return all;
    }
    // Both signed in and were given what waited.
    Radio sign_in(const std::string& user) {
        Radio radio{town.port(0), {user}};
        EXPECT_TRUE(let_in(town, radio));
        town.settle();
        return radio;
    }
    // Answers every question whether it got all, as any WebSocket client does by itself.
    std::size_t answer_pings(Radio& radio) {
        EXPECT_TRUE(done_with(town, radio));
        std::size_t pings = 0;
        for (const sim::WebSocketFrame& each : radio.control_frames()) {
            if (each.opcode != Opcode::ping) continue;
            radio.send_control(Opcode::pong, each.payload);
            ++pings;
        }
        EXPECT_TRUE(done_with(town, radio));
        town.settle();
        return pings;
    }
    void write(Radio& from, const std::string& to, const std::string& text) {
        const std::size_t before = from.count(Type::text_ack);
        say(from, {.to = to, .payload = text});
        ASSERT_TRUE(hears(town, from, Type::text_ack, before + 1));
    }

    using Texts = std::vector<std::string>;
    HeldStore store;
    Town town{{.shards = 2, .worker = on(store)}};
    const std::string alice_id = town.user_at(0, 0);
    const std::string bob_id = town.user_at(1, 0);
};

}  // namespace parley::chat
