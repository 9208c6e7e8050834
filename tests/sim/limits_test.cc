// Limits that need time: whole servers on the simulated ring, where minutes cost nothing.
// The names of the tests say which requirement they are about, with its default.
#include <gtest/gtest.h>
#include <optional>
#include <string>

#include "sim/cluster.h"
#include "sim/radio_codec.h"

namespace parley::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint16_t server_port = 7420;

// One connection of a radio that does only what it is told, and answers pings unless it is dead.
class Handset {
public:
    Handset(World& world, std::string user)
        : world_(world), user_(std::move(user)), peer_(world.connect(server_port)) {}

    void ask() { peer_.write(upgrade_request(user_, "device")); }
    void say(Type type, std::string_view group, std::string_view text) {
        const auto is = text.empty() ? Message::Payload::nil : Message::Payload::bytes;
        write(Opcode::binary, encode_message(type, user_, group, is, text));
    }
    void write(Opcode opcode, std::string_view payload) {
        peer_.write(encode_frame(opcode, payload, true, 0x12345678));
    }
    void poll() {
        const std::string bytes = peer_.read();
        if (!answered_) {
            answer_ += bytes;
            const std::size_t end = answer_.find("\r\n\r\n");
            if (end == std::string::npos) return;
            answered_ = true;
            frames_.add(std::string_view{answer_}.substr(end + 4));
        } else {
            frames_.add(bytes);
        }
        WebSocketFrame frame;
        while (frames_.next(frame) == FrameStream::Next::frame)
            take(frame);
    }
    std::size_t count(Type type) const {
        std::size_t count = 0;
        for (const Message& each : heard_)
            count += each.type == static_cast<int>(type) ? 1 : 0;
        return count;
    }
    bool is_in() const { return answer_.starts_with("HTTP/1.1 101"); }
    bool ended() const { return peer_.ended(); }
    Peer& peer() { return peer_; }

    std::optional<int> close_code;
    std::size_t pongs = 0;
    std::size_t frames_after_close = 0;

private:
    void take(const WebSocketFrame& frame) {
        if (close_code) ++frames_after_close;
        if (frame.opcode == Opcode::ping) return write(Opcode::pong, frame.payload);
        if (frame.opcode == Opcode::pong) ++pongs;
        if (frame.opcode == Opcode::close) {
            close_code = frame.payload.size() < 2
                             ? 1005
                             : static_cast<unsigned char>(frame.payload[0]) << 8 |
                                   static_cast<unsigned char>(frame.payload[1]);
        }
        Message message;
        if (frame.opcode == Opcode::binary && decode_message(frame.payload, message))
            heard_.push_back(message);
    }

    World& world_;
    const std::string user_;
    Peer& peer_;
    std::string answer_;
    bool answered_ = false;
    FrameStream frames_;
    std::vector<Message> heard_;
};

class LimitsTest : public testing::Test {
protected:
    explicit LimitsTest(std::size_t socket_bytes = 6000) : world(1, faults(socket_bytes)) {}

    static Faults faults(std::size_t socket_bytes) {
        Faults faults = Faults::none();
        faults.socket_bytes = socket_bytes;
        return faults;
    }
    // Lets time pass in steps, in each of which all handsets listen.
    template <class Until>
    bool run_until(Duration most, Until until) {
        for (const Instant end = world.now() + most; world.now() < end;) {
            if (until()) return true;
            world.run_for(milliseconds{10});
            for (Handset* each : listening)
                each->poll();
        }
        return until();
    }
    void run_for(Duration time) {
        run_until(time, [] { return false; });
    }
    void enter(Handset& handset) {
        listening.push_back(&handset);
        handset.ask();
        ASSERT_TRUE(run_until(seconds{1}, [&] { return handset.is_in(); }));
    }
    void finish() {
        cluster.stop();
        EXPECT_TRUE(run_until(seconds{10}, [this] { return cluster.stopped(); }));
    }

    World world;
    Cluster cluster{world, 2, server_port, {}};
    std::vector<Handset*> listening;
};

