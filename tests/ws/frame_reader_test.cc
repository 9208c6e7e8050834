// The rules of framing, in the order of the Autobahn list: framing (1), pings (2), reserved bits
// (3), opcodes (4), fragmentation (5), closing (7). Text is in frame_reader_text_test.cc.
#include "ws/frame_reader.h"

#include <gtest/gtest.h>

#include "frames.h"

namespace parley::ws {
namespace {

/// Expects the same of the bytes at once and in single bytes.
void expect_events(const Bytes& bytes, const Events& expected) {
    EXPECT_EQ(read(bytes), expected);
    EXPECT_EQ(read_slowly(bytes), expected);
}

const Event broken = failed(CloseCode::protocol_error);

TEST(FrameReader, ReadsMessagesOfEverySizeClass) {  // 1.1, 1.2
    for (const std::size_t size : {0, 1, 5, 7, 8, 9, 125, 126, 127, 128, 65535, 65536, 1'000'000}) {
        const std::string payload(size, '*');
        expect_events(text(payload), {{What::text, payload}});
        expect_events(binary(payload), {{What::binary, payload}});
    }
}

TEST(FrameReader, ReadsAMessageInPiecesOfAnySize) {  // 1.1.6-8, 1.2.6-8
    const std::string payload(65536, '*');
    for (const std::size_t piece : {997, 4096, 65536, 65537}) {
        FrameReader reader{Role::server, MessageLimits{}};
        EXPECT_EQ(read_cut(reader, text(payload) + binary(payload), piece),
                  (Events{{What::text, payload}, {What::binary, payload}}));
    }
}

TEST(FrameReader, PayloadOfAWholeFrameLiesInTheInput) {
    FrameReader reader{Role::server, MessageLimits{}};
    Bytes bytes = binary("first") + text("second") + ping("third") + close("\x03\xe8");
    std::span<std::byte> input{bytes};
    for (const std::string expected : {"first", "second", "third", "\x03\xe8"}) {
        const Received received = reader.next(input);
        EXPECT_EQ(to_text(received.payload), expected);
        EXPECT_EQ(received.payload.data() + received.payload.size(), input.data());
        EXPECT_FALSE(reader.is_gathering());
    }
    EXPECT_TRUE(input.empty());
}

TEST(FrameReader, OnlyASplitHeadDoesNotMakeAFrameGathered) {
    const Bytes bytes = binary(std::string(300, '*'));
    for (std::size_t cut = 1; cut <= 8; ++cut) {
        FrameReader reader{Role::server, MessageLimits{}};
        Bytes first(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(cut));
        Bytes second(bytes.begin() + static_cast<std::ptrdiff_t>(cut), bytes.end());
        std::span<std::byte> input{first};
        EXPECT_EQ(reader.next(input).what, What::need_more);
        EXPECT_TRUE(input.empty());
        input = second;
        EXPECT_EQ(to_text(reader.next(input).payload), std::string(300, '*'));
        EXPECT_FALSE(reader.is_gathering());
    }
}

TEST(FrameReader, ReadsPingsAndPongsOfUpTo125Bytes) {  // 2.1-2.4, 2.6-2.11
    for (const std::size_t size : {0, 1, 124, 125}) {
        const std::string payload(size, '\xfe');  // need not be text
        expect_events(ping(payload), {{What::ping, payload}});
        expect_events(frame(0xa, {.payload = payload}), {{What::pong, payload}});
    }
    Bytes many;
    for (int i = 0; i < 10; ++i)
        many = many + ping(std::to_string(i));
    EXPECT_EQ(read(many).size(), 10u);
    EXPECT_EQ(read(many), read_slowly(many));
}

TEST(FrameReader, ControlFramesOfMoreThan125BytesAreRefused) {  // 2.5, 7.3.6
    for (const unsigned opcode : {0x8u, 0x9u, 0xau}) {
        expect_events(frame(opcode, {.payload = std::string(126, '*')}), {broken});
        expect_events(frame(opcode, {.payload = std::string(65536, '*')}), {broken});
        expect_events(frame(opcode, {.length_bytes = 2, .declared = 0}), {broken});
    }
}

TEST(FrameReader, ControlFramesAreNotFragmented) {  // 5.1, 5.2
    for (const unsigned opcode : {0x8u, 0x9u, 0xau})
        expect_events(begin(opcode, ""), {broken});
}

TEST(FrameReader, ReservedBitsAreRefusedOnEveryFrame) {  // 3.1-3.7, and on fragments
    for (unsigned rsv = 1; rsv <= 7; ++rsv) {
        for (const unsigned opcode : {0x1u, 0x2u, 0x8u, 0x9u, 0xau}) {
            expect_events(text("a") + frame(opcode, {.rsv = rsv}), {{What::text, "a"}, broken});
        }
        expect_events(begin(0x1, "a") + frame(0x0, {.payload = "b", .rsv = rsv}), {broken});
    }
}

TEST(FrameReader, UnknownOpcodesAreRefused) {  // 4.1, 4.2
    for (const unsigned opcode : {0x3u, 0x4u, 0x5u, 0x6u, 0x7u, 0xbu, 0xcu, 0xdu, 0xeu, 0xfu}) {
        expect_events(text("a") + frame(opcode, {.payload = "b"}) + ping(""),
                      {{What::text, "a"}, broken});
    }
}

TEST(FrameReader, AServerRefusesUnmaskedFramesAtTheSecondByte) {
    expect_events(frame(0x2, {.payload = "a", .masked = false}), {broken});
    expect_events({std::byte{0x82}, std::byte{0x7f}}, {broken});
    expect_events({std::byte{0x89}, std::byte{0x00}}, {broken});
}

TEST(FrameReader, AClientReadsUnmaskedFramesAndRefusesMaskedOnes) {
    const auto read_as_client = [](const Bytes& bytes, std::size_t piece) {
        FrameReader reader{Role::client, MessageLimits{}};
        return read_cut(reader, bytes, piece);
    };
    const Bytes good = frame(0x1, {.payload = "abc", .masked = false}) +
                       frame(0x2, {.payload = std::string(70'000, 'x'), .masked = false}) +
                       frame(0x8, {.payload = "\x03\xe8", .masked = false});
    for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}, good.size()}) {
        EXPECT_EQ(read_as_client(good, piece), (Events{{What::text, "abc"},
                                                       {What::binary, std::string(70'000, 'x')},
                                                       closed(1000, "\x03\xe8")}));
        EXPECT_EQ(read_as_client(text("abc"), piece), Events{broken});
    }
}

TEST(FrameReader, JoinsFragments) {  // 5.3-5.5
    expect_events(begin(0x1, "frag") + end("ment"), {{What::text, "fragment"}});
    expect_events(begin(0x2, "a") + middle("b") + middle("") + end("c"), {{What::binary, "abc"}});
    expect_events(begin(0x2, "") + end(""), {{What::binary, ""}});
    expect_events(begin(0x1, "a") + end("b") + begin(0x2, "c") + end("d") + text("e"),
                  {{What::text, "ab"}, {What::binary, "cd"}, {What::text, "e"}});
}

TEST(FrameReader, GivesControlFramesBetweenFragmentsAtOnce) {  // 5.6-5.8, 5.19, 5.20
    expect_events(begin(0x1, "a") + ping("p") + middle("b") + ping("q") + end("c"),
                  {{What::ping, "p"}, {What::ping, "q"}, {What::text, "abc"}});
    expect_events(begin(0x1, "a") + close("\x03\xe8") + end("b"), {closed(1000, "\x03\xe8")});
}

TEST(FrameReader, AContinuationNeedsAStart) {  // 5.9-5.14
    expect_events(end("a"), {broken});
    expect_events(middle("a"), {broken});
    expect_events(text("a") + end("b"), {{What::text, "a"}, broken});
    expect_events(begin(0x1, "a") + end("b") + end("c"), {{What::text, "ab"}, broken});
}

TEST(FrameReader, ANewMessageInsideAFragmentedOneIsRefused) {  // 5.15-5.18
    expect_events(begin(0x1, "a") + text("b"), {broken});
    expect_events(begin(0x1, "a") + begin(0x2, "b"), {broken});
    expect_events(begin(0x1, "") + binary("b"), {broken});
}

TEST(FrameReader, AFragmentedMessageIsOpenAfterASplitControlFrame) {
    FrameReader reader{Role::server, MessageLimits{}};
    Events events;
    const Bytes bytes = ping("pp");
    read_piece(reader, begin(0x2, "a"), events);
    read_piece(reader, std::span{bytes}.first(7), events);
    read_piece(reader, std::span{bytes}.subspan(7), events);
    EXPECT_TRUE(reader.is_gathering());
    read_piece(reader, end("b"), events);
    EXPECT_EQ(events, (Events{{What::ping, "pp"}, {What::binary, "ab"}}));
    EXPECT_FALSE(reader.is_gathering());
}

TEST(FrameReader, ReadsCloseWithAndWithoutCode) {  // 7.3, 7.7
    expect_events(close(""), {closed(1005, "")});
    expect_events(close("\x03\xe8"), {closed(1000, "\x03\xe8")});
    expect_events(close("\x0b\xb9"
                        "custom"),
                  {closed(3001,
                          "\x0b\xb9"
                          "custom")});
    const std::string longest = "\x03\xe8" + std::string(123, 'r');
    expect_events(close(longest), {closed(1000, longest)});
}

TEST(FrameReader, RefusesBrokenCloseFrames) {  // 7.3.2, 7.5.1, 7.9, 7.13
    expect_events(close("\x03"), {broken});
    for (const unsigned code :
         {0u, 999u, 1004u, 1005u, 1006u, 1015u, 1016u, 2999u, 5000u, 65535u}) {
        const std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
        expect_events(close(payload), {broken});
    }
    expect_events(close("\x03\xe8\xce\xba\xe1\xbd"), {failed(CloseCode::invalid_payload)});
    expect_events(close("\x03\xe8\xed\xa0\x80"), {failed(CloseCode::invalid_payload)});
}

TEST(FrameReader, ReadsNothingAfterClose) {  // 7.1
    expect_events(close("\x03\xe8") + ping("a") + text("b") + close(""),
                  {closed(1000, "\x03\xe8")});
    FrameReader reader{Role::server, MessageLimits{}};
    Events events;
    read_piece(reader, close("\x03\xe8"), events);
    for (const Bytes& bytes : {text("a"), to_bytes("x"), close(""), to_bytes("\xff\xff\xff")}) {
        read_piece(reader, bytes, events);
    }
    EXPECT_EQ(events.size(), 1u);
    EXPECT_FALSE(reader.is_gathering());
}

TEST(FrameReader, ReadsNothingAfterAFailure) {
    FrameReader reader{Role::server, MessageLimits{}};
    Events events;
    read_piece(reader, begin(0x1, "a"), events);
    read_piece(reader, frame(0x3, {}) + text("b"), events);
    EXPECT_FALSE(reader.is_gathering());
    read_piece(reader, text("c"), events);
    EXPECT_EQ(events, Events{broken});
}

TEST(FrameReader, GoesOnWhenMoved) {
    FrameReader first{Role::server, MessageLimits{}};
    const Bytes bytes = begin(0x2, "abc") + end("def");
    Events events;
    read_piece(first, std::span{bytes}.first(13), events);
    FrameReader second = std::move(first);
    read_piece(second, std::span{bytes}.subspan(13), events);
    EXPECT_EQ(events, (Events{{What::binary, "abcdef"}}));
}

}  // namespace
}  // namespace parley::ws
