// What shards send each other.
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "support/sockets.h"
#include "two_shards.h"

namespace parley {
namespace {

using test::pattern;
using Texts = std::vector<std::string>;

constexpr RecordKind audio = RecordKind::group_audio;
constexpr RecordKind message = RecordKind::chat_letter;

class RecordsTest : public testing::Test {
protected:
    // Fills the lane from the first shard to the second; what was taken.
    Texts fill_lane() {
        Texts sent;
        for (int i = 0; sent.size() < 1000; ++i) {
            const std::string text = "audio " + std::to_string(i);
            if (!two.first.post(second_shard, audio, text, Urgency::perishable)) break;
            sent.push_back(text);
        }
        return sent;
    }

    TwoShards two{{.backlog_bytes_max = 10'000, .backlog_small_bytes = 0}};
};

TEST_F(RecordsTest, GoBothWaysInOrderAndSayWhereTheyComeFrom) {
    two.first.post(second_shard, audio, "a", Urgency::perishable);
    two.first.post(second_shard, message, "b", Urgency::lasting);
    two.second.post(first_shard, audio, "c", Urgency::perishable);
    two.settle();
    EXPECT_EQ(two.second.got, (std::vector<Got>{{first_shard, audio, "a", true},
                                                {first_shard, message, "b", true}}));
    EXPECT_EQ(two.first.got, (std::vector<Got>{{second_shard, audio, "c", true}}));
    EXPECT_EQ(two.first.shard.counters().records_out, 2U);
    EXPECT_EQ(two.second.shard.counters().records_in, 2U);
    EXPECT_EQ(two.first.shard.counters().records_in, 1U);
}

TEST_F(RecordsTest, AreTheirPartsOneAfterTheOther) {
    const auto part = [](std::string_view text) { return std::as_bytes(std::span{text}); };
    two.first.shard.post(second_shard, audio, {part("one"), part(""), part("two"), {}, part("3")},
                         Urgency::perishable);
    two.settle();
    EXPECT_EQ(two.second.texts(), (Texts{"onetwo3"}));
}

TEST_F(RecordsTest, LeaveWithTheEndOfTheTurn) {
    two.first.post(second_shard, audio, "x", Urgency::perishable);
    two.second.turn();
    EXPECT_TRUE(two.second.got.empty());
    two.first.turn();
    two.second.turn();
    EXPECT_EQ(two.second.got.size(), 1U);
}

TEST_F(RecordsTest, OfAnySizeArriveWholeAndInOrder) {
    Texts sent;
    // Around a quarter of the lane with the envelope, and far beyond the lane.
    for (const std::size_t size : {1U, 1007U, 1008U, 1009U, 1024U, 4096U, 5000U, 200'000U, 2U}) {
        sent.push_back(pattern(size, size));
        ASSERT_TRUE(two.first.post(second_shard, message, sent.back(), Urgency::lasting)) << size;
        two.settle();
    }
    EXPECT_EQ(two.second.texts(), sent);
    for (const Got& each : two.second.got)
        EXPECT_TRUE(each.aligned);
}

TEST_F(RecordsTest, TooLargeForTheLaneKeepTheirPlaceAmongTheOthers) {
    Texts sent;
    for (std::size_t i = 0; i < 30; ++i) {
        sent.push_back(pattern(i % 3 == 0 ? 3000 + i : 10, i));
        ASSERT_TRUE(two.first.post(second_shard, message, sent.back(), Urgency::lasting));
    }
    two.settle();
    EXPECT_EQ(two.second.texts(), sent);
}

TEST_F(RecordsTest, ThatNobodyTakesAnyMoreGoWithTheFabric) {
    // The leak checker sees the block of the large one.
    two.first.post(second_shard, message, pattern(50'000, 1), Urgency::lasting);
    two.first.post(second_shard, message, "small", Urgency::lasting);
    two.first.turn();
}

TEST_F(RecordsTest, OfAFullLaneAreDroppedAndCountedIfPerishable) {
    const Texts sent = fill_lane();
    EXPECT_FALSE(two.first.post(second_shard, audio, "too much", Urgency::perishable));
    EXPECT_EQ(two.first.shard.counters().records_dropped, 2U);  // and the one that found it full
    EXPECT_EQ(two.first.shard.counters().records_out, sent.size());
    two.settle();
    EXPECT_EQ(two.second.texts(), sent);
    EXPECT_TRUE(two.first.post(second_shard, audio, "again", Urgency::perishable));
}

TEST_F(RecordsTest, OfAFullLaneWaitInOrderIfLasting) {
    Texts sent = fill_lane();
    for (int i = 0; i < 200; ++i) {
        sent.push_back("text " + std::to_string(i));
        ASSERT_TRUE(two.first.post(second_shard, message, sent.back(), Urgency::lasting));
    }
    EXPECT_EQ(two.first.shard.counters().records_delayed, 200U);
    two.settle();
    EXPECT_EQ(two.second.texts(), sent);
}

TEST_F(RecordsTest, DoNotOvertakeThoseThatWait) {
    Texts sent = fill_lane();
    two.first.turn();
    sent.push_back("waits");
    ASSERT_TRUE(two.first.post(second_shard, message, "waits", Urgency::lasting));
    two.second.turn();  // now the lane has room
    EXPECT_FALSE(two.first.post(second_shard, audio, "voice behind it", Urgency::perishable));
    sent.push_back("behind it");
    ASSERT_TRUE(two.first.post(second_shard, message, "behind it", Urgency::lasting));
    two.settle();
    EXPECT_EQ(two.second.texts(), sent);
}

TEST_F(RecordsTest, AreRefusedWhenAShardStandsStillForTooLong) {
    Texts sent = fill_lane();
    const std::string kilobyte(1000, 'k');
    // Ten of them are the bound; the other shard never takes a turn.
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(two.first.post(second_shard, message, kilobyte, Urgency::lasting)) << i;
        sent.push_back(kilobyte);
        two.first.turn();
    }
    const std::uint64_t dropped = two.first.shard.counters().records_dropped;
    EXPECT_FALSE(two.first.post(second_shard, message, "x", Urgency::lasting));
    EXPECT_EQ(two.first.shard.counters().records_dropped, dropped + 1);
    // When it moves again all that was accepted arrives, and more is taken.
    two.settle();
    EXPECT_EQ(two.second.texts(), sent);
    EXPECT_TRUE(two.first.post(second_shard, message, "x", Urgency::lasting));
}

TEST(SmallRecords, KeepTheirPlaceWhenLargeOnesAreRefused) {
    TwoShards two{{.backlog_bytes_max = 10'000, .backlog_small_bytes = 100}};
    const std::string large(1000, 'l');
    while (two.first.post(second_shard, message, large, Urgency::lasting))
        continue;
    EXPECT_TRUE(two.first.post(second_shard, message, "small", Urgency::lasting));
    EXPECT_FALSE(two.first.post(second_shard, message, large, Urgency::lasting));
    two.settle();
    EXPECT_EQ(two.second.texts().back(), "small");
}

TEST(LargeRecords, OnTheirWayThroughOneLaneAreBounded) {
    TwoShards two{{.lane_outside_bytes_max = 10'000}};
    const std::string large = pattern(3000, 1);
    const auto post = [&](Urgency urgency) {
        return two.first.post(second_shard, message, large, urgency);
    };
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(post(Urgency::perishable)) << i;
    EXPECT_FALSE(post(Urgency::perishable));
    // Small ones are not counted, and what lasts waits.
    EXPECT_TRUE(two.first.post(second_shard, message, "small", Urgency::perishable));
    EXPECT_TRUE(post(Urgency::lasting));
    EXPECT_EQ(two.first.shard.counters().records_delayed, 1U);
    two.settle();
    EXPECT_EQ(two.second.texts(), (Texts{large, large, large, "small", large}));
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(post(Urgency::perishable)) << i;
    two.settle();
}

TEST_F(RecordsTest, OfOneLaneDoNotWaitForAnother) {
    Fabric fabric{{.shards = 3, .lane_bytes = small_lane_bytes, .hash_key = {}}};
    Keeper sender{ShardId{0}, fabric, {}};
    Keeper stands_still{ShardId{1}, fabric, {}};
    Keeper runs{ShardId{2}, fabric, {}};
    for (int i = 0; i < 300; ++i)
        sender.post(ShardId{1}, message, "stuck", Urgency::lasting);
    sender.turn();
    ASSERT_GT(sender.shard.counters().records_delayed, 0U);
    EXPECT_TRUE(sender.post(ShardId{2}, audio, "moves", Urgency::perishable));
    sender.turn();
    runs.turn();
    EXPECT_EQ(runs.texts(), (Texts{"moves"}));
}

TEST_F(RecordsTest, WakeASleeperOnlyOncePerSleep) {
    const std::uint64_t before = two.first.shard.counters().wakes;
    two.fabric.announce_sleep(second_shard);
    for (int i = 0; i < 10; ++i) {
        two.first.post(second_shard, audio, "x", Urgency::perishable);
        two.first.turn();
    }
    EXPECT_EQ(two.first.shard.counters().wakes, before + 1);
}

TEST(Fabric, ClaimsAWakeOnlyFromWhoSleeps) {
    Fabric fabric{{.shards = 2, .lane_bytes = small_lane_bytes, .hash_key = {}}};
    EXPECT_FALSE(fabric.claim_wake(second_shard));
    fabric.announce_sleep(second_shard);
    EXPECT_FALSE(fabric.claim_wake(first_shard));
    EXPECT_TRUE(fabric.claim_wake(second_shard));
    EXPECT_FALSE(fabric.claim_wake(second_shard));
    fabric.announce_sleep(second_shard);
    fabric.announce_awake(second_shard);
    EXPECT_FALSE(fabric.claim_wake(second_shard));
}

}  // namespace
}  // namespace parley
