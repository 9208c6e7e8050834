// The same compressed bytes give the same events, however they are cut; and no bytes do harm.
#include <gtest/gtest.h>
#include <random>

#include "deflated.h"
#include "frames.h"

namespace parley::ws {
namespace {

/// Draws streams of compressed and plain messages.
class Streams {
public:
    explicit Streams(unsigned seed) : random_(seed) {}

    std::size_t below(std::size_t bound) { return random_() % bound; }

    Bytes draw() {
        Bytes bytes;
        for (std::size_t left = 1 + below(5); left > 0; --left)
            bytes = bytes + draw_message();
        return bytes;
    }
    void spoil(Bytes& bytes) {
        for (std::size_t left = 1 + below(3); left > 0; --left)
            bytes[below(bytes.size())] = static_cast<std::byte>(random_());
    }

private:
    Bytes draw_message() {
        const unsigned opcode = below(2) == 0 ? 0x1 : 0x2;
        constexpr std::size_t sizes[] = {0, 1, 50, 300, 599, 600, 601, 3000, 70'000};
        const std::size_t size = sizes[below(std::size(sizes) - (below(8) == 0 ? 0 : 1))];
        std::string payload = opcode == 0x1 || below(2) == 0 ? talk(size) : noise(size);
        if (below(20) == 0) payload += '\xe2';
        if (below(5) == 0) return frame(opcode, {.payload = payload});
        payload = deflated(payload);
        if (below(2) == 0) return compressed(opcode, payload);
        const std::size_t first = below(payload.size() + 1);
        Bytes bytes = compressed(opcode, payload.substr(0, first), false);
        payload.erase(0, first);
        while (below(3) != 0) {
            if (below(3) == 0) bytes = bytes + ping("p");
            const std::size_t more = below(payload.size() + 1);
            bytes = bytes + middle(payload.substr(0, more));
            payload.erase(0, more);
        }
        return bytes + end(payload);
    }

    std::mt19937 random_;
};

TEST(InflateSplit, TheSameBytesGiveTheSameEventsInAnySplit) {
    Streams streams{3};
    Inflaters inflaters;
    const Inflation inflation{inflaters, nullptr};
    std::size_t messages = 0;
    std::size_t failures[3] = {};
    for (int round = 0; round < 5'000; ++round) {
        Bytes bytes = streams.draw();
        if (streams.below(2) == 0) streams.spoil(bytes);
        const MessageLimits limits{
            .message_bytes_max = streams.below(2) == 0 ? 600u : 1'000'000u,
            .fragments_max = streams.below(2) == 0 ? 4u : 1024u,
        };
        FrameReader whole{Role::server, limits, inflation};
        FrameReader cut{Role::server, limits, inflation};
        const Events expected = read_cut(whole, bytes, bytes.size());
        const std::size_t piece_max = streams.below(2) == 0 ? 5 : 400;
        Events events;
        for (std::size_t at = 0; at < bytes.size();) {
            const std::size_t size = std::min(1 + streams.below(piece_max), bytes.size() - at);
            read_piece(cut, std::span{bytes}.subspan(at, size), events);
            at += size;
        }
        ASSERT_EQ(events, expected) << "round " << round;
        for (const Event& event : expected) {
            if (event.what == What::text || event.what == What::binary) ++messages;
            if (event.what != What::failed) continue;
            ++failures[event.code == 1002 ? 0 : event.code == 1007 ? 1 : 2];
        }
    }
    EXPECT_EQ(inflaters.lent(), 0u);
    EXPECT_GT(messages, 2'500u);
    for (const std::size_t count : failures)
        EXPECT_GT(count, 70u);
}

}  // namespace
}  // namespace parley::ws
