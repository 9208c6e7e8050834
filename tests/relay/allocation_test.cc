// Relaying a voice frame allocates nothing. Counted are the turns of the shards alone; the radios
// of the test allocate as they like.
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "record/tap.h"
#include "support/allocations.h"
#include "support/radio.h"

namespace parley::relay {
namespace {

using test::hears;
using test::join;
using test::Radio;
using test::Town;
using test::Type;

constexpr std::size_t frame_count = 1000;
constexpr std::size_t frame_bytes = 128;  // as radios send them

// Where a conversation takes place.
struct Scene {
    std::size_t shards = 1;
    std::size_t talker_at = 0;
    std::size_t group_at = 0;
    std::vector<std::size_t> listeners_at;
    bool is_recorded = false;
};

class AllocationTest : public testing::Test {
protected:
    // Allocations of all turns while one talker says frame_count frames to all listeners.
    static std::uint64_t allocations_in(const Scene& scene) {
        std::vector<std::unique_ptr<Lane>> lanes;
        record::Taps taps;
        for (std::size_t i = 0; i < scene.shards; ++i) {
            lanes.push_back(std::make_unique<Lane>(record::lane_bytes));
            taps.lanes.push_back(lanes.back().get());
        }
        Town town{{.shards = scene.shards,
                   .worker = {.taps = scene.is_recorded ? &taps : nullptr},
                   .meter = test::allocations}};
        const std::string group = town.group_at(scene.group_at, 0);
        Radio talker{town.port(0), {town.user_at(scene.talker_at, 0)}};
        EXPECT_TRUE(join(town, talker, group));
        std::vector<Radio> listeners;
        for (std::size_t i = 0; i < scene.listeners_at.size(); ++i) {
            const std::size_t shard = scene.listeners_at[i];
            listeners.emplace_back(town.port(shard), Radio::Login{town.user_at(shard, 1 + i)});
            EXPECT_TRUE(join(town, listeners.back(), group));
        }
        talker.send(Type::start, group);
        EXPECT_TRUE(hears(town, talker, Type::start_ack, 1));
        talk(town, talker, listeners, group, 10);  // everything has its place by then
        const std::uint64_t before = town.metered();
        talk(town, talker, listeners, group, frame_count);
        const std::uint64_t made = town.metered() - before;
        EXPECT_EQ(packets_in(*taps.lanes[scene.group_at]),
                  scene.is_recorded ? 10 + frame_count : 0);
        return made;
    }

private:
    static std::size_t packets_in(Lane& lane) {
        std::size_t count = 0;
        for (Lane::Record record; lane.front(record); lane.pop())
            count += record.kind == RecordKind::talk_packet ? 1 : 0;
        return count;
    }
    static void talk(Town& town, Radio& talker, std::vector<Radio>& listeners,
                     const std::string& group, std::size_t count) {
        const std::string voice(frame_bytes, 'v');
        for (Radio& each : listeners)
            each.forget();
        for (std::size_t i = 1; i <= count; ++i) {
            talker.send_voice(group, voice);
            // Bursts of them, so that some wait behind others and leave together.
            if (i % 8 != 0 && i != count) continue;
            for (Radio& each : listeners)
                ASSERT_TRUE(hears(town, each, Type::audio, i));
        }
        for (Radio& each : listeners)
            ASSERT_EQ(each.count(Type::audio), count);
    }
};

TEST_F(AllocationTest, AreSeen) {
    Town town{{.meter = test::allocations}};
    const std::uint64_t before = town.metered();
    const std::vector<std::byte> unseen(100);
    EXPECT_EQ(town.metered(), before);
    Radio radio{town.port(0), {town.user_at(0, 0)}};
    EXPECT_TRUE(join(town, radio, town.group_at(0, 0)));
    EXPECT_GT(town.metered(), before);
}

TEST_F(AllocationTest, DoNotHappenWhereVoiceIsRelayedOnOneShard) {
    EXPECT_EQ(allocations_in({.listeners_at = std::vector<std::size_t>(50, 0)}), 0U);
}

TEST_F(AllocationTest, DoNotHappenWhereVoiceIsRecordedToo) {
    EXPECT_EQ(allocations_in({.shards = 2,
                              .talker_at = 0,
                              .group_at = 1,
                              .listeners_at = std::vector<std::size_t>(50, 1),
                              .is_recorded = true}),
              0U);
}

TEST_F(AllocationTest, DoNotHappenWhereVoiceCrossesTwoShards) {
    std::vector<std::size_t> listeners(50, 1);
    for (std::size_t i = 0; i < listeners.size(); i += 2)
        listeners[i] = 0;
    EXPECT_EQ(
        allocations_in({.shards = 2, .talker_at = 0, .group_at = 1, .listeners_at = listeners}),
        0U);
}

TEST_F(AllocationTest, DoNotHappenWhereTalkerGroupAndListenersAreOnThreeShards) {
    EXPECT_EQ(allocations_in({.shards = 3,
                              .talker_at = 0,
                              .group_at = 1,
                              .listeners_at = std::vector<std::size_t>(50, 2)}),
              0U);
}

}  // namespace
}  // namespace parley::relay