TEST_F(LimitsTest, C1TheRequestHasFiveSecondsInAllHoweverItDrips) {
    Handset slow{world, "slow"};
    Handset late{world, "late"};
    Handset silent{world, "silent"};
    const std::string request = upgrade_request("slow", "device");
    const Instant began = world.now();
    for (std::size_t i = 0; i + 2 < request.size() && world.now() - began < milliseconds{4900};
         ++i) {
        slow.peer().write(request.substr(i, 1));
        world.run_for(milliseconds{60});
    }
    EXPECT_FALSE(slow.ended());
    EXPECT_FALSE(silent.ended());
    late.ask();
    ASSERT_TRUE(run_until(milliseconds{50}, [&] {
        late.poll();
        return late.is_in();
    }));
    slow.peer().write("X");
    run_for(milliseconds{150});
    EXPECT_TRUE(slow.ended());
    EXPECT_TRUE(silent.ended());
    EXPECT_TRUE(late.is_in());
    EXPECT_FALSE(late.ended());
    EXPECT_LE(world.now() - began, milliseconds{5200});
    finish();
}

TEST_F(LimitsTest, C3AHalfOpenTalkerIsGoneWithin40SecondsAndItsFloorWithOneMore) {
    Handset dead{world, "dead"};
    Handset alive{world, "alive"};
    enter(dead);
    enter(alive);
    for (Handset* each : {&dead, &alive})
        each->say(Type::user_add, "18", "");
    run_for(seconds{1});
    dead.say(Type::start, "18", "");
    ASSERT_TRUE(run_until(seconds{1}, [&] { return dead.count(Type::start_ack) == 1; }));
    std::erase(listening, &dead);  // the network is gone, and nobody says so
    dead.peer().stop_reading();
    const Instant died = world.now();
    const auto gone = [this] {
        return cluster.worker(0).net().connections + cluster.worker(1).net().connections == 1;
    };
    ASSERT_TRUE(run_until(seconds{60}, gone));
    EXPECT_GT(world.now() - died, seconds{10});
    EXPECT_LE(world.now() - died, seconds{40});
    run_for(seconds{1});
    alive.say(Type::start, "18", "");
    EXPECT_TRUE(run_until(seconds{1}, [&] { return alive.count(Type::start_ack) == 1; }));
    EXPECT_FALSE(alive.ended());
    finish();
}

TEST_F(LimitsTest, C3AFrameThatDoesNotGoOnFor30SecondsIsAnError) {
    Handset stuck{world, "stuck"};
    enter(stuck);
    const std::string frame = encode_frame(Opcode::binary, "0123456789", true, 1);
    stuck.peer().write(frame.substr(0, 5));
    // Bytes before the 30 s are up count anew; its answers to pings are part of the frame.
    run_for(seconds{20});
    stuck.peer().write(frame.substr(5, 1));
    std::erase(listening, &stuck);
    const Instant last = world.now();
    ASSERT_TRUE(run_until(seconds{60}, [&] { return stuck.ended(); }));
    stuck.poll();
    EXPECT_EQ(stuck.close_code, 1002);
    EXPECT_LE(world.now() - last, seconds{38});  // two of them for it to close
    finish();
}

TEST_F(LimitsTest, C4WhoDoesNotCloseIsResetAfterTwoSeconds) {
    Handset rude{world, "rude"};
    enter(rude);
    rude.peer().write("\x83\x80zzzz");  // no opcode
    ASSERT_TRUE(run_until(seconds{1}, [&] { return rude.close_code.has_value(); }));
    EXPECT_EQ(rude.close_code, 1002);
    const Instant told = world.now();
    ASSERT_TRUE(run_until(seconds{10}, [&] { return rude.peer().was_reset(); }));
    EXPECT_GE(world.now() - told, milliseconds{1900});
    EXPECT_LE(world.now() - told, milliseconds{2100});
    finish();
}

TEST_F(LimitsTest, C4AHalfClosedPeerIsGoneWithinFiveSeconds) {
    Handset half{world, "half"};
    enter(half);
    half.peer().finish();
    half.peer().stop_reading();
    run_for(seconds{5});
    EXPECT_EQ(cluster.worker(0).net().connections + cluster.worker(1).net().connections, 0U);
    finish();
}

