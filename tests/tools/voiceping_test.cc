// VoicePing messages: what clients build, and hostile arrays from a server.
#include "client/voiceping.h"

#include <gtest/gtest.h>
#include <random>

namespace parley::client {
namespace {

Bytes bytes(std::initializer_list<int> values) {
    Bytes out;
    for (const int value : values)
        out.push_back(static_cast<std::byte>(value));
    return out;
}

std::string hex(const Bytes& bytes) {
    std::string text;
    for (const std::byte byte : bytes) {
        constexpr char digits[] = "0123456789abcdef";
        text.push_back(digits[std::to_integer<unsigned>(byte) >> 4]);
        text.push_back(digits[std::to_integer<unsigned>(byte) & 15U]);
    }
    return text;
}

TEST(Request, HasTheBytesOfTheAndroidSdk) {
    const Address group{Channel::group, "acme_john", "ops"};
    Bytes join;
    append_request(join, group, Type::user_add);
    EXPECT_EQ(hex(join), "94000fa961636d655f6a6f686ea36f7073");
    Bytes start;
    append_request(start, group, Type::start, std::uint64_t{0x18bcfe5687b});
    EXPECT_EQ(hex(start), "950001a961636d655f6a6f686ea36f7073cf0000018bcfe5687b");
    Bytes audio;
    append_request(audio, {Channel::direct, "a", "b"}, Type::audio, bytes({1, 2, 3}));
    EXPECT_EQ(hex(audio), "950103a161a162c403010203");
}

TEST(Request, IsReadBackWithContentOfEverySize) {
    for (const std::size_t size : {0U, 1U, 31U, 32U, 255U, 256U, 65535U, 65536U, 70000U}) {
        const std::string user(size, 'u');
        const Bytes payload(size, std::byte{7});
        Bytes request;
        append_request(request, {Channel::direct, user, "b"}, Type::audio, payload);
        const auto message = read_server_message(request);
        ASSERT_TRUE(message) << size;
        EXPECT_EQ(message->channel, Channel::direct);
        EXPECT_EQ(message->type, 3);
        EXPECT_EQ(message->from.id(), user);
        EXPECT_EQ(message->payload.kind, Value::Kind::binary);
        EXPECT_EQ(message->payload.content.size(), size);
    }
}

TEST(ServerMessage, HasAMessageIdIfItHasSixElements) {
    const Bytes six = bytes({0x96, 0, 7, 0xa1, 'a', 0xa1, 'g', 0xa1, 'm', 0xc0});
    const auto with = read_server_message(six);
    ASSERT_TRUE(with);
    EXPECT_EQ(with->message_id.id(), "m");
    EXPECT_EQ(with->payload.kind, Value::Kind::nil);
    const Bytes five = bytes({0x95, 0, 7, 0xa1, 'a', 0xa1, 'g', 0xa1, 'p'});
    const auto without = read_server_message(five);
    ASSERT_TRUE(without);
    EXPECT_EQ(without->message_id.kind, Value::Kind::nil);
    EXPECT_EQ(without->payload.text(), "p");
}

TEST(ServerMessage, WritesIntegerIdsInDecimal) {
    struct Case {
        Bytes encoded;
        const char* text;
    };
    for (const Case& each :
         {Case{bytes({0x00}), "0"}, Case{bytes({0x7f}), "127"}, Case{bytes({0xff}), "-1"},
          Case{bytes({0xe0}), "-32"}, Case{bytes({0xcc, 0xff}), "255"},
          Case{bytes({0xcd, 1, 0}), "256"}, Case{bytes({0xce, 0x80, 0, 0, 0}), "2147483648"},
          Case{bytes({0xd0, 0x80}), "-128"}, Case{bytes({0xd1, 0x80, 0}), "-32768"},
          Case{bytes({0xd2, 0x80, 0, 0, 0}), "-2147483648"}}) {
        Bytes message = bytes({0x95, 0, 3});
        message.insert(message.end(), each.encoded.begin(), each.encoded.end());
        message.push_back(std::byte{0});
        message.push_back(std::byte{0xc0});
        const auto read = read_server_message(message);
        ASSERT_TRUE(read) << each.text;
        EXPECT_EQ(read->from.id(), each.text);
    }
}

TEST(ServerMessage, StepsOverEveryKindOfPayload) {
    for (const Bytes& payload :
         {bytes({0xc0}), bytes({0xc2}), bytes({0xc3}), bytes({0xca, 0, 0, 0, 0}),
          bytes({0xcb, 0, 0, 0, 0, 0, 0, 0, 0}), bytes({0xd4, 0, 0}), bytes({0xd5, 0, 0, 0}),
          bytes({0xc7, 2, 0, 0, 0}), bytes({0x81, 0xa1, 'k', 0x92, 1, 2}), bytes({0x90}),
          bytes({0xdc, 0, 2, 0xc0, 0xc0}), bytes({0xde, 0, 1, 1, 2}),
          bytes({0xdd, 0, 0, 0, 1, 0xde, 0, 0}), bytes({0x91, 0x91, 0x91, 0x91, 0xc0})}) {
        Bytes message = bytes({0x95, 0, 3, 0xa1, 'a', 0xa1, 'g'});
        message.insert(message.end(), payload.begin(), payload.end());
        EXPECT_TRUE(read_server_message(message)) << hex(payload);
        message.push_back(std::byte{0xc0});
        EXPECT_FALSE(read_server_message(message)) << hex(payload) << " with a byte too many";
        message.resize(message.size() - 2);
        EXPECT_FALSE(read_server_message(message)) << hex(payload) << " with a byte too few";
    }
}

TEST(ServerMessage, RefusesWhatIsNoArrayOfFiveOrSix) {
    for (const Bytes& message :
         {bytes({}), bytes({0xc0}), bytes({0x05}), bytes({0x94, 0, 3, 1, 2}),
          bytes({0x97, 0, 3, 1, 2, 3, 4, 5}), bytes({0x85, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8}),
          bytes({0xa5, 'h', 'e', 'l', 'l', 'o'}), bytes({0x95, 2, 3, 1, 2, 0xc0}),
          bytes({0x95, 0xff, 3, 1, 2, 0xc0}), bytes({0x95, 0, 0xcd, 1, 0, 1, 2, 0xc0}),
          bytes({0x95, 0xa1, '0', 3, 1, 2, 0xc0}), bytes({0x95, 0, 3, 1, 2, 0xc1})}) {
        EXPECT_FALSE(read_server_message(message)) << hex(message);
    }
}

TEST(ServerMessage, DoesNotBelieveSizesAndCountsBeyondTheMessage) {
    for (const Bytes& payload :
         {bytes({0xc6, 0xff, 0xff, 0xff, 0xff}), bytes({0xdb, 0xff, 0xff, 0xff, 0xff, 'a'}),
          bytes({0xc9, 0xff, 0xff, 0xff, 0xff, 0}), bytes({0xdd, 0xff, 0xff, 0xff, 0xff, 0xc0}),
          bytes({0xdf, 0xff, 0xff, 0xff, 0xff, 0xc0}), bytes({0xdc, 0xff, 0xff})}) {
        Bytes message = bytes({0x95, 0, 3, 0xa1, 'a', 0xa1, 'g'});
        message.insert(message.end(), payload.begin(), payload.end());
        EXPECT_FALSE(read_server_message(message)) << hex(payload);
    }
    Bytes many_arrays = bytes({0x95, 0, 3, 0xa1, 'a', 0xa1, 'g'});
    for (int i = 0; i < 100'000; ++i) {
        for (const int value : {0xdd, 0xff, 0xff, 0xff, 0xff}) {
            many_arrays.push_back(static_cast<std::byte>(value));
        }
    }
    EXPECT_FALSE(read_server_message(many_arrays));
}

TEST(ServerMessage, StepsOverDeepNestingWithoutRecursion) {
    Bytes message = bytes({0x95, 0, 3, 0xa1, 'a', 0xa1, 'g'});
    message.insert(message.end(), 1'000'000, std::byte{0x91});
    message.push_back(std::byte{0xc0});
    EXPECT_TRUE(read_server_message(message));
}

TEST(ServerMessage, SurvivesRandomDamage) {
    Bytes whole;
    append_request(whole, {Channel::group, "alice", "group-18"}, Type::audio,
                   Bytes(60, std::byte{9}));
    std::mt19937 random{18};
    for (int i = 0; i < 200'000; ++i) {
        Bytes damaged = whole;
        const auto changes = random() % 4;
        for (unsigned long change = 0; change <= changes; ++change) {
            damaged[random() % damaged.size()] = static_cast<std::byte>(random() & 0xff);
        }
        damaged.resize(random() % (damaged.size() + 1));
        const auto message = read_server_message(damaged);
        if (message) {
            EXPECT_LE(message->payload.content.size(), damaged.size());
        }
    }
}

}  // namespace
}  // namespace parley::client
