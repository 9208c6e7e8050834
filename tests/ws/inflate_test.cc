// Compressed messages as a server reads them: where RSV1 may stand, what is inflated, and the
// limits, which hold for what a message becomes.
#include <gtest/gtest.h>

#include "deflated.h"
#include "frames.h"
#include "ws/extensions.h"

namespace parley::ws {
namespace {

using namespace std::string_literals;

constexpr unsigned text_opcode = 0x1;
constexpr unsigned binary_opcode = 0x2;

/// A server that keeps no context, and everything it makes of some bytes, read at once and in
/// single bytes: both must agree.
Events read_with(const MessageLimits& limits, const Bytes& bytes) {
    Inflaters inflaters;
    const Inflation inflation{inflaters, nullptr};
    FrameReader whole{Role::server, limits, inflation};
    FrameReader slow{Role::server, limits, inflation};
    Events events = read_cut(whole, bytes, bytes.size() + 1);
    EXPECT_EQ(read_cut(slow, bytes, 1), events);
    return events;
}
Events inflated(const Bytes& bytes) {
    return read_with(MessageLimits{}, bytes);
}
Event text_of(std::string payload) {
    return {.what = What::text, .payload = std::move(payload)};
}
Event binary_of(std::string payload) {
    return {.what = What::binary, .payload = std::move(payload)};
}

TEST(Inflate, ReadsTheExamplesOfTheRfc) {  // section 7.2.3
    const std::string hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;
    EXPECT_EQ(inflated(compressed(text_opcode, hello)), Events{text_of("Hello")});
    EXPECT_EQ(inflated(compressed(text_opcode, hello.substr(0, 3), false) + end(hello.substr(3))),
              Events{text_of("Hello")});
    // A block without compression, a final block, and two blocks.
    const std::string stored = "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s;
    const std::string final_block = "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s;
    const std::string two = "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s;
    for (const std::string& payload : {stored, final_block, two})
        EXPECT_EQ(inflated(compressed(text_opcode, payload)), Events{text_of("Hello")});
}

TEST(Inflate, ReadsMessagesOfEverySize) {
    for (const std::size_t size :
         {0, 1, 125, 126, 511, 512, 513, 4096, 65535, 65536, 65537, 262144, 1000000}) {
        for (const std::string& message : {talk(size), std::string(size, 'x')}) {
            EXPECT_EQ(inflated(compressed(text_opcode, deflated(message))),
                      Events{text_of(message)});
        }
        EXPECT_EQ(inflated(compressed(binary_opcode, deflated(noise(size)))),
                  Events{binary_of(noise(size))});
    }
}

TEST(Inflate, APlainMessageMayStandBetweenCompressedOnes) {
    EXPECT_EQ(inflated(compressed(text_opcode, deflated("one")) + text("two") +
                       compressed(binary_opcode, deflated("three")) + binary("four")),
              (Events{text_of("one"), text_of("two"), binary_of("three"), binary_of("four")}));
}

TEST(Inflate, JoinsFragmentsWithControlFramesBetween) {
    const std::string payload = deflated(talk(3000));
    const Bytes bytes = compressed(text_opcode, "", false) + middle(payload.substr(0, 1)) +
                        ping("p") + middle(payload.substr(1, 200)) + middle("") +
                        middle(payload.substr(201)) + ping("q") + end("");
    EXPECT_EQ(inflated(bytes + compressed(text_opcode, deflated("next"))),
              (Events{{.what = What::ping, .payload = "p"},
                      {.what = What::ping, .payload = "q"},
                      text_of(talk(3000)),
                      text_of("next")}));
}

TEST(Inflate, WithoutContextAMessageRefersToNoneBefore) {
    Compressor keeps;
    const std::string first = keeps.next(talk(2000));
    const std::string second = keeps.next(talk(2000));  // refers to the first
    EXPECT_EQ(inflated(compressed(text_opcode, first) + compressed(text_opcode, second)),
              (Events{text_of(talk(2000)), failed(CloseCode::invalid_payload)}));
}

TEST(Inflate, WithContextItMay) {
    for (const std::uint8_t bits : {std::uint8_t{9}, std::uint8_t{12}, std::uint8_t{15}}) {
        Inflaters inflaters;
        Inflater own{bits};
        const Inflation inflation{inflaters, &own};
        FrameReader reader{Role::server, MessageLimits{}, inflation};
        Compressor keeps{bits};
        Events expected;
        Bytes bytes;
        for (int i = 0; i < 20; ++i) {
            const std::string payload = keeps.next(talk(300));
            expected.push_back(text_of(talk(300)));
            bytes = bytes + (i % 2 == 0 ? compressed(text_opcode, payload)
                                        : compressed(text_opcode, payload.substr(0, 2), false) +
                                              end(payload.substr(2)));
            if (i % 3 == 0) {
                bytes = bytes + text("plain");  // is no part of the context
                expected.push_back(text_of("plain"));
            }
        }
        EXPECT_LT(bytes.size(), 20 * 150u);
        EXPECT_EQ(read_cut(reader, bytes, 7), expected);
    }
}

TEST(Inflate, Rsv1StandsOnTheFirstFrameOfAMessageOnly) {  // V9
    const auto broken = Events{failed(CloseCode::protocol_error)};
    for (const unsigned opcode : {0x8u, 0x9u, 0xau}) {
        EXPECT_EQ(inflated(frame(opcode, {.rsv = 4})), broken);
        // It does not arm anything either.
        EXPECT_EQ(inflated(frame(opcode, {.rsv = 4}) + text("plain")), broken);
    }
    EXPECT_EQ(inflated(begin(text_opcode, "a") + frame(0x0, {.rsv = 4})), broken);
    EXPECT_EQ(inflated(compressed(text_opcode, deflated("a"), false) + frame(0x0, {.rsv = 4})),
              broken);
    for (unsigned rsv = 1; rsv < 8; ++rsv) {
        if (rsv == 4) continue;
        EXPECT_EQ(inflated(frame(text_opcode, {.payload = deflated("a"), .rsv = rsv})), broken);
    }
}

TEST(Inflate, Rsv1IsRefusedUntilCompressionIsAgreedOn) {
    FrameCutter cutter;
    const MessageLimits limits;
    Inflaters inflaters;
    const Inflation inflation{inflaters, nullptr};
    Bytes bytes = compressed(text_opcode, deflated("hello"));
    std::span<std::byte> input{bytes};
    EXPECT_EQ(cutter.next(input, {Role::server, limits}).code, CloseCode::protocol_error);
    Bytes later = text("plain") + compressed(text_opcode, deflated("hello"));
    input = later;
    FrameCutter held_back;
    EXPECT_EQ(to_text(held_back.next(input, {Role::server, limits}).payload), "plain");
    EXPECT_EQ(to_text(held_back.next(input, {Role::server, limits, &inflation}).payload), "hello");
}

TEST(Inflate, ACompressedMessageWithoutAnOctetIsAnEmptyOne) {  // V10
    EXPECT_EQ(inflated(compressed(binary_opcode, "") + compressed(text_opcode, "\0"s) +
                       compressed(text_opcode, "", false) + end("") + text("x")),
              (Events{binary_of(""), text_of(""), text_of(""), text_of("x")}));
}

TEST(Inflate, WhatIsNoDeflateIsRefused) {
    const std::string good = deflated(talk(500));
    const std::string bad[] = {
        "\x07"s,                           // no such kind of block
        "\x00\x05\x00\x00\x00Hello\x00"s,  // the length and its complement differ
        "\xff\xff\xff\xff"s,
        good.substr(0, good.size() / 2),  // it ends inside a block
        good.substr(0, good.size() - 1),
        good + "\x07",
        "\x63\x00\x00\x03"s,  // refers to what is not there
    };
    for (const std::string& payload : bad) {
        EXPECT_EQ(inflated(compressed(binary_opcode, payload)),
                  Events{failed(CloseCode::invalid_payload)})
            << payload.size();
    }
}

TEST(Inflate, FinalBlocksMayFollowOneAnotherAndReferBack) {  // section 7.2.3.5
    Compressor once;
    const std::string first = once.run(talk(300), Z_FINISH);
    Compressor again;
    again.refer_to(talk(300));
    const std::string second = again.next(talk(300));
    EXPECT_LT(second.size(), 20u);
    EXPECT_EQ(inflated(compressed(text_opcode, first + second)),
              Events{text_of(talk(300) + talk(300))});
    EXPECT_EQ(inflated(compressed(text_opcode, first + first + "\0"s)),
              Events{text_of(talk(300) + talk(300))});
    EXPECT_EQ(inflated(compressed(text_opcode, first)), Events{text_of(talk(300))});
    // Half a million empty final blocks take no longer than any other megabyte.
    std::string many;
    while (many.size() < 1'000'000)
        many += "\x03\x00"s;
    EXPECT_EQ(inflated(compressed(text_opcode, many)), Events{text_of("")});
}

TEST(Inflate, TextIsJudgedByWhatItBecomes) {
    const auto refused = Events{failed(CloseCode::invalid_payload)};
    EXPECT_EQ(inflated(compressed(text_opcode, deflated("\xc3\xa9"))), Events{text_of("\xc3\xa9")});
    for (const std::string bad : {"a\xc3", "\xed\xa0\x80", "a\xff", "\xf4\x90\x80\x80"}) {
        EXPECT_EQ(inflated(compressed(text_opcode, deflated(bad))), refused);
        EXPECT_EQ(inflated(compressed(binary_opcode, deflated(bad))), Events{binary_of(bad)});
    }
}

TEST(Inflate, BadTextIsRefusedBeforeItsFrameIsWhole) {  // B5
    const std::string payload = deflated("ok \xed\xa0\x80" + noise(5000));
    Bytes bytes = compressed(text_opcode, payload);
    bytes.resize(300);
    EXPECT_EQ(inflated(bytes), Events{failed(CloseCode::invalid_payload)});
}

TEST(Inflate, TheLimitIsOnTheInflatedSize) {  // V8
    const MessageLimits limits{.message_bytes_max = 70'000, .fragments_max = 1024};
    for (const std::size_t size : {69'999u, 70'000u}) {
        for (const std::string& message : {std::string(size, 'x'), noise(size)}) {
            for (const int level : {0, 1, 9}) {
                Compressor peer{15, level};
                EXPECT_EQ(read_with(limits, compressed(binary_opcode, peer.next(message))),
                          Events{binary_of(message)});
            }
        }
    }
    for (const std::size_t size : {70'001u, 70'002u, 500'000u}) {
        for (const std::string& message : {std::string(size, 'x'), noise(size)}) {
            const std::string payload = deflated(message);
            const auto refused = Events{failed(CloseCode::too_big)};
            EXPECT_EQ(read_with(limits, compressed(binary_opcode, payload)), refused);
            EXPECT_EQ(read_with(limits, compressed(binary_opcode, payload.substr(0, 9), false) +
                                            end(payload.substr(9))),
                      refused);
        }
    }
}

TEST(Inflate, ALimitIsExactWhereverTheOutputIsCut) {
    for (std::uint32_t limit = 1; limit < 1200; limit += 7) {
        const MessageLimits limits{.message_bytes_max = limit, .fragments_max = 1024};
        const std::string at = talk(limit);
        const std::string above = talk(limit) + "x";
        EXPECT_EQ(read_with(limits, compressed(text_opcode, deflated(at))), Events{text_of(at)});
        EXPECT_EQ(read_with(limits, compressed(text_opcode, deflated(above))),
                  Events{failed(CloseCode::too_big)});
    }
}

TEST(Inflate, TheLimitCountsBeforeTheMessageIsWhole) {  // V7
    const std::string payload = deflated(std::string(8'000'000, '\0'));
    Bytes bytes = compressed(binary_opcode, payload);
    bytes.resize(bytes.size() / 2);
    EXPECT_EQ(inflated(bytes), Events{failed(CloseCode::too_big)});
}

// A server that inflated first and judged then would hold all of it for a moment.
TEST(Inflate, NeverMoreThanTheLimitIsHeld) {  // V7
    const std::string payload = deflated(std::string(8'000'000, '\0'));
    const Bytes bytes = to_bytes(payload);
    for (const std::size_t limit : {1u, 1000u, 70'000u, 1'052'672u}) {
        for (const std::size_t piece : {bytes.size(), std::size_t{100}}) {
            Inflater inflater{window_bits_max};
            std::vector<std::byte> out;
            const Inflater::Into into{out, nullptr, limit};
            auto outcome = Inflater::Outcome::fine;
            for (std::size_t at = 0; at < bytes.size() && outcome == Inflater::Outcome::fine;
                 at += piece) {
                const std::size_t size = std::min(piece, bytes.size() - at);
                outcome = inflater.take(std::span{bytes}.subspan(at, size), into);
                EXPECT_LE(out.capacity(), limit + 1);
            }
            EXPECT_EQ(outcome, Inflater::Outcome::too_big);
        }
    }
}

TEST(Inflate, CompressedOctetsThatBecomeNothingAreBounded) {
    const MessageLimits limits{.message_bytes_max = 1000, .fragments_max = 1024};
    const std::string nothing = "\x00\x00\x00\xff\xff"s;  // an empty block
    std::string many;
    while (many.size() + nothing.size() <= compressed_bytes_max(limits))
        many += nothing;
    EXPECT_EQ(read_with(limits, compressed(binary_opcode, many, false) + end("\0"s)),
              Events{binary_of("")});
    many += nothing;
    EXPECT_EQ(read_with(limits, compressed(binary_opcode, many)),
              Events{failed(CloseCode::too_big)});
    EXPECT_EQ(read_with(limits, compressed(binary_opcode, many.substr(0, 500), false) +
                                    middle(many.substr(500, 500)) + end(many.substr(1000))),
              Events{failed(CloseCode::too_big)});
}

TEST(Inflate, MessagesInPiecesWaitWhenTooManyAreUnderWay) {
    Inflaters inflaters;
    const Inflation inflation{inflaters, nullptr};
    std::vector<Inflaters::Lent> others;
    while (Inflaters::Lent lent = inflaters.lend())
        others.push_back(std::move(lent));
    EXPECT_EQ(inflaters.lent(), Inflaters::lent_max);
    const std::string bad = deflated("ok \xed\xa0\x80" + noise(5000));
    for (const std::size_t piece : {1u, 50u}) {
        FrameReader reader{Role::server, MessageLimits{}, inflation};
        const std::string payload = deflated(talk(3000));
        const Bytes good = compressed(text_opcode, payload.substr(0, 99), false) + ping("p") +
                           end(payload.substr(99));
        EXPECT_EQ(read_cut(reader, good + compressed(text_opcode, bad), piece),
                  (Events{{.what = What::ping, .payload = "p"},
                          text_of(talk(3000)),
                          failed(CloseCode::invalid_payload)}));
    }
    others.clear();
    EXPECT_EQ(inflaters.lent(), 0u);
}

TEST(Inflate, AnInflaterIsGivenBackWithTheMessageOrTheConnection) {
    Inflaters inflaters;
    const Inflation inflation{inflaters, nullptr};
    const std::string payload = deflated(talk(3000));
    {
        FrameReader reader{Role::server, MessageLimits{}, inflation};
        read_cut(reader, compressed(text_opcode, payload.substr(0, 99), false), 1);
        EXPECT_EQ(inflaters.lent(), 1u);
        read_cut(reader, end(payload.substr(99)) + text("x"), 1);
        EXPECT_EQ(inflaters.lent(), 0u);
        read_cut(reader, compressed(text_opcode, payload), payload.size() + 100);
        EXPECT_EQ(inflaters.lent(), 0u);  // it came at once
        read_cut(reader, compressed(text_opcode, payload.substr(0, 99), false), 1);
        EXPECT_EQ(inflaters.lent(), 1u);
    }
    EXPECT_EQ(inflaters.lent(), 0u);
}

}  // namespace
}  // namespace parley::ws
