// What a connection takes of a shard's compression: nothing until it is needed, and nothing for
// good. Connections are only names here.
#include "ws/compression.h"

#include <gtest/gtest.h>

#include "deflated.h"
#include "frames.h"

namespace parley::ws {
namespace {

class CompressionTest : public testing::Test {
protected:
    const Connection& who(std::size_t number) {
        return reinterpret_cast<const Connection&>(names_[number]);
    }
    Outgoing message() {
        return {encode_frame(frames, Opcode::text, to_bytes(talk(1000))),
                Outgoing::Compress::if_agreed};
    }

    static constexpr DeflateTerms keeping{.send_window_bits = 12,
                                          .receive_window_bits = 12,
                                          .send_takeover = true,
                                          .receive_takeover = true};
    FramePool frames{{}};
    Compression compression{frames};

private:
    std::array<std::uint64_t, 4> names_{};
};

TEST_F(CompressionTest, OneFrameServesAllWhoKeepNoContext) {
    Outgoing outgoing = message();
    const Agreed usual = compression.agree(who(0), {});
    const Agreed small = compression.agree(who(1), {.send_window_bits = 10});
    const FrameRef first = compression.frame_for(who(0), usual, outgoing);
    EXPECT_EQ(compression.frame_for(who(1), small, outgoing).get(), first.get());
    EXPECT_EQ(compression.frame_for(who(2), {}, outgoing).get(), outgoing.plain().get());
    EXPECT_EQ(compression.contexts(), 0u);
    EXPECT_EQ(compression.counters().agreed, 2u);
    EXPECT_EQ(compression.counters().deflated, 2u);
    EXPECT_EQ(compression.inflation(who(0), usual).own, nullptr);
}

TEST_F(CompressionTest, WhoKeepsContextHasFramesOfItsOwn) {
    const Agreed agreed = compression.agree(who(0), keeping);
    const Agreed other = compression.agree(who(1), keeping);
    Reader reader{12};
    std::size_t sizes[2] = {};
    for (std::size_t& size : sizes) {
        Outgoing outgoing = message();
        const FrameRef frame = compression.frame_for(who(0), agreed, outgoing);
        EXPECT_NE(compression.frame_for(who(1), other, outgoing).get(), frame.get());
        size = frame.bytes().size();
        EXPECT_EQ(reader.next(to_text(frame.bytes().subspan(size < 128 ? 2 : 4))), talk(1000));
    }
    EXPECT_LT(sizes[1], sizes[0] / 4);
    EXPECT_NE(compression.inflation(who(0), agreed).own, compression.inflation(who(1), other).own);
    EXPECT_EQ(compression.inflation(who(0), agreed).own, compression.inflation(who(0), agreed).own);
    EXPECT_EQ(compression.contexts(), 2u);
    compression.forget(who(0));
    compression.forget(who(1));
    EXPECT_EQ(compression.contexts(), 0u);
}

TEST_F(CompressionTest, ContextMayBeKeptInOneDirection) {
    const Agreed sends = compression.agree(who(0), {.send_takeover = true});
    EXPECT_EQ(compression.inflation(who(0), sends).own, nullptr);
    const Agreed receives = compression.agree(who(1), {.receive_takeover = true});
    EXPECT_NE(compression.inflation(who(1), receives).own, nullptr);
    Outgoing outgoing = message();
    const FrameRef shared = compression.frame_for(who(1), receives, outgoing);
    EXPECT_NE(compression.frame_for(who(0), sends, outgoing).get(), shared.get());
}

TEST_F(CompressionTest, AContextThatLostAMessageIsOfNoMoreUse) {
    FramePool full{{.small_count = 0, .medium_count = 0, .large_bytes_max = 0}};
    Compression starved{full};
    Outgoing outgoing = message();
    EXPECT_FALSE(starved.frame_for(who(0), starved.agree(who(0), keeping), outgoing));
    EXPECT_TRUE(starved.frame_for(who(1), starved.agree(who(1), {}), outgoing));
}

}  // namespace
}  // namespace parley::ws
