// What a whole shard does at its limits, as a radio sees it. What needs minutes is in the
// simulation (tests/sim/limits_test.cc); what one class decides is in its own test.
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "support/radio.h"

namespace parley::server {
namespace {

using std::chrono::milliseconds;
using test::done_with;
using test::hears;
using test::join;
using test::let_in;
using test::Opcode;
using test::Radio;
using test::Stream;
using test::Town;
using test::Type;

constexpr std::string_view too_many = "Too Many Requests";

int close_code(Radio& radio) {
    for (const auto& frame : radio.control_frames()) {
        if (frame.opcode != Opcode::close) continue;
        if (frame.payload.size() < 2) return 1005;
        return static_cast<unsigned char>(frame.payload[0]) << 8 |
               static_cast<unsigned char>(frame.payload[1]);
    }
    return 0;
}

bool closes(Town& town, Radio& radio) {
    return town.run_until([&radio] { return radio.closed_by_server(); });
}

WorkerOptions limited() {
    return {.pace = {.control = session::Allowance::of(1, 10),
                     .text = session::Allowance::of(1, 3),
                     .joins = session::Allowance::of(1, 4),
                     .audio_frames = session::Allowance::of(1, 5),
                     .violations_max = 100},
            .message_bytes_max = 1000,
            .groups_per_user_max = 3};
}

class PacedTest : public testing::Test {
protected:
    PacedTest() { EXPECT_TRUE(let_in(town, alice)); }

