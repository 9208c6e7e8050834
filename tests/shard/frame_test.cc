#include "shard/frame.h"

#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley {
namespace {

constexpr FramePool::Options few{.small_bytes = 64,
                                 .small_count = 4,
                                 .medium_bytes = 512,
                                 .medium_count = 2,
                                 .large_bytes_max = 3000};

void fill(FrameRef& frame, std::string_view text) {
    std::memcpy(frame.space().data(), text.data(), text.size());
    frame.set_size(text.size());
}

std::string_view text_of(const FrameRef& frame) {
    return {reinterpret_cast<const char*>(frame.bytes().data()), frame.bytes().size()};
}

std::vector<FrameRef> take(FramePool& pool, std::size_t count, std::size_t size) {
    std::vector<FrameRef> frames;
    for (std::size_t i = 0; i < count; ++i)
        frames.push_back(pool.allocate(size));
    return frames;
}

TEST(FramePool, GivesTheSmallestFrameThatFits) {
    FramePool pool{few};
    EXPECT_EQ(pool.allocate(0).space().size(), 64U);
    EXPECT_EQ(pool.allocate(64).space().size(), 64U);
    EXPECT_EQ(pool.allocate(65).space().size(), 512U);
    EXPECT_EQ(pool.allocate(512).space().size(), 512U);
    EXPECT_EQ(pool.allocate(513).space().size(), 513U);
}

TEST(FramePool, GivesFramesThatAreEmptyAtFirst) {
    FramePool pool{few};
    {
        FrameRef used = pool.allocate(10);
        fill(used, "something");
    }
    for (FrameRef& frame : take(pool, 4, 10))
        EXPECT_EQ(frame.bytes().size(), 0U);
}

TEST(FramePool, CountsWhatIsOut) {
    FramePool pool{few};
    EXPECT_EQ(pool.outstanding(), 0U);
    FrameRef small = pool.allocate(1);
    FrameRef large = pool.allocate(1000);
    EXPECT_EQ(pool.outstanding(), 2U);
    FrameRef shared = small.share();
    EXPECT_EQ(pool.outstanding(), 2U);
    small = FrameRef{};
    EXPECT_EQ(pool.outstanding(), 2U);
    shared = FrameRef{};
    EXPECT_EQ(pool.outstanding(), 1U);
    large = FrameRef{};
    EXPECT_EQ(pool.outstanding(), 0U);
}

TEST(FramePool, GivesDistinctFramesAndTakesThemAgain) {
    FramePool pool{few};
    for (int round = 0; round < 3; ++round) {
        std::vector<FrameRef> frames = take(pool, 4, 64);
        for (std::size_t i = 0; i < frames.size(); ++i) {
            const std::string text(64, static_cast<char>('a' + i));
            fill(frames[i], text);
        }
        for (std::size_t i = 0; i < frames.size(); ++i) {
            EXPECT_EQ(text_of(frames[i]), std::string(64, static_cast<char>('a' + i)));
        }
    }
}

TEST(FramePool, HelpsOutWithMediumFramesWhenTheSmallOnesAreGone) {
    FramePool pool{few};
    const std::vector<FrameRef> small = take(pool, 4, 1);
    EXPECT_EQ(pool.allocate(1).space().size(), 512U);
    // It went back among the medium ones: small requests do not keep it.
    std::vector<FrameRef> medium = take(pool, 2, 512);
    for (FrameRef& each : medium)
        EXPECT_EQ(each.space().size(), 512U);
}

TEST(FramePool, PutsFramesBackWhereTheyCameFrom) {
    FramePool pool{few};
    {
        const std::vector<FrameRef> all = take(pool, 6, 1);  // four small ones, two medium
    }
    std::vector<FrameRef> small = take(pool, 4, 64);
    std::vector<FrameRef> medium = take(pool, 2, 512);
    for (FrameRef& each : small)
        EXPECT_EQ(each.space().size(), 64U);
    for (FrameRef& each : medium)
        EXPECT_EQ(each.space().size(), 512U);
}

TEST(FramePool, MakesFramesAsLongAsItsBoundAllows) {
    FramePool pool{few};
    const std::vector<FrameRef> pooled = take(pool, 6, 1);
    // From here on all are made, each counted by the size that was asked for.
    FrameRef first = pool.allocate(1000);
    FrameRef second = pool.allocate(1000);
    FrameRef third = pool.allocate(1000);
    ASSERT_TRUE(first);
    ASSERT_TRUE(second);
    ASSERT_TRUE(third);
    EXPECT_FALSE(pool.allocate(1));
    EXPECT_FALSE(pool.allocate(600));
    EXPECT_EQ(pool.outstanding(), 9U);
    second = FrameRef{};
    EXPECT_FALSE(pool.allocate(1001));
    EXPECT_TRUE(pool.allocate(1000));
    EXPECT_TRUE(pool.allocate(400));
}

TEST(FramePool, RefusesAFrameThatAloneIsOverTheBound) {
    FramePool pool{few};
    EXPECT_TRUE(pool.allocate(3000));
    EXPECT_FALSE(pool.allocate(3001));
    EXPECT_EQ(pool.outstanding(), 0U);
}

TEST(FramePool, GivesOnlyWhatWasMadeAtStartIfAskedTo) {
    FramePool pool{few};
    EXPECT_FALSE(pool.allocate_prepared(513));
    EXPECT_EQ(pool.outstanding(), 0U);
    std::vector<FrameRef> prepared;
    for (int i = 0; i < 4; ++i)
        prepared.push_back(pool.allocate_prepared(64));
    for (FrameRef& each : prepared)
        EXPECT_EQ(each.space().size(), 64U);
    for (int i = 0; i < 2; ++i) {
        prepared.push_back(pool.allocate_prepared(64));
        EXPECT_EQ(prepared.back().space().size(), 512U);
    }
    EXPECT_EQ(pool.outstanding(), 6U);
    EXPECT_FALSE(pool.allocate_prepared(1));
    EXPECT_TRUE(pool.allocate(1));  // for which one is made
    prepared.clear();
    EXPECT_TRUE(pool.allocate_prepared(512));
}

TEST(FrameRef, MovesItsHold) {
    FramePool pool{few};
    FrameRef first = pool.allocate(1);
    FrameRef second = std::move(first);
    EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): that is what is asked
    EXPECT_TRUE(second);
    FrameRef& same = second;
    second = std::move(same);
    EXPECT_TRUE(second);
    EXPECT_EQ(pool.outstanding(), 1U);
    second = pool.allocate(1);  // drops what it held
    EXPECT_EQ(pool.outstanding(), 1U);
}

TEST(FrameRef, SharesTheSameBytes) {
    FramePool pool{few};
    FrameRef frame = pool.allocate(5);
    fill(frame, "voice");
    const FrameRef shared = frame.share();
    EXPECT_EQ(shared.bytes().data(), frame.bytes().data());
    frame = FrameRef{};
    EXPECT_EQ(text_of(shared), "voice");
}

TEST(FrameDeathTest, AbortsOnWhatWouldCorruptOthers) {
    FramePool pool{few};
    FrameRef frame = pool.allocate(10);
    EXPECT_DEATH(frame.set_size(65), "capacity");
    const FrameRef shared = frame.share();
    EXPECT_DEATH(frame.space(), "refs == 1");
    FrameRef nothing;
    EXPECT_DEATH(static_cast<void>(nothing.bytes()), "assertion failed");
    EXPECT_DEATH(static_cast<void>(nothing.share()), "assertion failed");
}

TEST(FrameDeathTest, APoolDoesNotGoBeforeItsFrames) {
    EXPECT_DEATH(
        {
            FrameRef outliving;
            FramePool gone{few};
            outliving = gone.allocate(1);
        },
        "outstanding_");
}

}  // namespace
}  // namespace parley
