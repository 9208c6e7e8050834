// What is compressed, once for how many, and that a client with the agreed window can read it.
#include <gtest/gtest.h>

#include "deflated.h"
#include "frames.h"
#include "ws/outgoing.h"

namespace parley::ws {
namespace {

class DeflaterTest : public testing::Test {
protected:
    Outgoing message(std::string_view payload,
                     Outgoing::Compress compress = Outgoing::Compress::if_agreed) {
        return {encode_frame(frames, Opcode::text, to_bytes(payload)), compress};
    }
    /// The payload of a compressed frame; empty if the frame is not compressed.
    static std::string payload_of(const FrameRef& frame) {
        const auto bytes = frame.bytes();
        if (std::to_integer<int>(bytes[0]) != 0xc1) return {};
        const auto length = std::to_integer<int>(bytes[1]);
        return to_text(bytes.subspan(length == 127 ? 10 : length == 126 ? 4 : 2));
    }

    FramePool frames{{}};
    Deflaters deflaters;
};

TEST_F(DeflaterTest, AClientReadsWhatWasCompressedForItsWindow) {
    for (int bits = window_bits_min; bits <= window_bits_max; ++bits) {
        for (const std::size_t size : {256u, 512u, 513u, 5000u, 40'000u, 300'000u}) {
            const std::string text = talk(size) + talk(size);  // the same again, far behind
            Outgoing outgoing = message(text);
            ASSERT_TRUE(outgoing.may_compress());
            const FrameRef frame =
                outgoing.for_window(static_cast<std::uint8_t>(bits), deflaters, frames);
            const std::string payload = payload_of(frame);
            ASSERT_FALSE(payload.empty()) << bits << ' ' << size;
            EXPECT_LT(payload.size(), text.size());
            EXPECT_EQ(Reader{bits}.next(payload), text) << bits << ' ' << size;
        }
    }
}

TEST_F(DeflaterTest, OneCompressedFrameIsSharedByAllWhoCanReadIt) {
    Outgoing outgoing = message(talk(1000));
    const FrameRef first = outgoing.for_window(15, deflaters, frames);
    EXPECT_NE(first.get(), outgoing.plain().get());
    EXPECT_EQ(outgoing.for_window(15, deflaters, frames).get(), first.get());
    EXPECT_EQ(outgoing.for_window(10, deflaters, frames).get(), first.get());
    const FrameRef small = outgoing.for_window(9, deflaters, frames);
    EXPECT_NE(small.get(), first.get());
    EXPECT_EQ(frames.outstanding(), 3u);  // the plain one as well
}

TEST_F(DeflaterTest, NothingIsCompressedBeforeSomebodyWantsIt) {
    const Outgoing outgoing = message(talk(1000));
    EXPECT_EQ(frames.outstanding(), 1u);
    EXPECT_EQ(to_text(outgoing.payload()), talk(1000));
}

TEST_F(DeflaterTest, SmallMessagesAndForbiddenOnesAreNotCompressed) {
    EXPECT_FALSE(message(talk(deflate_bytes_min - 1)).may_compress());
    EXPECT_TRUE(message(talk(deflate_bytes_min)).may_compress());
    EXPECT_FALSE(message(talk(5000), Outgoing::Compress::never).may_compress());
}

TEST_F(DeflaterTest, TheThresholdIsWhereAPacketsHeadIsSaved) {
    const std::string text =
        R"({"message_id":"0_17_18_alice_1700000004242.txt","text":"The delivery for the north )"
        "gate is held up at the bridge, so please tell the crew of the second lorry to go round "
        "by the river and to call in when they have passed the station. The gate stays open "
        R"(until ten. Over."})";
    const std::size_t packet_head = 52;
    Deflater deflater{window_bits_max, Deflater::Memory::shared};
    std::vector<std::byte> out;
    ASSERT_GE(text.size(), deflate_bytes_min);
    ASSERT_TRUE(deflater.compress_alone(to_bytes(text.substr(0, deflate_bytes_min)), out));
    EXPECT_GT(deflate_bytes_min - out.size(), packet_head);
    deflater.compress_alone(to_bytes(text.substr(0, deflate_bytes_min / 2)), out);
    EXPECT_LT(deflate_bytes_min / 2 - out.size(), packet_head);
}

TEST_F(DeflaterTest, WhatDoesNotBecomeSmallerIsSentAsItIs) {
    for (const std::size_t size : {300u, 70'000u}) {
        Outgoing outgoing = message(noise(size));
        for (const std::uint8_t bits : {std::uint8_t{15}, std::uint8_t{9}}) {
            EXPECT_EQ(outgoing.for_window(bits, deflaters, frames).get(), outgoing.plain().get());
        }
        EXPECT_EQ(frames.outstanding(), 1u);
    }
    // What could not be compressed leaves nothing behind.
    Outgoing next = message(talk(1000));
    EXPECT_EQ(Reader{}.next(payload_of(next.for_window(15, deflaters, frames))), talk(1000));
}

TEST_F(DeflaterTest, AMessageByItselfRefersToNoneBefore) {
    for (int i = 0; i < 3; ++i) {
        Outgoing outgoing = message(talk(1000));
        EXPECT_EQ(Reader{}.next(payload_of(outgoing.for_window(15, deflaters, frames))),
                  talk(1000));
    }
}

TEST_F(DeflaterTest, WithContextMessagesReferToThoseBefore) {
    Deflater deflater{takeover_window_bits, Deflater::Memory::own};
    Reader reader{takeover_window_bits};
    std::vector<std::byte> out;
    std::size_t first = 0;
    for (const std::string& text :
         {talk(1000), talk(1000), noise(3000), talk(20'000), noise(300)}) {
        deflater.compress_next(to_bytes(text), out);
        if (first == 0) first = out.size();
        EXPECT_EQ(reader.next(to_text(out)), text);
    }
    for (std::size_t size = 256; size < 70'000; size = size * 5 / 4 + 1) {
        deflater.compress_next(to_bytes(noise(size)), out);
        EXPECT_EQ(reader.next(to_text(out)), noise(size));
    }
    deflater.compress_next(to_bytes(talk(1000)), out);
    deflater.compress_next(to_bytes(talk(1000)), out);
    EXPECT_LT(out.size(), first / 10);
}

TEST_F(DeflaterTest, WithoutMemoryForAFrameThePlainOneIsSent) {
    FramePool full{{.small_count = 0, .medium_count = 0, .large_bytes_max = 0}};
    Outgoing outgoing = message(talk(1000));
    EXPECT_EQ(outgoing.for_window(15, deflaters, full).get(), outgoing.plain().get());
    EXPECT_EQ(outgoing.for_window(9, deflaters, full).get(), outgoing.plain().get());
}

}  // namespace
}  // namespace parley::ws