    Town town{{.worker = limited()}};
    Radio alice{town.port(0), {"alice"}};
};

TEST_F(PacedTest, TextsBeyondThePaceAreRefusedInWords) {
    ASSERT_TRUE(join(town, alice, "18"));
    for (int i = 0; i < 5; ++i)
        alice.send_text(Type::text, "18", "hello");
    ASSERT_TRUE(done_with(town, alice));
    EXPECT_EQ(alice.count(Type::text_ack), 3U);
    EXPECT_EQ(alice.count(Type::unauthorized_group), 2U);
    EXPECT_EQ(alice.last(Type::unauthorized_group).payload, too_many);
    EXPECT_EQ(alice.last(Type::unauthorized_group).to, "18");
}

TEST_F(PacedTest, ARequestForTheFloorBeyondThePaceIsRefusedAsStartFailed) {
    ASSERT_TRUE(join(town, alice, "18"));
    for (int i = 0; i < 11; ++i)
        alice.send(Type::start, "18");
    ASSERT_TRUE(done_with(town, alice));
    EXPECT_EQ(alice.count(Type::start_ack), 10U);
    EXPECT_EQ(alice.last(Type::start_failed).payload, too_many);
}

TEST_F(PacedTest, TheFloorCanBeReleasedHoweverMuchWasRefused) {
    ASSERT_TRUE(join(town, alice, "18"));
    for (int i = 0; i < 20; ++i)
        alice.send(Type::start, "18");
    alice.send(Type::stop, "18");
    EXPECT_TRUE(hears(town, alice, Type::stop_ack, 1));
}

TEST_F(PacedTest, VoiceBeyondThePaceIsDroppedWithOneWord) {
    Radio bob{town.port(0), {"bob"}};
    ASSERT_TRUE(let_in(town, bob));
    ASSERT_TRUE(join(town, alice, "18"));
    ASSERT_TRUE(join(town, bob, "18"));
    alice.send(Type::start, "18");
    for (int i = 0; i < 20; ++i)
        alice.send_voice("18", "voice");
    ASSERT_TRUE(done_with(town, alice));
    ASSERT_TRUE(done_with(town, bob));
    EXPECT_EQ(bob.count(Type::audio), 5U);
    EXPECT_EQ(alice.count(Type::unauthorized_group), 1U);
    EXPECT_EQ(town.worker(0).context().paces.audio_dropped(), 15U);
}

TEST_F(PacedTest, TheHundredthRefusalCloses) {
    for (int i = 0; i < 3 + 99; ++i)
        alice.send_text(Type::text, "18", "hello");
    ASSERT_TRUE(done_with(town, alice));
    EXPECT_FALSE(alice.closed_by_server());
    alice.send_text(Type::text, "18", "hello");
    ASSERT_TRUE(closes(town, alice));
    EXPECT_EQ(close_code(alice), 4008);
}

TEST_F(PacedTest, ANewConnectionDoesNotMakeAUserFaster) {
    for (int i = 0; i < 4; ++i)
        alice.send_text(Type::text, "18", "hello");
    ASSERT_TRUE(done_with(town, alice));
    Radio again{town.port(0), {"alice"}};
    ASSERT_TRUE(let_in(town, again));
    again.send_text(Type::text, "18", "hello");
    ASSERT_TRUE(done_with(town, again));
    EXPECT_EQ(again.last(Type::unauthorized_group).payload, too_many);
}

TEST_F(PacedTest, WordsAndVoiceAreBoundedByTheirSizeAndImagesByAnother) {
    const auto say = [this](int type, std::size_t size) {
        const auto message = [&](std::size_t content) {
            return sim::encode_message(static_cast<Type>(type), "alice", "18",
                                       sim::Message::Payload::bytes, std::string(content, 'x'));
        };
        const std::size_t envelope = message(size).size() - size;
        ASSERT_EQ(message(size - envelope).size(), size);
        alice.send_bytes(alice.framed(static_cast<Type>(type), "18", sim::Message::Payload::bytes,
                                      std::string(size - envelope, 'x')));
    };
    constexpr int text = 17;
    constexpr int image = 18;
    say(text, 999);
    say(text, 1000);
    say(image, 5000);
    ASSERT_TRUE(done_with(town, alice));
    EXPECT_FALSE(alice.closed_by_server());
    say(text, 1001);
    ASSERT_TRUE(closes(town, alice));
    EXPECT_EQ(close_code(alice), 1009);
}

TEST_F(PacedTest, AUserJoinsSoManyGroupsAndNoMore) {
    for (const char* group : {"1", "2", "3", "4"})
        alice.send(Type::user_add, group);
    ASSERT_TRUE(done_with(town, alice));
    EXPECT_EQ(alice.count(Type::unauthorized_group), 1U);
    EXPECT_EQ(alice.last(Type::unauthorized_group).to, "4");
    EXPECT_EQ(alice.last(Type::unauthorized_group).payload, "Unauthorized Group");
    alice.send(Type::user_add, "5");  // the fifth in a moment
    ASSERT_TRUE(done_with(town, alice));
    EXPECT_EQ(alice.last(Type::unauthorized_group).payload, too_many);
}

TEST(Partial, AFrameThatDoesNotGoOnEndsItsConnection) {
    constexpr milliseconds partial_max{120};
    Town town{{.worker = {.sockets = {.partial_max = partial_max}}}};
    Radio idle{town.port(0), {"idle"}};
    Radio drips{town.port(0), {"drips"}};
    Radio stuck{town.port(0), {"stuck"}};
    for (Radio* each : {&idle, &drips, &stuck})
        ASSERT_TRUE(let_in(town, *each));
    const std::string frame = drips.framed(Type::text, "18", sim::Message::Payload::text, "hello");
    stuck.send_bytes(frame.substr(0, 1));
    const Instant began = town.time();
    std::size_t at = 0;
    ASSERT_TRUE(town.run_until([&] {
        if (at < frame.size() - 1) drips.send_bytes(frame.substr(at++, 1));
        town.run_for(milliseconds{20});
        return stuck.closed_by_server();
    }));
    EXPECT_EQ(close_code(stuck), 1002);
    EXPECT_GE(town.time() - began, partial_max);
    EXPECT_FALSE(drips.closed_by_server());
    town.run_for(2 * partial_max);
    EXPECT_FALSE(idle.closed_by_server());
    EXPECT_TRUE(drips.closed_by_server());  // since it drips no more
    EXPECT_EQ(close_code(drips), 1002);
}

class CrowdTest : public testing::Test {
protected:
    Commons commons{HashKey{}, nullptr};
    Town town{{.shards = 2,
               .worker = {.door = {.sockets_per_address_max = 3, .loopback_is_counted = true},
                          .commons = &commons}}};
    bool turned_away(Radio& radio, std::string_view status) {
        EXPECT_TRUE(town.run_until([&] { return !radio.answer().empty(); }));
        EXPECT_NE(radio.answer().find("Retry-After: "), std::string::npos);
        return radio.answer().starts_with(status);
    }
};

TEST_F(CrowdTest, AnAddressHasSoManyConnectionsOnAllShards) {
    std::vector<Radio> radios;
    for (const int shard : {0, 1, 0})
        radios.emplace_back(town.port(static_cast<std::size_t>(shard)),
                            Radio::Login{town.user_at(1, radios.size())});
    for (Radio& each : radios)
        ASSERT_TRUE(let_in(town, each));
    Radio fourth{town.port(1), {"fourth"}};
    EXPECT_TRUE(turned_away(fourth, "HTTP/1.1 429 "));
    radios.pop_back();  // somebody goes
    ASSERT_TRUE(town.run_until([&] { return town.sessions() == 2; }));
    Radio fifth{town.port(1), {"fifth"}};
    EXPECT_TRUE(let_in(town, fifth));
    EXPECT_EQ(commons.addresses.size(), 1U);
}

TEST_F(CrowdTest, ConnectionsThatNeverAskAreGivenBackToo) {
    for (int round = 0; round < 4; ++round) {
        std::vector<test::Descriptor> silent;
        for (int i = 0; i < 3; ++i)
            silent.push_back(test::connect_to(town.port(0)));
        ASSERT_TRUE(town.run_until([&] { return town.worker(0).net().connections == 3; }));
        silent.clear();
        ASSERT_TRUE(town.run_until([&] { return town.worker(0).net().connections == 0; }));
    }
    EXPECT_EQ(commons.addresses.size(), 0U);
}

TEST_F(CrowdTest, ShortMemoryRefusesConnectionsThenJoinsThenShedsTheSlowest) {
    Radio alice{town.port(0), {town.user_at(0, 0)}};
    ASSERT_TRUE(let_in(town, alice));
    commons.pressure = Pressure::refusing;
    Radio late{town.port(0), {"late"}};
    EXPECT_TRUE(turned_away(late, "HTTP/1.1 503 "));
    EXPECT_TRUE(join(town, alice, "18"));
    EXPECT_EQ(alice.count(Type::unauthorized_group), 0U);
    commons.pressure = Pressure::shrinking;
    town.turn_all();
    EXPECT_TRUE(join(town, alice, "19"));
    EXPECT_EQ(alice.count(Type::unauthorized_group), 1U);
    EXPECT_FALSE(alice.closed_by_server());
    commons.pressure = Pressure::shedding;
    ASSERT_TRUE(closes(town, alice));
    EXPECT_EQ(close_code(alice), 1013);
    EXPECT_EQ(town.worker(0).shed(), 1U);
    commons.pressure = Pressure::none;
    Radio again{town.port(0), {"again"}};
    EXPECT_TRUE(let_in(town, again));
}

// Turns that take as long as a test wants.
struct Burden {
    Shard& shard;
    Duration each{0};

