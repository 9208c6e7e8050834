// Talk from one user to another.
#include "relay/direct_relay.h"

#include <gtest/gtest.h>
#include <string>

#include "support/radio.h"

namespace parley::relay {
namespace {

using std::chrono::milliseconds;
using test::done_with;
using test::hears;
using test::let_in;
using test::Message;
using test::Radio;
using test::Town;
using test::Type;

class DirectRelayTest : public testing::Test {
protected:
    explicit DirectRelayTest(const floor::Limits& limits)
        : town({.shards = 2, .worker = {.floor = limits}}),
          alice(town.port(0), {town.user_at(0, 0)}),
          bob(town.port(0), {town.user_at(1, 0)}) {
        EXPECT_TRUE(let_in(town, alice));
        EXPECT_TRUE(let_in(town, bob));
    }
    DirectRelayTest() : DirectRelayTest(floor::Limits{}) {}

    std::size_t count_of(Radio& who, Type type) {
        EXPECT_TRUE(done_with(town, who));
        return who.count(type);
    }

    Town town;
    Radio alice;
    Radio bob;
};

TEST_F(DirectRelayTest, AStartIsAcknowledgedAndPassedOn) {
    alice.send_direct(Type::start, bob.user(), {});
    ASSERT_TRUE(hears(town, alice, Type::start_ack, 1));
    EXPECT_EQ(alice.last(Type::start_ack).channel, 1);
    EXPECT_EQ(alice.last(Type::start_ack).payload, "Acknowledged");
    ASSERT_TRUE(hears(town, bob, Type::start, 1));
    EXPECT_EQ(bob.last(Type::start).channel, 1);
    EXPECT_EQ(bob.last(Type::start).from, alice.user());
    EXPECT_EQ(bob.last(Type::start).to, bob.user());
}

TEST_F(DirectRelayTest, VoiceNeedsNoStartAndComesInOrder) {
    for (int i = 0; i < 100; ++i) {
        alice.send_direct(Type::audio, bob.user(), "voice " + std::to_string(i));
    }
    ASSERT_TRUE(hears(town, bob, Type::audio, 100));
    for (std::size_t i = 0; i < 100; ++i) {
        EXPECT_EQ(bob.heard()[i].payload, "voice " + std::to_string(i));
    }
    EXPECT_EQ(town.worker(0).direct_relay().frames(), 100U);
}

TEST_F(DirectRelayTest, BothMayTalkAtTheSameTime) {
    alice.send_direct(Type::start, bob.user(), {});
    bob.send_direct(Type::start, alice.user(), {});
    alice.send_direct(Type::audio, bob.user(), "from alice");
    bob.send_direct(Type::audio, alice.user(), "from bob");
    ASSERT_TRUE(hears(town, bob, Type::audio, 1));
    ASSERT_TRUE(hears(town, alice, Type::audio, 1));
    EXPECT_EQ(alice.count(Type::start_failed), 0U);
    EXPECT_EQ(bob.count(Type::start_failed), 0U);
}

TEST_F(DirectRelayTest, AStopIsAnsweredAndPassedOnAfterTheGrace) {
    alice.send_direct(Type::start, bob.user(), {});
    const Instant asked = town.time();
    alice.send_direct(Type::stop, bob.user(), {});
    alice.send_direct(Type::stop, bob.user(), {});  // says nothing new
    ASSERT_TRUE(hears(town, alice, Type::stop_ack, 1));
    EXPECT_GE(town.time() - asked, group::stop_grace);
    ASSERT_TRUE(hears(town, bob, Type::stop, 1));
    const std::string id = alice.last(Type::stop_ack).message_id;
    EXPECT_TRUE(id.starts_with("1_3_" + bob.user() + "_" + alice.user() + "_")) << id;
    EXPECT_NE(bob.last(Type::stop).payload.find(id), std::string::npos);
    town.run_for(group::stop_grace);
    EXPECT_EQ(count_of(alice, Type::stop_ack), 1U);
    EXPECT_EQ(count_of(bob, Type::stop), 1U);
}

TEST_F(DirectRelayTest, AStopWithoutATalkIsAcknowledgedAlone) {
    alice.send_direct(Type::stop, bob.user(), {});
    ASSERT_TRUE(hears(town, alice, Type::stop_ack, 1));
    EXPECT_EQ(alice.last(Type::stop_ack).elements, 5);
    EXPECT_EQ(count_of(bob, Type::stop), 0U);
}

TEST_F(DirectRelayTest, ATalkThatBeganWithinTheGraceGoesOn) {
    alice.send_direct(Type::start, bob.user(), {});
    alice.send_direct(Type::stop, bob.user(), {});
    alice.send_direct(Type::start, bob.user(), {});
    ASSERT_TRUE(hears(town, alice, Type::stop_ack, 1));
    alice.send_direct(Type::stop, bob.user(), {});
    ASSERT_TRUE(hears(town, alice, Type::stop_ack, 2));
    EXPECT_TRUE(hears(town, bob, Type::stop, 2));  // so there was one to end
}

TEST_F(DirectRelayTest, TalkToNobodyIsAcknowledgedAllTheSame) {
    alice.send_direct(Type::start, "nobody at all", {});
    alice.send_direct(Type::audio, "nobody at all", "voice");
    alice.send_direct(Type::stop, "nobody at all", {});
    EXPECT_TRUE(hears(town, alice, Type::start_ack, 1));
    EXPECT_TRUE(hears(town, alice, Type::stop_ack, 1));
}

TEST_F(DirectRelayTest, TalkToOneselfIsAcknowledgedFirst) {
    alice.send_direct(Type::start, alice.user(), {});
    ASSERT_TRUE(hears(town, alice, Type::start, 1));
    EXPECT_EQ(alice.heard()[0].type, static_cast<int>(Type::start_ack));
    EXPECT_EQ(alice.heard()[1].type, static_cast<int>(Type::start));
}

TEST_F(DirectRelayTest, AStopOutlivesItsTalker) {
    alice.send_direct(Type::start, bob.user(), {});
    alice.send_direct(Type::stop, bob.user(), {});
    ASSERT_TRUE(done_with(town, alice));
    alice.reset();
    EXPECT_TRUE(hears(town, bob, Type::stop, 1));
}

class DirectLimitTest : public DirectRelayTest {
protected:
    DirectLimitTest() : DirectRelayTest({.talk_max = milliseconds{100}}) {}
};

TEST_F(DirectLimitTest, ABurstThatLastsTooLongIsEndedAndItsVoiceDropped) {
    const Instant began = town.time();
    alice.send_direct(Type::start, bob.user(), {});
    std::size_t sent = 0;
    while (alice.count(Type::stop_ack) == 0) {
        alice.send_direct(Type::audio, bob.user(), "voice");
        ++sent;
        ASSERT_TRUE(done_with(town, alice));  // no faster than it is carried out, so none is dropped
    }
    EXPECT_GE(town.time() - began, milliseconds{100});
    ASSERT_TRUE(hears(town, bob, Type::stop, 1));
    ASSERT_TRUE(done_with(town, alice));
    const std::size_t heard = count_of(bob, Type::audio);
    EXPECT_EQ(town.worker(0).direct_relay().frames(), heard);
    EXPECT_EQ(town.worker(0).direct_relay().frames_after_limit(), sent - heard);
    EXPECT_GT(sent, heard);
    // The next burst is heard again.
    alice.send_direct(Type::start, bob.user(), {});
    alice.send_direct(Type::audio, bob.user(), "anew");
    EXPECT_TRUE(hears(town, bob, Type::audio, heard + 1));
    EXPECT_EQ(bob.last(Type::audio).payload, "anew");
}

}  // namespace
}  // namespace parley::relay
