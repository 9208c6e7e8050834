// Hostile bytes: nothing crashes, and what is understood is understood the same again.
#include <cstdint>
#include <gtest/gtest.h>
#include <random>
#include <string>

#include "frames.h"
#include "wire/value.h"

namespace parley::wire {
namespace {

using voiceping::Decoder;
using voiceping::Dialect;

constexpr std::uint32_t seed = 20260314;

const char* const frames[] = {
    "930004a961636d655f6a6f686e",
    "950101a961636d655f6a6f686ea53030303030cf0000018bcfe5687b",
    "950003a961636d655f6a6f686ea861636d655f6f7073c4050102030405",
    "940002a961636d655f6a6f686ea861636d655f6f7073",
    "94000fa961636d655f6a6f686ea861636d655f6f7073",
    "960111a161a162a16d83a132a178a131a179a16b93c0c3cb3ff8000000000000",
    "950117a161a16282a6627574746f6e01a56c6162656ca26f6b",
    "950003a161a16284a13058a131ccffa13201a13302",
    "95cb3ff0000000000000cb4008000000000000d9026f70c500016ada000161",
    "970115cf000000000000000505d50501028201029101c403010203d7000000000000000000",
    "980101a161a16292d40000d400ffde0002c00181a161a16203dd0000000102c0",
};

// Every view must be readable, every value whole, and a second pass must change nothing.
void check(Dialect dialect, Decoder& decoder, std::span<const std::byte> message) {
    auto command = decoder.decode(message);
    if (!command) {
        ASSERT_EQ(command.error().domain, Error::Domain::wire);
        ASSERT_GT(command.error().code, 0);
        ASSERT_LT(command.error().code, decode_error_count);
        return;
    }
    const auto once = encoded(event_of(*command));
    const std::string from{(*command).from.text}, to{(*command).to.text};
    ASSERT_LE(from.size(), id_bytes_max);
    ASSERT_LE(to.size(), id_bytes_max);
    text_of((*command).payload);
    json_of((*command).payload);
    json_of((*command).message_id);

    if ((*command).verb == Verb::hello || (*command).verb == Verb::join ||
        (*command).verb == Verb::leave || (*command).verb == Verb::connection_test) {
        return;  // sent under another type, if at all
    }
    Decoder second{dialect};
    auto again = second.decode(once);
    ASSERT_TRUE(again.ok()) << to_hex(message) << " became " << to_hex(once);
    EXPECT_EQ((*again).verb, (*command).verb);
    EXPECT_EQ((*again).scope, (*command).scope);
    EXPECT_EQ((*again).from.text, from);
    EXPECT_EQ((*again).to.text, to);
    ASSERT_EQ(to_hex(encoded(event_of(*again))), to_hex(once)) << to_hex(message);
}

class HostileTest : public ::testing::TestWithParam<Dialect> {
protected:
    std::uint32_t below(std::uint32_t bound) {
        return static_cast<std::uint32_t>(random_()) % bound;
    }

    std::mt19937 random_{seed};
    Decoder decoder_{GetParam()};
};

TEST_P(HostileTest, RandomBytesAreHarmless) {
    for (int i = 0; i < 100000; ++i) {
        std::vector<std::byte> message(below(48));
        for (std::byte& byte : message)
            byte = static_cast<std::byte>(below(256));
        if (i % 4 != 0) {  // most with a head that lets the rest be looked at
            const std::byte head[] = {std::byte(0x94 + below(4)), std::byte(below(2)),
                                      std::byte(below(26)), std::byte{0xa0}};
            message.insert(message.begin(), std::begin(head), std::end(head));
        }
        check(GetParam(), decoder_, message);
        if (HasFatalFailure()) return;
    }
}

TEST_P(HostileTest, MutatedFramesAreHarmless) {
    for (int i = 0; i < 100000; ++i) {
        auto message = from_hex(frames[below(std::size(frames))]);
        for (std::uint32_t changes = 1 + below(4); changes > 0; --changes) {
            const std::uint32_t at = below(static_cast<std::uint32_t>(message.size()));
            const auto place = message.begin() + at;
            switch (below(5)) {
                case 0:
                    *place = static_cast<std::byte>(below(256));
                    break;
                case 1:
                    *place ^= static_cast<std::byte>(1U << below(8));
                    break;
                case 2:
                    message.insert(place, static_cast<std::byte>(0x80 + below(128)));
                    break;
                case 3:
                    message.resize(at + 1);
                    break;
                default: {
                    const auto other = from_hex(frames[below(std::size(frames))]);
                    message.insert(place, other.begin(), other.end());
                }
            }
        }
        check(GetParam(), decoder_, message);
        if (HasFatalFailure()) return;
    }
}

TEST_P(HostileTest, EveryPrefixOfAFrameIsHarmless) {
    for (const char* frame : frames) {
        const auto whole = from_hex(frame);
        for (std::size_t size = 0; size < whole.size(); ++size) {
            // A copy of its own, so that a sanitizer sees a read behind the end.
            const std::vector<std::byte> part(whole.begin(),
                                              whole.begin() + static_cast<std::ptrdiff_t>(size));
            auto command = decoder_.decode(part);
            ASSERT_FALSE(command.ok());
            EXPECT_EQ(command.error(), error_of(DecodeError::truncated)) << to_hex(part);
        }
        EXPECT_TRUE(decoder_.decode(whole).ok()) << frame;
        check(GetParam(), decoder_, whole);
    }
}

TEST_P(HostileTest, OneLargeMessageDoesNotSpoilTheNext) {
    std::string map = "de0040";  // 64 pairs {"x....": 1}
    for (int i = 0; i < 64; ++i) {
        const std::string digits = std::to_string(100000 + i);
        map +=
            "a7"
            "78" +
            to_hex(bytes_of(digits)) + "01";
    }
    std::string keys = "950001a161a16281a16bdc0100";  // {"k": a list of 256 such maps}
    for (int i = 0; i < 256; ++i)
        keys += map;
    EXPECT_EQ(relayed(decoder_, from_hex(keys)), keys);
    const auto small = from_hex("950001a161a162c403010203");
    EXPECT_EQ(relayed(decoder_, small), "950001a161a162c403010203");
    EXPECT_EQ(relayed(decoder_, from_hex(keys)), keys);
}

INSTANTIATE_TEST_SUITE_P(BothDialects, HostileTest,
                         ::testing::Values(Dialect::router_2023, Dialect::router_2026));

TEST(HostileValues, NeverRunPastTheirEnd) {
    std::mt19937 random{seed};
    for (int i = 0; i < 100000; ++i) {
        std::vector<std::byte> value(random() % 24);
        for (std::byte& byte : value)
            byte = static_cast<std::byte>(random() % 256);
        truthy(value);
        text_of(value);
        json_of(value);
    }
    std::vector<std::byte> nested(10000, std::byte{0x91});
    EXPECT_EQ(text_of(nested), "");
    json_of(nested);
}

}  // namespace
}  // namespace parley::wire