TEST_F(LimitsTest, D1WhoTakesNothingForTenSecondsIsASlowConsumerAndIsTold) {
    Handset slow{world, "slow"};
    Handset talks{world, "talks"};
    enter(slow);
    enter(talks);
    for (Handset* each : {&slow, &talks})
        each->say(Type::user_add, "18", "");
    run_for(seconds{1});
    slow.peer().stop_reading();
    for (int i = 0; i < 10; ++i)
        talks.say(Type::text, "18", std::string(2000, 't'));
    const auto found = [this] {
        return cluster.worker(0).net().slow_consumers + cluster.worker(1).net().slow_consumers;
    };
    run_for(milliseconds{9500});
    EXPECT_EQ(found(), 0U);
    ASSERT_TRUE(run_until(seconds{11}, [&] { return found() == 1; }));
    talks.say(Type::text, "18", "after the decision");
    run_for(seconds{1});
    slow.peer().resume_reading();
    ASSERT_TRUE(run_until(seconds{1}, [&] { return slow.close_code.has_value(); }));
    EXPECT_EQ(slow.close_code, 4008);
    EXPECT_EQ(slow.frames_after_close, 0U);
    EXPECT_LT(slow.count(Type::text), 10U);  // what waited was dropped
    finish();
}

// Half a request, half a frame and a send that waits: the time in which nothing ran is nobody's.
// All of them are judged afterwards, by what is left of their time.
TEST_F(LimitsTest, I3NobodyIsLateByAPauseOfTheMachine) {
    Handset opening{world, "opening"};
    Handset framing{world, "framing"};
    Handset reading{world, "reading"};
    Handset talks{world, "talks"};
    for (Handset* each : {&framing, &reading, &talks})
        enter(*each);
    for (Handset* each : {&reading, &talks})
        each->say(Type::user_add, "18", "");
    run_for(milliseconds{100});
    const std::string request = upgrade_request("opening", "device");
    opening.peer().write(request.substr(0, request.size() - 2));
    framing.peer().write(encode_frame(Opcode::binary, "0123456789", true, 1).substr(0, 5));
    std::erase(listening, &framing);  // a pong would be part of the frame
    reading.peer().stop_reading();
    for (int i = 0; i < 10; ++i)
        talks.say(Type::text, "18", std::string(2000, 't'));
    run_for(seconds{1});
    world.pause(seconds{60});
    run_for(seconds{3});
    EXPECT_FALSE(opening.ended());
    EXPECT_FALSE(framing.ended());
    EXPECT_EQ(cluster.worker(0).net().slow_consumers + cluster.worker(1).net().slow_consumers, 0U);
    run_for(seconds{2});
    EXPECT_TRUE(opening.ended());
    ASSERT_TRUE(run_until(seconds{60}, [&] { return framing.ended(); }));
    framing.poll();
    EXPECT_EQ(framing.close_code, 1002);
    EXPECT_EQ(cluster.worker(0).net().slow_consumers + cluster.worker(1).net().slow_consumers, 1U);
    finish();
}

TEST_F(LimitsTest, D3PingsAreNotReadFromWhoDoesNotReadThePongs) {
    Handset flood{world, "flood"};
    enter(flood);
    flood.peer().stop_reading();
    constexpr std::size_t pings = 20'000;
    for (std::size_t i = 0; i < pings; ++i)
        flood.write(Opcode::ping, "x");
    run_for(seconds{5});
    EXPECT_GT(flood.peer().untaken(), 100'000U);  // of 140,000 bytes
    std::uint64_t paused = 0;
    for (std::size_t shard = 0; shard < 2; ++shard) {
        const auto& net = cluster.worker(shard).net();
        paused += net.receives_paused;
        EXPECT_LT(net.waiting.in_use(), 2048U);
        EXPECT_EQ(net.slow_consumers, 0U);
    }
    EXPECT_GE(paused, 1U);
    flood.peer().resume_reading();
    EXPECT_TRUE(run_until(seconds{20}, [&] { return flood.pongs == pings; })) << flood.pongs;
    EXPECT_FALSE(flood.ended());
    finish();
}

}  // namespace
}  // namespace parley::sim
