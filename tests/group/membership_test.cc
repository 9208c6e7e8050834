// Who is in which group, seen from outside.
#include <gtest/gtest.h>
#include <string>

#include "store/limits.h"
#include "support/radio.h"

namespace parley::group {
namespace {

using test::done_with;
using test::hears;
using test::join;
using test::let_in;
using test::Message;
using test::Radio;
using test::Town;
using test::Type;

class MembershipTest : public testing::Test {
protected:
    // The talker takes the floor and says something; everybody's turn has passed when it is over.
    void talk(Radio& who, const std::string& to, const std::string& voice) {
        who.forget();
        who.send(Type::start, to);
        ASSERT_TRUE(hears(town, who, Type::start_ack, 1));
        who.send_voice(to, voice);
        ASSERT_TRUE(done_with(town, who));
    }
    // What the radio has heard of voice once nothing is on its way any more.
    std::size_t voices(Radio& radio) {
        EXPECT_TRUE(done_with(town, radio));
        return radio.count(Type::audio);
    }

    Town town{{.shards = 2}};
    // The talker lives elsewhere than the group, and the listener too.
    const std::string group = town.group_at(0, 0);
    Radio talker{town.port(0), {town.user_at(1, 0)}};
    const std::string listening_user = town.user_at(1, 1);
    Radio listener{town.port(0), {listening_user}};
};

TEST_F(MembershipTest, AMemberHearsItsGroupAndNoOther) {
    ASSERT_TRUE(join(town, talker, group));
    ASSERT_TRUE(join(town, talker, "another group"));
    ASSERT_TRUE(join(town, listener, group));
    talk(talker, group, "one");
    talk(talker, "another group", "two");
    EXPECT_EQ(voices(listener), 1U);
    EXPECT_EQ(listener.last(Type::audio).payload, "one");
    EXPECT_EQ(listener.last(Type::audio).from, talker.user());
    EXPECT_EQ(listener.last(Type::audio).to, group);
}

TEST_F(MembershipTest, ATalkerDoesNotHearItself) {
    ASSERT_TRUE(join(town, talker, group));
    talk(talker, group, "one");
    EXPECT_EQ(voices(talker), 0U);
    EXPECT_EQ(talker.count(Type::start), 0U);
}

TEST_F(MembershipTest, JoiningTwiceIsJoiningOnce) {
    ASSERT_TRUE(join(town, talker, group));
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(join(town, listener, group));
    talk(talker, group, "one");
    EXPECT_EQ(voices(listener), 1U);
    listener.send(Type::user_remove, group);
    ASSERT_TRUE(done_with(town, listener));
    talk(talker, group, "two");
    EXPECT_EQ(voices(listener), 1U);
}

TEST_F(MembershipTest, WhoLeftHearsNoMore) {
    ASSERT_TRUE(join(town, talker, group));
    ASSERT_TRUE(join(town, listener, group));
    listener.send(Type::user_remove, group);
    listener.send(Type::user_remove, "never joined");
    ASSERT_TRUE(done_with(town, listener));
    talk(talker, group, "one");
    EXPECT_EQ(voices(listener), 0U);
    listener.send(Type::start, group);
    ASSERT_TRUE(hears(town, listener, Type::start_failed, 1));
}

TEST_F(MembershipTest, LeavingFreesTheFloor) {
    ASSERT_TRUE(join(town, talker, group));
    ASSERT_TRUE(join(town, listener, group));
    talk(talker, group, "one");
    talker.send(Type::user_remove, group);
    ASSERT_TRUE(done_with(town, talker));
    listener.send(Type::start, group);
    EXPECT_TRUE(hears(town, listener, Type::start_ack, 1));
}

TEST_F(MembershipTest, SurvivesAReconnect) {
    ASSERT_TRUE(join(town, talker, group));
    ASSERT_TRUE(join(town, listener, group));
    listener.close();
    ASSERT_TRUE(town.run_until([this] { return town.sessions() == 1; }));
    Radio again{town.port(1), {listening_user}};
    ASSERT_TRUE(let_in(town, again));
    ASSERT_TRUE(done_with(town, again));
    talk(talker, group, "one");
    EXPECT_EQ(voices(again), 1U);
}

TEST_F(MembershipTest, WhatWasLeftStaysLeftAfterAReconnect) {
    ASSERT_TRUE(join(town, talker, group));
    ASSERT_TRUE(join(town, listener, group));
    listener.send(Type::user_remove, group);
    ASSERT_TRUE(done_with(town, listener));
    listener.close();
    Radio again{town.port(0), {listening_user}};
    ASSERT_TRUE(let_in(town, again));
    ASSERT_TRUE(done_with(town, again));
    talk(talker, group, "one");
    EXPECT_EQ(voices(again), 0U);
}

TEST_F(MembershipTest, AGroupIsForgottenWithItsLastListener) {
    ASSERT_TRUE(join(town, talker, group));
    ASSERT_TRUE(join(town, listener, group));
    EXPECT_EQ(town.worker(0).groups().size(), 1U);
    EXPECT_EQ(town.worker(1).listeners().groups(), 1U);
    talker.close();
    ASSERT_TRUE(town.run_until([this] { return town.sessions() == 1; }));
    town.settle();
    EXPECT_EQ(town.worker(0).groups().size(), 1U);
    listener.close();
    ASSERT_TRUE(town.run_until([this] { return town.sessions() == 0; }));
    town.settle();
    EXPECT_EQ(town.worker(0).groups().size(), 0U);
    EXPECT_EQ(town.worker(1).listeners().groups(), 0U);
}

TEST_F(MembershipTest, ManyLeaveInAnyOrderAndTheRestStillHear) {
    ASSERT_TRUE(join(town, talker, group));
    std::vector<Radio> crowd;
    for (std::size_t i = 0; i < 20; ++i) {
        crowd.emplace_back(town.port(i % 2), Radio::Login{town.user_at(i % 2, 10 + i)});
        ASSERT_TRUE(join(town, crowd.back(), group));
    }
    std::size_t left = crowd.size();
    // Also those that took the place of one who left before.
    for (const std::size_t goes : {0U, 18U, 19U, 1U, 17U, 7U, 8U, 3U, 12U}) {
        crowd[goes].close();
        --left;
        ASSERT_TRUE(town.run_until([&] { return town.sessions() == left + 2; }));
        town.settle();
        for (Radio& each : crowd)
            each.forget();
        talk(talker, group, "voice");
        for (Radio& each : crowd) {
            if (each.socket().number() < 0) continue;
            ASSERT_EQ(voices(each), 1U);
        }
    }
}

TEST_F(MembershipTest, AUserMayBeInSoManyGroupsAndNoMore) {
    ASSERT_TRUE(let_in(town, talker));
    for (std::size_t i = 0; i < store::groups_per_user_max; ++i) {
        talker.send(Type::user_add, "group " + std::to_string(i));
    }
    ASSERT_TRUE(done_with(town, talker));
    EXPECT_EQ(talker.count(Type::unauthorized_group), 0U);
    talker.send(Type::user_add, "one too many");
    ASSERT_TRUE(hears(town, talker, Type::unauthorized_group, 1));
    EXPECT_EQ(talker.last(Type::unauthorized_group).to, "one too many");
    EXPECT_EQ(talker.last(Type::unauthorized_group).payload, "Unauthorized Group");
    talker.send(Type::start, "one too many");
    EXPECT_TRUE(hears(town, talker, Type::start_failed, 1));
}

TEST_F(MembershipTest, WhoIsNoMemberMayNotTalkAndIsToldSo) {
    ASSERT_TRUE(join(town, listener, group));
    ASSERT_TRUE(let_in(town, talker));
    talker.send_text(Type::start, group, "1700000000");
    talker.send_voice(group, "voice");
    ASSERT_TRUE(hears(town, talker, Type::start_failed, 1));
    ASSERT_TRUE(done_with(town, talker));
    ASSERT_EQ(talker.heard().size(), 2U);
    EXPECT_EQ(talker.heard()[0].type, static_cast<int>(Type::unauthorized_group));
    EXPECT_EQ(talker.heard()[0].payload, "Unauthorized Group");
    EXPECT_EQ(talker.heard()[1].type, static_cast<int>(Type::start_failed));
    EXPECT_EQ(talker.heard()[1].payload, "Ack Failed");
    EXPECT_EQ(voices(listener), 0U);
    EXPECT_EQ(listener.count(Type::start), 0U);
    // And the floor is free for those who are.
    listener.send(Type::start, group);
    EXPECT_TRUE(hears(town, listener, Type::start_ack, 1));
}

TEST(ManagedMembership, IgnoresWhatClientsAskFor) {
    Town town{{.worker = {.join = JoinPolicy::managed}}};
    Radio radio{town.port(0), {"alice"}};
    ASSERT_TRUE(join(town, radio, "18"));
    EXPECT_EQ(town.worker(0).listeners().groups(), 0U);
    radio.send(Type::start, "18");
    ASSERT_TRUE(hears(town, radio, Type::start_failed, 1));
    EXPECT_EQ(radio.last(Type::start_failed).payload, "Ack Failed");
}

}  // namespace
}  // namespace parley::group
