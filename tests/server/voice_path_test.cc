// The way of a voice frame through whole shards: what it allocates, and what crosses a lane.
#include <gtest/gtest.h>
#include <memory>
#include <utility>
#include <vector>

#include "support/allocations.h"
#include "two_shard_server.h"

namespace parley::server {
namespace {

constexpr int start = 1;
constexpr int audio = 3;
constexpr int join = 15;
constexpr std::size_t listeners_each = 25;
constexpr std::size_t frame_count = 1000;

/// A talker who holds the floor of a group, and listeners on every shard.
class VoicePath : public testing::TestWithParam<std::size_t> {
protected:
    VoicePath() : server_(GetParam()) {
        const std::size_t last = GetParam() - 1;
        // The talker lives on one shard, the group on another.
        group_ = server_.name_on<GroupKey>(0, "group");
        talker_ = std::make_unique<TestClient>(server_, server_.name_on<UserKey>(last, "talker"));
        for (std::size_t shard = 0; shard < GetParam(); ++shard) {
            for (std::size_t i = 0; i < listeners_each; ++i) {
                const std::string prefix = "l" + std::to_string(shard) + "x" + std::to_string(i);
                listeners_.push_back(std::make_unique<TestClient>(
                    server_, server_.name_on<UserKey>(shard, prefix + "y")));
            }
        }
        talker_->send(join, group_, "");
        for (auto& listener : listeners_)
            listener->send(join, group_, "");
        settle();
        talker_->send(start, group_, "press");
        settle();
        PARLEY_ASSERT(talker_->has_received("press"));  // START_ACK carries START's payload
        for (auto& listener : listeners_)
            listener->drain();
    }

    void pump() {
        const std::uint64_t before = test::allocations();
        server_.pump();
        allocations_ += test::allocations() - before;
    }
    void settle() {
        for (int i = 0; i < 20; ++i)
            pump();
    }
    // One frame, until every listener has it.
    std::size_t relay_one() {
        talker_->send(audio, group_, std::string(60, 'v'));
        std::size_t bytes = 0;
        for (int turn = 0; turn < 1000 && bytes < expected_bytes_; ++turn) {
            pump();
            for (auto& listener : listeners_)
                bytes += listener->drain();
        }
        return bytes;
    }
    void measure_frame() {
        expected_bytes_ = SIZE_MAX;
        talker_->send(audio, group_, std::string(60, 'v'));
        settle();
        expected_bytes_ = 0;
        for (auto& listener : listeners_)
            expected_bytes_ += listener->drain();
    }
    std::uint64_t sends() {
        std::uint64_t total = 0;
        for (std::size_t i = 0; i < GetParam(); ++i)
            total += server_.worker(i).net().sends;
        return total;
    }
    std::uint64_t deliveries() {
        std::uint64_t total = 0;
        for (std::size_t i = 0; i < GetParam(); ++i)
            total += server_.worker(i).listeners().deliveries();
        return total;
    }
    std::uint64_t records() {
        std::uint64_t total = 0;
        for (std::size_t i = 0; i < GetParam(); ++i) {
            total += server_.shard(i).counters().records_out;
        }
        return total;
    }

    TwoShardServer server_;
    std::string group_;
    std::unique_ptr<TestClient> talker_;
    std::vector<std::unique_ptr<TestClient>> listeners_;
    std::size_t expected_bytes_ = 0;
    std::uint64_t allocations_ = 0;  // of the server, inside pump()
};

TEST_P(VoicePath, AllocatesNothing) {
    measure_frame();
    ASSERT_GT(expected_bytes_, listeners_.size() * 60);
    for (int i = 0; i < 50; ++i)
        ASSERT_EQ(relay_one(), expected_bytes_);  // tables find their size
    allocations_ = 0;
    for (std::size_t i = 0; i < frame_count; ++i)
        ASSERT_EQ(relay_one(), expected_bytes_);
    EXPECT_EQ(allocations_, 0U);
}

// Nor do several that are gathered, which need larger frames.
TEST_P(VoicePath, AllocatesNothingForFramesThatComeTogether) {
    measure_frame();
    std::string frames;
    for (int i = 0; i < 8; ++i)
        frames += talker_->frame(audio, group_, std::string(60, 'v'));
    for (int round = 0; round < 100; ++round) {
        if (round == 10) allocations_ = 0;  // tables have found their size
        talker_->write(frames);
        std::size_t bytes = 0;
        for (int turn = 0; turn < 1000 && bytes < 8 * expected_bytes_; ++turn) {
            pump();
            for (auto& listener : listeners_)
                bytes += listener->drain();
        }
        ASSERT_EQ(bytes, 8 * expected_bytes_);
    }
    EXPECT_EQ(allocations_, 0U);
}

TEST_P(VoicePath, IsCountedWhenItAllocates) {
    // The check can fail: what a group that is new allocates inside pump() is seen.
    talker_->send(join, server_.name_on<GroupKey>(0, "another"), "");
    allocations_ = 0;
    settle();
    EXPECT_GT(allocations_, 0U);
}

TEST_P(VoicePath, CrossesALaneOnceForEachOtherShard) {
    measure_frame();
    const std::uint64_t before = records();
    for (std::size_t i = 0; i < frame_count; ++i)
        ASSERT_EQ(relay_one(), expected_bytes_);
    // From the talker's shard to the group's home, and from there to each shard with listeners.
    const std::size_t crossings = GetParam() == 1 ? 0 : 1 + (GetParam() - 1);
    EXPECT_EQ(records() - before, crossings * frame_count);
}

TEST_P(VoicePath, ATurnIsOneSystemCallHoweverManyHear) {
    measure_frame();
    const auto count = [this] {
        std::uint64_t calls = 0;
        std::uint64_t turns = 0;
        for (std::size_t i = 0; i < GetParam(); ++i) {
            calls += server_.shard(i).ring().counters().system_calls;
            turns += server_.shard(i).counters().turns;
        }
        return std::pair{calls, turns};
    };
    const auto [calls_before, turns_before] = count();
    const std::uint64_t deliveries_before = deliveries();
    for (std::size_t i = 0; i < frame_count; ++i)
        ASSERT_EQ(relay_one(), expected_bytes_);
    const auto [calls, turns] = count();
    EXPECT_EQ(calls - calls_before, turns - turns_before);
    EXPECT_EQ(deliveries() - deliveries_before, listeners_.size() * frame_count);
    if (GetParam() > 1) return;  // idle shards turn as often as busy ones here
    // One turn takes the frame in, the next one sends it: 0.08 calls a delivery even when nothing
    // else happens; under load the next frame is taken in by the call that sends this one.
    EXPECT_LE(calls - calls_before, 2 * frame_count);
}

// What the target of four frames for less than a third of the price of one rests on.
TEST_P(VoicePath, FramesThatComeTogetherLeaveAsOneSendToEachListener) {
    measure_frame();
    constexpr std::size_t together = 4;
    const std::uint64_t sends_before = sends();
    std::string frames;
    for (std::size_t i = 0; i < together; ++i)
        frames += talker_->frame(audio, group_, std::string(60, 'v'));
    talker_->write(frames);
    settle();
    std::size_t bytes = 0;
    for (auto& listener : listeners_)
        bytes += listener->drain();
    EXPECT_EQ(bytes, together * expected_bytes_);
    EXPECT_EQ(sends() - sends_before, listeners_.size());
}

INSTANTIATE_TEST_SUITE_P(Shards, VoicePath, testing::Values(1u, 2u, 3u));

}  // namespace
}  // namespace parley::server
