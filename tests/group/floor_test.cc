// START: who gets the floor, and who hears of it.
#include <gtest/gtest.h>
#include <string>

#include "three_radios.h"

namespace parley::group {
namespace {

class FloorTest : public ThreeRadios {};

TEST_F(FloorTest, IsGrantedToTheTalkerAndToldToTheOthers) {
    bob.send_text(Type::start, group, "1700000000123");
    ASSERT_TRUE(hears(town, bob, Type::start_ack, 1));
    const Message answer = bob.last(Type::start_ack);
    EXPECT_EQ(answer.elements, 5);
    EXPECT_EQ(answer.channel, 0);
    EXPECT_EQ(answer.from, bob.user());
    EXPECT_EQ(answer.to, group);
    EXPECT_EQ(answer.payload, "1700000000123");
    for (Radio* each : {&alice, &carol}) {
        ASSERT_TRUE(hears(town, *each, Type::start, 1));
        EXPECT_EQ(each->last(Type::start).from, bob.user());
        EXPECT_EQ(each->last(Type::start).to, group);
        EXPECT_EQ(each->last(Type::start).payload, "1700000000123");
    }
    EXPECT_EQ(count_of(bob, Type::start), 0U);
    EXPECT_EQ(counters().granted, 1U);
}

TEST_F(FloorTest, IsGrantedWithAWordWhereTheStartHadNoPayload) {
    ASSERT_TRUE(takes_floor(alice));
    EXPECT_EQ(alice.last(Type::start_ack).payload, "Acknowledged");
}

TEST_F(FloorTest, IsRefusedWhileSomebodyElseHasIt) {
    ASSERT_TRUE(takes_floor(alice));
    EXPECT_FALSE(takes_floor(bob));
    EXPECT_EQ(bob.last(Type::start_failed).payload, "Busy");
    EXPECT_EQ(bob.last(Type::start_failed).from, bob.user());
    EXPECT_EQ(bob.last(Type::start_failed).to, group);
    EXPECT_EQ(bob.last(Type::start_failed).elements, 5);
    EXPECT_EQ(counters().busy, 1U);
    EXPECT_EQ(count_of(carol, Type::start), 1U);  // Alice's alone
    EXPECT_EQ(count_of(bob, Type::start_failed), 1U);
}

TEST_F(FloorTest, IsGrantedAgainToItsHolder) {
    ASSERT_TRUE(takes_floor(alice));
    ASSERT_TRUE(takes_floor(alice));
    EXPECT_EQ(count_of(bob, Type::start), 2U);
}

// Found by the simulation: voice waits for the end of a turn, an answer did not, so whoever was
// granted the floor that was given back in the same turn heard the former talker in its own talk.
TEST_F(FloorTest, IsGrantedBehindTheVoiceOfWhoHadIt) {
    ASSERT_TRUE(takes_floor(alice));
    bob.send(Type::start, group);
    town.turn(1);  // it lies in the lane to the group's home when Alice's words come there
    town.turn(1);
    std::string words;
    for (int i = 0; i < 5; ++i)
        words += alice.framed(Type::audio, group, Message::Payload::bytes, "voice");
    words += alice.framed(Type::user_remove, group, Message::Payload::nil, {});
    alice.send_bytes(words);
    ASSERT_TRUE(hears(town, bob, Type::start_ack, 1));
    ASSERT_EQ(bob.count(Type::audio), 5U);
    EXPECT_EQ(bob.heard().back().type, static_cast<std::uint8_t>(Type::start_ack));
}

TEST_F(FloorTest, OfOneGroupIsNotThatOfAnother) {
    const std::string other = town.group_at(1, 0);
    ASSERT_TRUE(join(town, bob, other));
    ASSERT_TRUE(takes_floor(alice));
    bob.send(Type::start, other);
    EXPECT_TRUE(hears(town, bob, Type::start_ack, 1));
}

TEST_F(FloorTest, GoesToOneOfManyWhoAskInTheSameMoment) {
    std::vector<Radio> crowd;
    for (std::size_t i = 0; i < 20; ++i) {
        crowd.emplace_back(town.port(i % 2), Radio::Login{town.user_at(i % 2, 10 + i)});
        ASSERT_TRUE(join(town, crowd.back(), group));
    }
    for (Radio& each : crowd)
        each.send(Type::start, group);
    std::size_t granted = 0;
    for (Radio& each : crowd) {
        ASSERT_TRUE(town.run_until(
            [&] { return each.count(Type::start_ack) + each.count(Type::start_failed) > 0; }));
        granted += count_of(each, Type::start_ack);
    }
    EXPECT_EQ(granted, 1U);
    EXPECT_EQ(count_of(carol, Type::start), 1U);
    EXPECT_EQ(counters().busy, crowd.size() - 1);
}

TEST_F(FloorTest, IsFreeAtOnceWhenItsHolderDisconnects) {
    ASSERT_TRUE(takes_floor(bob));
    EXPECT_FALSE(takes_floor(alice));
    bob.reset();
    ASSERT_TRUE(town.run_until([this] { return counters().freed_by_leaving == 1; }));
    EXPECT_TRUE(takes_floor(alice));
}

TEST_F(FloorTest, StaysWhereItIsWhenSomebodyElseDisconnects) {
    ASSERT_TRUE(takes_floor(alice));
    EXPECT_FALSE(takes_floor(bob));
    bob.close();
    ASSERT_TRUE(town.run_until([this] { return town.sessions() == 2; }));
    town.settle();
    EXPECT_FALSE(takes_floor(carol));
    EXPECT_EQ(counters().freed_by_leaving, 0U);
}

// A short silence, so that a test can wait for it.
constexpr floor::Limits short_silence{.silence_max = std::chrono::milliseconds{300}};

class SilenceTest : public ThreeRadios {
protected:
    SilenceTest() : ThreeRadios(short_silence) {}
};

TEST_F(SilenceTest, OfTheHolderLetsAnotherTakeOver) {
    const Instant began = town.time();
    ASSERT_TRUE(takes_floor(alice));
    while (!takes_floor(bob)) {
    }
    EXPECT_GE(town.time() - began, short_silence.silence_max);
    ASSERT_TRUE(hears(town, carol, Type::start, 2));
    EXPECT_EQ(carol.last(Type::start).from, bob.user());
    // What the first one says now is for nobody, and its STOP frees nothing.
    alice.send_voice(group, "late");
    alice.send(Type::stop, group);
    ASSERT_TRUE(hears(town, alice, Type::stop_ack, 1));
    EXPECT_EQ(not_holder(), 1U);
    bob.send_voice(group, "present");
    ASSERT_TRUE(hears(town, carol, Type::audio, 1));
    EXPECT_EQ(carol.last(Type::audio).payload, "present");
    EXPECT_EQ(count_of(carol, Type::stop), 0U);
}

TEST_F(SilenceTest, IsEndedByVoice) {
    ASSERT_TRUE(takes_floor(alice));
    const Instant until = town.time() + short_silence.silence_max * 2;
    while (town.time() < until) {
        const Instant said = town.time();
        alice.send_voice(group, "still here");
        ASSERT_TRUE(done_with(town, alice));
        const bool taken_over = takes_floor(bob);
        // On a very slow machine this alone was a silence.
        if (town.time() - said >= short_silence.silence_max) return;
        ASSERT_FALSE(taken_over);
    }
}

}  // namespace
}  // namespace parley::group
