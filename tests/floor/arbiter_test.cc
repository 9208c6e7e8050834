#include "floor/arbiter.h"

#include <gtest/gtest.h>

namespace parley::floor {
namespace {

using Answer = Arbiter::Answer;
using std::chrono::seconds;
constexpr Duration one_ns{1};

constexpr Talker alice{.session = {.slot = 1, .generation = 1}, .user = UserKey{100}};
constexpr Talker alices_tablet{.session = {.slot = 2, .generation = 1}, .user = UserKey{100}};
constexpr Talker bob{.session = {.slot = 3, .generation = 1}, .user = UserKey{200}};
// Somebody else, in the slot that Alice's session had before.
constexpr Talker slot_heir{.session = {.slot = 1, .generation = 2}, .user = UserKey{300}};

class ArbiterTest : public testing::Test {
protected:
    // As if time had passed: the arbiter has no clock of its own.
    void pass(Duration time) { now += time; }

    const Limits limits;
    Instant now{seconds{1000}};
    Arbiter floor{limits};
};

TEST_F(ArbiterTest, IsIdleAtFirst) {
    EXPECT_TRUE(floor.idle());
    EXPECT_FALSE(floor.held_by(alice.session));
    EXPECT_EQ(floor.deadline(), Instant::max());
    EXPECT_FALSE(floor.expire(now));
    EXPECT_FALSE(floor.hear(alice.session, now));
    EXPECT_FALSE(floor.leave(alice.session));
    EXPECT_FALSE(floor.release(floor.number()));
}

TEST_F(ArbiterTest, GrantsAnIdleFloor) {
    EXPECT_EQ(floor.request(alice, now), Answer::granted);
    EXPECT_FALSE(floor.idle());
    EXPECT_TRUE(floor.held_by(alice.session));
    EXPECT_FALSE(floor.held_by(bob.session));
    EXPECT_EQ(floor.holder(), alice);
    EXPECT_EQ(floor.granted_at(), now);
}

TEST_F(ArbiterTest, IsBusyForAnotherUserAndStaysWithTheHolder) {
    floor.request(alice, now);
    const FloorNumber number = floor.number();
    pass(seconds{1});
    EXPECT_EQ(floor.request(bob, now), Answer::busy);
    EXPECT_EQ(floor.holder(), alice);
    EXPECT_EQ(floor.number(), number);
    EXPECT_EQ(floor.granted_at(), now - seconds{1});
}

TEST_F(ArbiterTest, StaysBusyUntilTheLastNanosecondOfSilence) {
    floor.request(alice, now);
    pass(limits.silence_max - one_ns);
    EXPECT_EQ(floor.request(bob, now), Answer::busy);
    pass(one_ns);
    EXPECT_EQ(floor.request(bob, now), Answer::granted);
    EXPECT_EQ(floor.holder(), bob);
}

TEST_F(ArbiterTest, CountsSilenceFromTheLatestAudio) {
    floor.request(alice, now);
    pass(seconds{2});
    EXPECT_TRUE(floor.hear(alice.session, now));
    pass(limits.silence_max - one_ns);
    EXPECT_EQ(floor.request(bob, now), Answer::busy);
    pass(one_ns);
    EXPECT_EQ(floor.request(bob, now), Answer::granted);
}

TEST_F(ArbiterTest, ARefusedRequestDoesNotCountAsAudio) {
    floor.request(alice, now);
    pass(limits.silence_max - one_ns);
    EXPECT_EQ(floor.request(bob, now), Answer::busy);
    pass(one_ns);
    EXPECT_EQ(floor.request(bob, now), Answer::granted);
}

TEST_F(ArbiterTest, IsTakenFromWhoTalksOnAfterBusyMax) {
    // Larger than talk_max by default, so that it matters only where nobody expires the burst.
    floor.request(alice, now);
    const Instant began = now;
    while (now + seconds{2} < began + limits.busy_max) {
        pass(seconds{2});
        ASSERT_TRUE(floor.hear(alice.session, now));
    }
    now = began + limits.busy_max - one_ns;
    floor.hear(alice.session, now);
    EXPECT_EQ(floor.request(bob, now), Answer::busy);
    pass(one_ns);
    EXPECT_EQ(floor.request(bob, now), Answer::granted);
    EXPECT_FALSE(floor.hear(alice.session, now));
}

TEST_F(ArbiterTest, BeginsANewBurstWhenTheHolderAsksAgain) {
    floor.request(alice, now);
    const FloorNumber first = floor.number();
    pass(seconds{10});
    EXPECT_EQ(floor.request(alice, now), Answer::granted);
    EXPECT_GT(raw(floor.number()), raw(first));
    EXPECT_EQ(floor.granted_at(), now);
    EXPECT_EQ(floor.deadline(), now + limits.talk_max);
    EXPECT_EQ(floor.request(bob, now + limits.silence_max - one_ns), Answer::busy);
}

TEST_F(ArbiterTest, GoesToAnotherDeviceOfTheHoldersUser) {
    floor.request(alice, now);
    const FloorNumber first = floor.number();
    EXPECT_EQ(floor.request(alices_tablet, now), Answer::granted);
    EXPECT_GT(raw(floor.number()), raw(first));
    EXPECT_TRUE(floor.held_by(alices_tablet.session));
    EXPECT_FALSE(floor.held_by(alice.session));
    EXPECT_FALSE(floor.hear(alice.session, now));
}

TEST_F(ArbiterTest, IsIdleAfterARelease) {
    floor.request(alice, now);
    EXPECT_TRUE(floor.release(floor.number()));
    EXPECT_TRUE(floor.idle());
    EXPECT_EQ(floor.deadline(), Instant::max());
    EXPECT_FALSE(floor.hear(alice.session, now));
    EXPECT_EQ(floor.request(bob, now), Answer::granted);
}

TEST_F(ArbiterTest, ReleasesAGrantOnlyOnce) {
    floor.request(alice, now);
    const FloorNumber number = floor.number();
    EXPECT_TRUE(floor.release(number));
    EXPECT_FALSE(floor.release(number));
}

TEST_F(ArbiterTest, ALateReleaseDoesNotTouchWhoTookOver) {
    floor.request(alice, now);
    const FloorNumber of_alice = floor.number();
    pass(limits.silence_max);
    floor.request(bob, now);
    EXPECT_FALSE(floor.release(of_alice));
    EXPECT_TRUE(floor.held_by(bob.session));
}

TEST_F(ArbiterTest, ALateReleaseDoesNotTouchTheSameTalkersNextBurst) {
    floor.request(alice, now);
    const FloorNumber first = floor.number();
    floor.request(alice, now);
    EXPECT_FALSE(floor.release(first));
    EXPECT_TRUE(floor.held_by(alice.session));
}

TEST_F(ArbiterTest, NeverUsesANumberTwice) {
    floor.request(alice, now);
    const FloorNumber first = floor.number();
    floor.release(first);
    floor.request(alice, now);
    EXPECT_GT(raw(floor.number()), raw(first));
    floor.leave(alice.session);
    floor.request(bob, now);
    EXPECT_GT(raw(floor.number()), raw(first) + 1);
}

TEST_F(ArbiterTest, HearsTheHolderOnly) {
    floor.request(alice, now);
    pass(seconds{1});
    EXPECT_TRUE(floor.hear(alice.session, now));
    EXPECT_FALSE(floor.hear(bob.session, now));
    EXPECT_FALSE(floor.hear(alices_tablet.session, now));
    EXPECT_FALSE(floor.hear(slot_heir.session, now));
    SessionRef elsewhere = alice.session;
    elsewhere.shard = ShardId{1};
    EXPECT_FALSE(floor.hear(elsewhere, now));
}

TEST_F(ArbiterTest, WhatOthersSayDoesNotProlongTheHoldersTime) {
    floor.request(alice, now);
    pass(limits.silence_max - one_ns);
    EXPECT_FALSE(floor.hear(bob.session, now));
    pass(one_ns);
    EXPECT_EQ(floor.request(bob, now), Answer::granted);
}

TEST_F(ArbiterTest, IsIdleWhenTheHolderLeaves) {
    floor.request(alice, now);
    EXPECT_FALSE(floor.leave(bob.session));
    EXPECT_FALSE(floor.leave(slot_heir.session));
    EXPECT_FALSE(floor.leave(alices_tablet.session));
    EXPECT_TRUE(floor.held_by(alice.session));
    EXPECT_TRUE(floor.leave(alice.session));
    EXPECT_TRUE(floor.idle());
    EXPECT_FALSE(floor.leave(alice.session));
    EXPECT_EQ(floor.request(bob, now), Answer::granted);
}

TEST_F(ArbiterTest, ExpiresAtTheDeadlineAndNotBefore) {
    floor.request(alice, now);
    const FloorNumber number = floor.number();
    EXPECT_EQ(floor.deadline(), now + limits.talk_max);
    pass(limits.talk_max - one_ns);
    floor.hear(alice.session, now);  // audio does not move the deadline
    EXPECT_FALSE(floor.expire(now));
    EXPECT_TRUE(floor.held_by(alice.session));
    pass(one_ns);
    EXPECT_TRUE(floor.expire(now));
    EXPECT_TRUE(floor.idle());
    EXPECT_FALSE(floor.expire(now));
    EXPECT_FALSE(floor.hear(alice.session, now));
    EXPECT_FALSE(floor.release(number));
}

TEST_F(ArbiterTest, HoldsForGroupsWithLimitsOfTheirOwn) {
    const Limits short_ones{
        .talk_max = seconds{5}, .silence_max = seconds{1}, .busy_max = seconds{4}};
    Arbiter other{short_ones};
    other.request(alice, now);
    EXPECT_EQ(other.deadline(), now + seconds{5});
    EXPECT_EQ(other.request(bob, now + seconds{1} - one_ns), Answer::busy);
    EXPECT_EQ(other.request(bob, now + seconds{1}), Answer::granted);
}

}  // namespace
}  // namespace parley::floor
