// Signing in through whole shards: hand-over, early bytes, and who gives way to whom.
#include <gtest/gtest.h>
#include <string>

#include "session/limits.h"
#include "support/radio.h"

namespace parley::session {
namespace {

using test::hears;
using test::join;
using test::let_in;
using test::Message;
using test::Opcode;
using test::Radio;
using test::Stream;
using test::Town;
using test::Type;

class LoginTest : public testing::Test {
protected:
    // True when the server keeps the radio no longer.
    bool cut_off(Radio& radio) {
        return town.run_until([&radio] { return radio.stream() != Stream::open; });
    }

    Town town{{.shards = 2}};
    const std::string alice = town.user_at(1, 0);
    const std::string bob = town.user_at(0, 0);
    const std::string group = town.group_at(0, 0);
};

TEST_F(LoginTest, AConnectionMovesToTheHomeOfItsUser) {
    Radio radio{town.port(0), {alice}};
    ASSERT_TRUE(let_in(town, radio));
    EXPECT_EQ(town.worker(0).sessions().size(), 0U);
    EXPECT_EQ(town.worker(1).sessions().size(), 1U);
    EXPECT_EQ(town.worker(0).net().connections, 0U);
    EXPECT_EQ(town.worker(1).net().connections, 1U);
    EXPECT_TRUE(test::done_with(town, radio));  // it is answered there
}

TEST_F(LoginTest, AConnectionThatArrivesAtItsHomeStays) {
    Radio radio{town.port(1), {alice}};
    ASSERT_TRUE(let_in(town, radio));
    EXPECT_EQ(town.worker(1).sessions().size(), 1U);
    EXPECT_EQ(town.shard(0).counters().records_in, 0U);
}

TEST_F(LoginTest, WhatIsSentWithTheUpgradeIsCarriedOut) {
    Radio listener{town.port(0), {bob}};
    ASSERT_TRUE(join(town, listener, group));
    for (const std::size_t arrives : {0U, 1U}) {
        Radio radio{town.port(1 - arrives), {alice}};
        ASSERT_TRUE(join(town, radio, group));  // a name for the frames below
        const std::string behind =
            radio.framed(Type::start, group, Message::Payload::nil, {}) +
            radio.framed(Type::audio, group, Message::Payload::bytes, "early voice");
        radio.close();
        listener.forget();
        Radio eager{town.port(arrives), {alice, "device", behind}};
        ASSERT_TRUE(hears(town, eager, Type::start_ack, 1));
        ASSERT_TRUE(hears(town, listener, Type::audio, 1));
        EXPECT_EQ(listener.heard().front().type, static_cast<int>(Type::start));
        EXPECT_EQ(listener.last(Type::audio).payload, "early voice");
    }
}

TEST_F(LoginTest, WhoSendsGarbageWithTheUpgradeIsCutOff) {
    Radio radio{town.port(0), {alice, "device", test::pattern(4 * early_bytes_max, 1)}};
    ASSERT_TRUE(cut_off(radio));
    EXPECT_TRUE(town.run_until([this] { return town.sessions() == 0; }));
}

TEST_F(LoginTest, AnotherDeviceTakesOverAndTheFirstIsTold) {
    Radio phone{town.port(0), {alice, "phone"}};
    ASSERT_TRUE(let_in(town, phone));
    Radio tablet{town.port(1), {alice, "tablet"}};
    ASSERT_TRUE(let_in(town, tablet));
    ASSERT_TRUE(cut_off(phone));
    ASSERT_EQ(phone.count(Type::login_duplicated), 1U);
    const Message told = phone.last(Type::login_duplicated);
    EXPECT_EQ(told.channel, 1);
    EXPECT_EQ(told.elements, 5);
    EXPECT_EQ(told.from, "0");
    EXPECT_EQ(told.to, alice);
    EXPECT_EQ(told.payload, "userId " + alice + " has logged in from another deviceId tablet");
    ASSERT_TRUE(phone.closed_by_server());
    EXPECT_EQ(phone.control_frames().back().payload, "");  // the close frame has no code
    EXPECT_TRUE(test::done_with(town, tablet));
    EXPECT_EQ(tablet.count(Type::login_duplicated), 0U);
}

TEST_F(LoginTest, TheSameDeviceTakesOverInSilence) {
    Radio first{town.port(0), {alice, "phone"}};
    ASSERT_TRUE(let_in(town, first));
    Radio again{town.port(0), {alice, "phone"}};
    ASSERT_TRUE(let_in(town, again));
    ASSERT_TRUE(cut_off(first));
    EXPECT_EQ(first.count(Type::login_duplicated), 0U);
    EXPECT_TRUE(first.closed_by_server());
}

// A radio that lost its network comes back while its old socket is still known to the server; the
// old one's end, whenever it comes, must not be taken for the new one's.
TEST_F(LoginTest, TheEndOfAnOldSocketDoesNotUnregisterTheNewOne) {
    Radio caller{town.port(0), {bob}};
    ASSERT_TRUE(join(town, caller, group));
    for (const bool with_reset : {false, true}) {
        Radio old{town.port(0), {alice}};
        ASSERT_TRUE(join(town, old, group));
        Radio fresh{town.port(1), {alice}};
        ASSERT_TRUE(let_in(town, fresh));
        ASSERT_TRUE(cut_off(old));
        if (with_reset) {
            old.reset();
        } else {
            old.close();
        }
        // Longer than any of it lingers in the server.
        ASSERT_TRUE(town.run_until([this] { return town.sessions() == 2; }));
        ASSERT_TRUE(test::done_with(town, fresh));
        // It is still there for direct messages and for its groups.
        caller.send_direct(Type::audio, alice, "direct");
        caller.send(Type::start, group);
        caller.send_voice(group, "to all");
        ASSERT_TRUE(hears(town, fresh, Type::audio, 2));
        EXPECT_EQ(fresh.heard()[0].payload, "direct");
        EXPECT_EQ(fresh.last(Type::audio).payload, "to all");
    }
}

TEST_F(LoginTest, TheFloorOfAnOldSocketIsFreeWhenTheNewOneComes) {
    Radio other{town.port(0), {bob}};
    Radio old{town.port(0), {alice}};
    ASSERT_TRUE(join(town, other, group));
    ASSERT_TRUE(join(town, old, group));
    old.send(Type::start, group);
    ASSERT_TRUE(hears(town, old, Type::start_ack, 1));
    Radio fresh{town.port(1), {alice}};
    ASSERT_TRUE(cut_off(old));
    ASSERT_TRUE(test::done_with(town, fresh));
    other.send(Type::start, group);
    EXPECT_TRUE(hears(town, other, Type::start_ack, 1));
    EXPECT_EQ(other.count(Type::start_failed), 0U);
}

TEST_F(LoginTest, SeveralLoginsAtOnceLeaveTheNewest) {
    std::vector<Radio> radios;
    for (std::size_t i = 0; i < 6; ++i) {
        radios.emplace_back(town.port(i % 2), Radio::Login{alice, "device " + std::to_string(i)});
    }
    const auto one_left = [&] {
        std::size_t open = 0;
        for (Radio& each : radios) {
            if (each.stream() == Stream::open) ++open;
        }
        return open == 1;
    };
    ASSERT_TRUE(town.run_until(one_left));
    for (Radio& each : radios) {
        if (each.stream() == Stream::open) {
            EXPECT_TRUE(test::done_with(town, each));
        } else {
            each.close();
        }
    }
    EXPECT_TRUE(town.run_until([this] { return town.sessions() == 1; }));
}

}  // namespace
}  // namespace parley::session
