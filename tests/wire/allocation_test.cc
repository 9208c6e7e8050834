// Allocations: audio, requests to talk and releases are decoded and encoded without any.
#include <array>
#include <gtest/gtest.h>
#include <string>

#include "frames.h"
#include "support/allocations.h"

namespace parley::wire {
namespace {

using test::allocations;
using voiceping::Decoder;
using voiceping::Dialect;

// Allocations of decoding `message` and encoding it again.
std::uint64_t allocations_of(Decoder& decoder, std::span<const std::byte> message) {
    std::array<std::byte, 2048> out;
    const std::uint64_t before = allocations();
    auto command = decoder.decode(message);
    const std::size_t bytes = command ? voiceping::encode(event_of(*command), out) : 0;
    const std::uint64_t after = allocations();
    EXPECT_GT(bytes, 0U);
    return after - before;
}

TEST(Allocations, AreSeen) {
    const std::uint64_t before = allocations();
    const std::vector<std::byte> some(100);
    EXPECT_EQ(allocations(), before + 1);
    EXPECT_EQ(some.size(), 100U);
}

TEST(Allocations, DoNotHappenWhileTalking) {
    const std::string opus(2 * 128, 'a');
    const std::string messages[] = {
        "950101a961636d655f6a6f686ea53030303030cf0000018bcfe5687b",  // START
        "950001a961636d655f6a6f686ea861636d655f6f7073cf0000018bcfe5687b",
        "950001a454613961a454613967a86469737061746368",             // START "dispatch"
        "950003a961636d655f6a6f686ea861636d655f6f7073c480" + opus,  // AUDIO
        "960003ce28c1c6e112a16dc480" + opus,                        // AUDIO, numbers for ids
        "950103cc01cd0012c480" + opus,                              // not in shortest form
        "950103c4026f70d9026f70c480" + opus,
        "950003a2c328a2c328c480" + opus,                 // broken text for ids
        "940002a961636d655f6a6f686ea861636d655f6f7073",  // STOP
        "950002a454613961a454613967a0",
    };
    for (Dialect dialect : {Dialect::router_2023, Dialect::router_2026}) {
        Decoder decoder{dialect};
        for (const std::string& hex : messages) {
            const auto message = from_hex(hex);
            EXPECT_EQ(allocations_of(decoder, message), 0U) << hex;
        }
    }
}

TEST(Allocations, OfBytesInMapsStopAfterTheFirst) {
    std::string hex = "950003a454613961a454613967de0080";
    for (int i = 0; i < 128; ++i) {
        const std::string key = std::to_string(i);
        hex += "a" + std::to_string(key.size()) + to_hex(bytes_of(key)) + "ccff";
    }
    const auto message = from_hex(hex);
    Decoder decoder{Dialect::router_2023};
    EXPECT_GT(allocations_of(decoder, message), 0U);
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(allocations_of(decoder, message), 0U);
}

TEST(Allocations, DoNotHappenForWhatIsRefused) {
    Decoder decoder{Dialect::router_2026};
    const std::vector<std::byte> nested(10000, std::byte{0x91});
    for (const auto& message : {nested, from_hex("950003a161a162c6ffffffff00"), from_hex("c1"),
                                from_hex("950003a161a162ddffffffff"), from_hex("c0")}) {
        const std::uint64_t before = allocations();
        const bool ok = decoder.decode(message).ok();
        EXPECT_EQ(allocations(), before);
        EXPECT_FALSE(ok);
    }
}

}  // namespace
}  // namespace parley::wire
