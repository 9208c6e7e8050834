// STOP, its grace, and the limit of a burst.
#include <gtest/gtest.h>
#include <string>

#include "three_radios.h"

namespace parley::group {
namespace {

using std::chrono::milliseconds;

// `{"duration":D,"message_id":"ID"}`, with exactly the id that the talker was told.
void expect_talk_summary(const Message& stop, const std::string& id) {
    const std::string& text = stop.payload;
    EXPECT_TRUE(text.starts_with("{\"duration\":")) << text;
    EXPECT_TRUE(text.ends_with(",\"message_id\":\"" + id + "\"}")) << text;
}

class StopTest : public ThreeRadios {};

TEST_F(StopTest, IsAnsweredAfterTheGraceAndToldToTheOthers) {
    ASSERT_TRUE(takes_floor(bob));
    const Instant asked = town.time();
    bob.send(Type::stop, group);
    ASSERT_TRUE(hears(town, bob, Type::stop_ack, 1));
    EXPECT_GE(town.time() - asked, stop_grace);
    const Message answer = bob.last(Type::stop_ack);
    EXPECT_EQ(answer.elements, 6);
    EXPECT_EQ(answer.payload, "Acknowledged");
    EXPECT_TRUE(answer.message_id.starts_with("0_3_" + group + "_" + bob.user() + "_"));
    EXPECT_TRUE(answer.message_id.ends_with("ms.opus")) << answer.message_id;
    for (Radio* each : {&alice, &carol}) {
        ASSERT_TRUE(hears(town, *each, Type::stop, 1));
        EXPECT_EQ(each->last(Type::stop).from, bob.user());
        EXPECT_EQ(each->last(Type::stop).to, group);
        expect_talk_summary(each->last(Type::stop), answer.message_id);
    }
    EXPECT_EQ(count_of(bob, Type::stop), 0U);
    EXPECT_TRUE(takes_floor(alice));
}

TEST_F(StopTest, LeavesTheFloorTakenForTheGrace) {
    ASSERT_TRUE(takes_floor(bob));
    bob.send(Type::stop, group);
    bob.send_voice(group, "the last word");  // still his
    ASSERT_TRUE(done_with(town, bob));
    const bool taken_over = takes_floor(alice);
    ASSERT_TRUE(done_with(town, bob));
    // On a very slow machine the grace is over by now, and nothing can be said.
    if (bob.count(Type::stop_ack) == 0) {
        EXPECT_FALSE(taken_over);
    }
    ASSERT_TRUE(hears(town, bob, Type::stop_ack, 1));
    ASSERT_TRUE(hears(town, carol, Type::audio, 1));
    EXPECT_EQ(not_holder(), 0U);
}

TEST_F(StopTest, TwiceIsOnce) {
    ASSERT_TRUE(takes_floor(bob));
    bob.send(Type::stop, group);
    bob.send(Type::stop, group);
    ASSERT_TRUE(hears(town, bob, Type::stop_ack, 1));
    town.run_for(stop_grace * 2);
    EXPECT_EQ(count_of(bob, Type::stop_ack), 1U);
    EXPECT_EQ(count_of(carol, Type::stop), 1U);
}

TEST_F(StopTest, DoesNotEndTheBurstThatWasBegunWithinTheGrace) {
    ASSERT_TRUE(takes_floor(bob));
    bob.send(Type::stop, group);
    bob.send(Type::start, group);
    ASSERT_TRUE(hears(town, bob, Type::stop_ack, 1));
    EXPECT_EQ(bob.count(Type::start_ack), 2U);
    EXPECT_FALSE(takes_floor(alice));
    bob.send_voice(group, "go on");
    EXPECT_TRUE(hears(town, carol, Type::audio, 1));
    // That one has a STOP of its own.
    bob.send(Type::stop, group);
    ASSERT_TRUE(hears(town, bob, Type::stop_ack, 2));
    EXPECT_TRUE(takes_floor(alice));
}

TEST_F(StopTest, OfSomebodyElseFreesNothingAndIsToldToNobody) {
    ASSERT_TRUE(takes_floor(alice));
    EXPECT_FALSE(takes_floor(bob));
    bob.send(Type::stop, group);  // as radios do when the button is let go
    ASSERT_TRUE(hears(town, bob, Type::stop_ack, 1));
    EXPECT_EQ(bob.last(Type::stop_ack).elements, 5);  // no talk, so no id
    EXPECT_EQ(bob.last(Type::stop_ack).payload, "Acknowledged");
    EXPECT_EQ(count_of(carol, Type::stop), 0U);
    EXPECT_FALSE(takes_floor(carol));
    alice.send_voice(group, "still mine");
    EXPECT_TRUE(hears(town, bob, Type::audio, 1));
}

TEST_F(StopTest, WithoutATalkIsAcknowledgedAndToldToNobody) {
    bob.send(Type::stop, group);
    ASSERT_TRUE(hears(town, bob, Type::stop_ack, 1));
    EXPECT_EQ(count_of(alice, Type::stop), 0U);
    EXPECT_EQ(count_of(carol, Type::stop), 0U);
}

TEST_F(StopTest, IsToldToTheOthersThoughItsTalkerIsGone) {
    ASSERT_TRUE(takes_floor(bob));
    bob.send(Type::stop, group);
    ASSERT_TRUE(done_with(town, bob));
    bob.reset();
    ASSERT_TRUE(hears(town, carol, Type::stop, 1));
    EXPECT_EQ(carol.last(Type::stop).from, bob.user());
    EXPECT_TRUE(takes_floor(alice));
}

TEST_F(StopTest, OfTheLastMemberLeavesNothingBehind) {
    ASSERT_TRUE(takes_floor(bob));
    bob.send(Type::stop, group);
    for (Radio* each : {&alice, &bob, &carol}) {
        ASSERT_TRUE(done_with(town, *each));
        each->reset();
    }
    ASSERT_TRUE(town.run_until([this] { return town.sessions() == 0; }));
    ASSERT_TRUE(town.run_until([this] { return town.worker(0).floor().stops_pending() == 0; }));
    EXPECT_EQ(town.worker(0).groups().size(), 0U);
}

TEST(TalkDuration, IsRoundedAndAtLeastOneMillisecond) {
    const Instant began{std::chrono::hours{1}};
    EXPECT_EQ(talk_duration(began, began), milliseconds{1});
    EXPECT_EQ(talk_duration(began, began + milliseconds{5}), milliseconds{5});
    EXPECT_EQ(talk_duration(began, began + std::chrono::microseconds{5600}), milliseconds{6});
    EXPECT_EQ(talk_duration(began, began - milliseconds{5}), milliseconds{1});
}

constexpr floor::Limits short_talk{.talk_max = milliseconds{150}};

class TalkLimitTest : public ThreeRadios {
protected:
    TalkLimitTest() : ThreeRadios(short_talk) {}
};

TEST_F(TalkLimitTest, EndsABurstAndTellsEverybody) {
    const Instant asked = town.time();
    ASSERT_TRUE(takes_floor(bob));
    bob.send_voice(group, "in time");
    ASSERT_TRUE(hears(town, bob, Type::stop_ack, 1));
    EXPECT_GE(town.time() - asked, short_talk.talk_max);
    const Message answer = bob.last(Type::stop_ack);
    EXPECT_EQ(answer.elements, 6);
    for (Radio* each : {&alice, &carol}) {
        ASSERT_TRUE(hears(town, *each, Type::stop, 1));
        expect_talk_summary(each->last(Type::stop), answer.message_id);
    }
    EXPECT_EQ(counters().limits_reached, 1U);
    // Later frames are dropped, and the floor is free.
    bob.send_voice(group, "too late");
    ASSERT_TRUE(done_with(town, bob));
    EXPECT_EQ(not_holder(), 1U);
    EXPECT_EQ(count_of(carol, Type::audio), 1U);
    EXPECT_TRUE(takes_floor(alice));
}

TEST_F(TalkLimitTest, CountsFromTheLatestStart) {
    ASSERT_TRUE(takes_floor(bob));
    town.run_for(short_talk.talk_max * 2 / 3);
    const Instant again = town.time();
    ASSERT_TRUE(takes_floor(bob));
    ASSERT_TRUE(hears(town, bob, Type::stop_ack, 1));
    EXPECT_GE(town.time() - again, short_talk.talk_max);
}

TEST_F(TalkLimitTest, TellsOnceWhereAStopIsWaiting) {
    ASSERT_TRUE(takes_floor(bob));
    town.run_for(short_talk.talk_max - stop_grace / 2);
    bob.send(Type::stop, group);
    town.run_for(short_talk.talk_max);
    EXPECT_EQ(count_of(bob, Type::stop_ack), 1U);
    EXPECT_EQ(count_of(carol, Type::stop), 1U);
    EXPECT_TRUE(takes_floor(alice));
}

}  // namespace
}  // namespace parley::group