    void on_turn_end() noexcept {
        const Instant until = shard.ring().now() + each;
        while (shard.ring().now() < until)
            continue;
    }
};

TEST(Behind, AShardAcceptsNobodyUntilItHasCaughtUp) {
    Commons commons{HashKey{}, nullptr};
    Town town{{.worker = {.lag_max = milliseconds{20}, .commons = &commons}}};
    Burden burden{town.shard(0)};
    town.shard(0).on_turn_end(Shard::TurnEnd::to<&Burden::on_turn_end>(burden));
    Radio early{town.port(0), {"early"}};
    ASSERT_TRUE(let_in(town, early));
    burden.each = milliseconds{30};
    const Instant began = town.time();
    ASSERT_TRUE(town.run_until([&] { return town.worker(0).is_behind(); }));
    EXPECT_GE(town.time() - began, lag_patience);
    EXPECT_EQ(commons.lagging, 1U);
    town.turn_all();
    Radio late{town.port(0), {"late"}};
    for (int i = 0; i < 10; ++i)
        town.turn_all();
    EXPECT_EQ(town.sessions(), 1U);
    EXPECT_TRUE(done_with(town, early));  // who is in is served
    burden.each = Duration::zero();
    ASSERT_TRUE(let_in(town, late));
    EXPECT_EQ(commons.lagging, 0U);
}

TEST(SocketsOfOneUser, TheOldestGivesWay) {
    Town town{{.worker = {.sockets_per_user_max = 1}}};
    Radio first{town.port(0), {"alice"}};
    ASSERT_TRUE(let_in(town, first));
    Radio second{town.port(0), {"alice"}};
    ASSERT_TRUE(let_in(town, second));
    ASSERT_TRUE(closes(town, first));
    EXPECT_EQ(close_code(first), 4008);
    EXPECT_TRUE(done_with(town, second));
}

}  // namespace
}  // namespace parley::server
