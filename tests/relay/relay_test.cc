// Voice in groups: how it crosses the shards, and what is dropped.
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "support/radio.h"

namespace parley::relay {
namespace {

using test::done_with;
using test::hears;
using test::join;
using test::Message;
using test::Radio;
using test::Town;
using test::Type;

class RelayTest : public testing::Test {
protected:
    explicit RelayTest(const Town::Options& options) : town(options) {}
    RelayTest() : RelayTest(Town::Options{.shards = 3}) {}

    // A member of the group whose home is that shard.
    Radio member(std::size_t shard, std::size_t n) {
        Radio radio{town.port(shard), {town.user_at(shard, n)}};
        EXPECT_TRUE(join(town, radio, group));
        return radio;
    }
    void start(Radio& who) {
        who.send(Type::start, group);
        ASSERT_TRUE(hears(town, who, Type::start_ack, 1));
        town.settle();
    }
    std::vector<std::uint64_t> records_out() {
        std::vector<std::uint64_t> counts;
        for (std::size_t i = 0; i < town.size(); ++i) {
            counts.push_back(town.shard(i).counters().records_out);
        }
        return counts;
    }
    const Relay::Counters& counters() { return town.worker(home).relay().counters(); }

    static constexpr std::size_t home = 1;
    Town town;
    const std::string group = town.group_at(home, 0);
};

TEST_F(RelayTest, AFrameCrossesALaneOnceForEachShardThatListens) {
    // The talker on shard 0, the group's home on 1, listeners on 0 and 2: many on each.
    std::vector<Radio> listeners;
    for (std::size_t i = 0; i < 8; ++i)
        listeners.push_back(member(i % 2 == 0 ? 0 : 2, 1 + i));
    Radio talker = member(0, 0);
    start(talker);
    const std::vector<std::uint64_t> before = records_out();
    constexpr std::uint64_t frames = 50;
    for (std::uint64_t i = 0; i < frames; ++i)
        talker.send_voice(group, "voice");
    for (Radio& each : listeners)
        ASSERT_TRUE(hears(town, each, Type::audio, frames));
    const std::vector<std::uint64_t> after = records_out();
    EXPECT_EQ(after[0] - before[0], frames);      // to the group's home
    EXPECT_EQ(after[1] - before[1], 2 * frames);  // to each shard that listens
    EXPECT_EQ(after[2] - before[2], 0U);
    EXPECT_EQ(counters().frames, frames);
    EXPECT_EQ(town.worker(0).listeners().deliveries() + town.worker(2).listeners().deliveries(),
              (frames + 1) * listeners.size());  // and the START
}

TEST_F(RelayTest, AFrameCrossesNoLaneWhereAllAreAtHome) {
    Radio listener = member(home, 1);
    Radio talker = member(home, 0);
    start(talker);
    const std::vector<std::uint64_t> before = records_out();
    for (int i = 0; i < 10; ++i)
        talker.send_voice(group, "voice");
    ASSERT_TRUE(hears(town, listener, Type::audio, 10));
    EXPECT_EQ(records_out(), before);
}

TEST_F(RelayTest, EveryListenerHearsEveryFrameOnceAndInOrder) {
    std::vector<Radio> listeners;
    for (std::size_t i = 0; i < 9; ++i)
        listeners.push_back(member(i % 3, 1 + i));
    Radio talker = member(0, 0);
    start(talker);
    constexpr std::size_t frames = 300;
    for (std::size_t i = 0; i < frames; ++i) {
        talker.send_voice(group, std::to_string(i) + " " + test::pattern(60 + i % 100, i));
        if (i % 7 == 0) town.turn_all();
    }
    for (Radio& each : listeners) {
        ASSERT_TRUE(hears(town, each, Type::audio, frames));
        std::size_t next = 0;
        for (const Message& message : each.heard()) {
            if (message.type != static_cast<int>(Type::audio)) continue;
            ASSERT_EQ(message.payload,
                      std::to_string(next) + " " + test::pattern(60 + next % 100, next));
            EXPECT_EQ(message.from, talker.user());
            ++next;
        }
        EXPECT_EQ(next, frames);
    }
}

TEST_F(RelayTest, AStartInFrontOfItsVoiceInTheSameSegmentCounts) {
    Radio listener = member(2, 1);
    Radio talker = member(0, 0);
    std::string segment = talker.framed(Type::start, group, Message::Payload::nil, {});
    for (const char* voice : {"one", "two"}) {
        segment += talker.framed(Type::audio, group, Message::Payload::bytes, voice);
    }
    talker.send_bytes(segment);
    ASSERT_TRUE(hears(town, listener, Type::audio, 2));
    ASSERT_EQ(listener.heard().size(), 3U);
    EXPECT_EQ(listener.heard()[0].type, static_cast<int>(Type::start));
    EXPECT_EQ(listener.heard()[1].payload, "one");
    EXPECT_EQ(listener.heard()[2].payload, "two");
}

TEST_F(RelayTest, NobodyHearsWhoDoesNotHoldTheFloor) {
    Radio listener = member(2, 1);
    Radio holder = member(1, 0);
    Radio intruder = member(0, 0);
    intruder.send_voice(group, "before anybody has it");
    ASSERT_TRUE(done_with(town, intruder));
    EXPECT_EQ(counters().not_holder, 1U);
    start(holder);
    intruder.send(Type::start, group);
    ASSERT_TRUE(hears(town, intruder, Type::start_failed, 1));
    for (int i = 0; i < 5; ++i)
        intruder.send_voice(group, "over the holder");
    ASSERT_TRUE(done_with(town, intruder));
    EXPECT_EQ(counters().not_holder, 6U);
    holder.send_voice(group, "mine");
    ASSERT_TRUE(hears(town, listener, Type::audio, 1));
    EXPECT_EQ(listener.last(Type::audio).payload, "mine");
    EXPECT_EQ(counters().frames, 1U);
}

TEST_F(RelayTest, VoiceForAGroupThatNobodyListensToIsDroppedAndCounted) {
    Radio stranger{town.port(0), {town.user_at(0, 0)}};
    ASSERT_TRUE(test::let_in(town, stranger));
    stranger.send_voice(group, "hello?");
    ASSERT_TRUE(done_with(town, stranger));
    EXPECT_EQ(counters().no_group, 1U);
    EXPECT_EQ(town.worker(0).relay().counters().no_group, 0U);
}

TEST_F(RelayTest, TheSenderIsWhoSignedInWhateverAFrameClaims) {
    Radio listener = member(2, 1);
    Radio talker = member(0, 0);
    start(talker);
    constexpr std::uint32_t mask = 0x01020304;
    const auto voice = Message::Payload::bytes;
    talker.send_bytes(sim::encode_frame(
        test::Opcode::binary, sim::encode_message(Type::audio, "mallory", group, voice, "x"), true,
        mask));
    ASSERT_TRUE(hears(town, listener, Type::audio, 1));
    EXPECT_EQ(listener.last(Type::audio).from, talker.user());
    EXPECT_EQ(town.worker(0).context().senders_corrected, 1U);
}

TEST_F(RelayTest, AListenerThatBreaksInTheMiddleCostsTheOthersNothing) {
    std::vector<Radio> listeners;
    for (std::size_t i = 0; i < 12; ++i)
        listeners.push_back(member(i % 3, 1 + i));
    Radio talker = member(0, 0);
    start(talker);
    constexpr std::size_t frames = 100;
    for (std::size_t i = 0; i < frames; ++i) {
        talker.send_voice(group, std::to_string(i));
        // A third of them break, one after the other.
        if (i % 20 == 10) listeners[i / 20].reset();
        town.turn_all();
    }
    for (std::size_t i = 5; i < listeners.size(); ++i) {
        ASSERT_TRUE(hears(town, listeners[i], Type::audio, frames)) << i;
        EXPECT_EQ(listeners[i].count(Type::audio), frames);
    }
    EXPECT_TRUE(town.run_until([&] { return town.sessions() == listeners.size() + 1 - 5; }));
}

// Lanes of 4 KiB hold few frames.
class NarrowRelayTest : public RelayTest {
protected:
    NarrowRelayTest() : RelayTest({.shards = 2, .lane_bytes = 4096}) {}
};

TEST_F(NarrowRelayTest, WhatAFullLaneDoesNotTakeIsDroppedAndCountedAndTheRestIsInOrder) {
    Radio listener = member(home, 1);
    Radio talker = member(0, 0);
    start(talker);
    constexpr std::size_t frames = 100;
    for (std::size_t i = 0; i < frames; ++i) {
        talker.send_voice(group, std::to_string(100 + i) + std::string(100, 'v'));
    }
    // The group's home takes no turn meanwhile.
    const auto all_in = [&] { return town.worker(0).context().messages_in == frames + 2; };
    const Instant give_up = town.time() + test::patience_max;
    while (!all_in() && town.time() < give_up)
        town.turn(0);
    ASSERT_TRUE(all_in());
    const std::uint64_t dropped = town.worker(0).relay().counters().lane_full;
    EXPECT_GT(dropped, 0U);
    ASSERT_LT(dropped, frames);
    ASSERT_TRUE(done_with(town, talker));
    ASSERT_TRUE(hears(town, listener, Type::audio, frames - dropped));
    EXPECT_EQ(listener.count(Type::audio), frames - dropped);
    std::string last;
    for (const Message& message : listener.heard()) {
        if (message.type != static_cast<int>(Type::audio)) continue;
        EXPECT_LT(last, message.payload);
        last = message.payload;
    }
    EXPECT_EQ(counters().frames, frames - dropped);
}

}  // namespace
}  // namespace parley::relay
