// The same bytes give the same events, however they are cut into reads; and no bytes do harm.
#include <gtest/gtest.h>
#include <random>

#include "frames.h"

namespace parley::ws {
namespace {

/// Draws streams of frames: mostly right, so that much is read before the first wrong one.
class Streams {
public:
    explicit Streams(unsigned seed) : random_(seed) {}

    std::size_t below(std::size_t bound) { return random_() % bound; }

    Bytes draw() {
        Bytes bytes;
        for (std::size_t left = 1 + below(8); left > 0; --left)
            bytes = bytes + draw_message();
        return bytes;
    }

    /// Overwrites up to `count_max` bytes and says how many.
    std::size_t spoil(Bytes& bytes, std::size_t count_max) {
        const std::size_t count = 1 + below(count_max);
        for (std::size_t i = 0; i < count; ++i) {
            bytes[below(bytes.size())] = static_cast<std::byte>(random_());
        }
        return count;
    }

private:
    Bytes draw_message() {
        const std::size_t kind = below(20);
        if (kind == 0) return close(below(2) == 0 ? "" : "\x03\xe8 bye");
        if (kind == 1) return close("\x03");
        if (kind == 2) return frame(static_cast<unsigned>(below(16)), {.rsv = 0});
        if (kind < 6) return draw_control();
        const unsigned opcode = below(2) == 0 ? 0x1 : 0x2;
        if (kind < 12) return frame(opcode, {.payload = draw_payload(opcode)});
        Bytes bytes = begin(opcode, draw_payload(opcode));
        while (below(3) != 0) {
            bytes = bytes + (below(3) == 0 ? draw_control() : middle(draw_payload(opcode)));
        }
        return bytes + end(draw_payload(opcode));
    }

    Bytes draw_control() {
        return frame(below(2) == 0 ? 0x9 : 0xa, {.payload = std::string(below(126), 'p')});
    }

    std::string draw_payload(unsigned opcode) {
        constexpr std::size_t sizes[] = {0, 1, 2, 3, 7, 60, 125, 126, 127, 300};
        const std::size_t size = sizes[below(std::size(sizes))];
        std::string payload;
        while (payload.size() < size) {
            if (opcode == 0x2) {
                payload += static_cast<char>(random_());
            } else {
                constexpr std::string_view pieces[] = {"a", "\xc2\xb5", "\xe2\x82\xac",
                                                       "\xf0\x9f\x98\x80"};
                payload += pieces[below(std::size(pieces))];
            }
        }
        if (opcode == 0x1 && below(20) == 0) payload += '\xe2';
        return payload;
    }

    std::mt19937 random_;
};

Events read_randomly_cut(FrameReader& reader, const Bytes& bytes, Streams& streams) {
    const std::size_t piece_max = streams.below(2) == 0 ? 5 : 400;
    Events events;
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t size = std::min(1 + streams.below(piece_max), bytes.size() - at);
        read_piece(reader, std::span{bytes}.subspan(at, size), events);
        at += size;
    }
    return events;
}

TEST(FrameReaderSplit, TheSameBytesGiveTheSameEventsInAnySplit) {
    Streams streams{1};
    std::size_t kinds[7] = {};
    for (int round = 0; round < 100'000; ++round) {
        Bytes bytes = streams.draw();
        if (streams.below(2) == 0) streams.spoil(bytes, 3);
        const MessageLimits limits{
            .message_bytes_max = streams.below(2) == 0 ? 600u : 1'000'000u,
            .fragments_max = streams.below(2) == 0 ? 4u : 1024u,
        };
        FrameReader whole{Role::server, limits};
        FrameReader cut{Role::server, limits};
        const Events expected = read_cut(whole, bytes, bytes.size());
        ASSERT_EQ(read_randomly_cut(cut, bytes, streams), expected) << "round " << round;
        for (const Event& event : expected)
            ++kinds[static_cast<std::size_t>(event.what)];
    }
    EXPECT_EQ(kinds[0], 0u);  // need_more is no event
    for (std::size_t what = 1; what < std::size(kinds); ++what)
        EXPECT_GT(kinds[what], 5'000u);
}

TEST(FrameReaderSplit, AMillionSpoiledBytesDoNoHarm) {
    Streams streams{2};
    Bytes bytes = streams.draw();
    std::size_t spoiled = 0;
    std::size_t failures = 0;
    for (int round = 0; spoiled < 1'000'000; ++round) {
        if (round % 4 == 0) bytes = streams.draw();
        spoiled += streams.spoil(bytes, round % 2 == 0 ? 3 : 40);
        FrameReader reader{round % 16 == 0 ? Role::client : Role::server, MessageLimits{}};
        const Events events = read_randomly_cut(reader, bytes, streams);
        if (events.empty()) continue;
        for (std::size_t i = 0; i + 1 < events.size(); ++i) {  // close and failed end it
            ASSERT_NE(events[i].what, What::failed);
            ASSERT_NE(events[i].what, What::close);
        }
        if (events.back().what == What::failed) ++failures;
    }
    EXPECT_GT(failures, 10'000u);
}

}  // namespace
}  // namespace parley::ws
