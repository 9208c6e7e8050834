// Pings, and peers that never answer them. Short settings: real time passes here.
#include <gtest/gtest.h>
#include <string>

#include "support/radio.h"

namespace parley::session {
namespace {

using std::chrono::milliseconds;
using test::let_in;
using test::Opcode;
using test::Radio;
using test::Stream;
using test::Town;

constexpr milliseconds ping_interval{20};
constexpr milliseconds pong_max{60};

class HeartbeatTest : public testing::Test {
protected:
    static std::size_t pings(Radio& radio) {
        std::size_t count = 0;
        for (const auto& frame : radio.control_frames()) {
            if (frame.opcode == Opcode::ping) ++count;
        }
        return count;
    }
    bool pinged(Radio& radio, std::size_t count) {
        return town.run_until([&] { return pings(radio) >= count; });
    }

    Town town{{.worker = {.sockets = {.ping_interval = ping_interval, .pong_max = pong_max}}}};
};

TEST_F(HeartbeatTest, PingsNameTheUser) {
    Radio radio{town.port(0), {"alice"}};
    ASSERT_TRUE(pinged(radio, 1));
    EXPECT_EQ(radio.control_frames()[0].payload, "voiceping:alice");
}

TEST_F(HeartbeatTest, PingsOfALongNameAreCutToWhatAControlFrameMayCarry) {
    const std::string user(300, 'u');
    Radio radio{town.port(0), {user}};
    ASSERT_TRUE(pinged(radio, 1));
    EXPECT_EQ(radio.control_frames()[0].payload, ("voiceping:" + user).substr(0, 125));
}

TEST_F(HeartbeatTest, APeerThatAnswersIsKept) {
    Radio radio{town.port(0), {"alice"}};
    ASSERT_TRUE(let_in(town, radio));
    std::size_t answered = 0;
    // Many times as long as a silent one is.
    ASSERT_TRUE(town.run_until([&] {
        for (; answered < pings(radio); ++answered)
            radio.send_control(Opcode::pong, "voiceping:alice");
        return answered >= 20 || radio.stream() != Stream::open;
    }));
    EXPECT_EQ(radio.stream(), Stream::open);
    EXPECT_EQ(town.sessions(), 1U);
}

TEST_F(HeartbeatTest, APeerThatSaysAnythingElseIsKept) {
    Radio radio{town.port(0), {"alice"}};
    ASSERT_TRUE(let_in(town, radio));
    std::size_t said = 0;
    ASSERT_TRUE(town.run_until([&] {
        for (; said < pings(radio); ++said)
            radio.send(test::Type::user_add, "18");
        return said >= 20 || radio.stream() != Stream::open;
    }));
    EXPECT_EQ(radio.stream(), Stream::open);
}

TEST_F(HeartbeatTest, APeerThatNeverAnswersIsDroppedAndNotBefore) {
    Radio radio{town.port(0), {"alice"}};
    const Instant began = town.time();
    ASSERT_TRUE(let_in(town, radio));
    ASSERT_TRUE(town.run_until([this] { return town.sessions() == 0; }));
    EXPECT_GE(town.time() - began, ping_interval + pong_max);
    EXPECT_TRUE(town.run_until([&] { return radio.stream() != Stream::open; }));
    EXPECT_FALSE(radio.closed_by_server());  // without a word: nobody is there to read it
    EXPECT_LE(pings(radio), 4U);
}

TEST_F(HeartbeatTest, TheFloorOfAPeerThatNeverAnswersIsFree) {
    Radio silent{town.port(0), {"alice"}};
    ASSERT_TRUE(test::join(town, silent, "18"));
    silent.send(test::Type::start, "18");
    ASSERT_TRUE(test::hears(town, silent, test::Type::start_ack, 1));
    ASSERT_TRUE(town.run_until([this] { return town.sessions() == 0; }));
    EXPECT_EQ(town.worker(0).floor().counters().freed_by_leaving, 1U);
    EXPECT_EQ(town.worker(0).groups().size(), 0U);
}

TEST_F(HeartbeatTest, AHalfOpenPeerThatAnsweredOnceIsDroppedAfterItsNextSilence) {
    Radio radio{town.port(0), {"alice"}};
    ASSERT_TRUE(pinged(radio, 1));
    radio.send_control(Opcode::pong, "");
    const Instant answered = town.time();
    ASSERT_TRUE(town.run_until([this] { return town.sessions() == 0; }));
    EXPECT_GE(town.time() - answered, pong_max);
}

}  // namespace
}  // namespace parley::session
