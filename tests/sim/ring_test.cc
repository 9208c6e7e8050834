// Tests of the simulated ring itself: it works, every fault can happen, runs repeat.
#include <gtest/gtest.h>
#include <set>

#include "sim/node.h"

namespace parley::sim {
namespace {

TEST(SimRing, CarriesBytesBothWaysInOrder) {
    World world{1, Faults::none()};
    Node node;
    Peer& peer = node.connected();
    const Tidy tidy{node};
    node.receive();
    std::string all;
    for (int i = 0; i < 300; ++i) {
        all += std::to_string(i) + " ";
        peer.write(std::to_string(i) + " ");
        node.turn();
    }
    node.turns(5);
    EXPECT_EQ(node.received(), all);
    const std::string hello = "hello";
    node.send_now(hello);
    node.turns(2);
    EXPECT_TRUE(node.sent().empty()) << "what is taken whole says nothing";
    EXPECT_EQ(peer.read(), "hello");
}

TEST(SimRing, SpoilsAReceiveBufferOnceItsHandlerIsBack) {
    World world{1, Faults::none()};
    Node node;
    Peer& peer = node.connected();
    const Tidy tidy{node};
    node.receive();
    peer.write("secret");
    for (int i = 0; i < 10 && node.received().size() < 6; ++i)
        node.turn(milliseconds{1});
    ASSERT_EQ(node.received(), "secret");
#if defined(__SANITIZE_ADDRESS__)
    EXPECT_DEATH(std::string(1, static_cast<char>(node.kept().front())), "use-after-poison");
#else
    EXPECT_EQ(node.kept().front(), std::byte{0xDB});
#endif
}

TEST(SimRing, ReportsTheEndOfAStreamAndAReset) {
    World world{1, Faults::none()};
    Node node;
    const Tidy tidy{node};
    node.connected().finish();
    node.receive();
    node.turns(2);
    EXPECT_EQ(node.ends(), std::vector<std::int32_t>{0});
    node.ring()->close(node.socket());
    node.forget_socket();
    node.connected().reset();
    node.receive();
    node.turns(2);
    EXPECT_EQ(node.ends().back(), -ECONNRESET);
    const std::string text = "x";
    node.send_now(text);
    node.turns(2);
    EXPECT_EQ(node.sent().back(), -EPIPE);
}

TEST(SimRing, EndsReceivesWithNoBuffersAndLosesNothing) {
    Faults faults = Faults::none();
    faults.no_buffers = 300;
    faults.lost_more = 100;
    faults.piece_bytes_max = 7;
    World world{3, faults};
    Node node;
    Peer& peer = node.connected();
    const Tidy tidy{node};
    node.receive();
    const std::string sent(5000, 'v');
    peer.write(sent);
    node.turns(6000);
    EXPECT_EQ(node.received(), sent);
    const std::set<std::int32_t> ends{node.ends().begin(), node.ends().end()};
    EXPECT_TRUE(ends.contains(-ENOBUFS));
    EXPECT_GT(*ends.rbegin(), 0) << "a multishot receive ended with data";
    EXPECT_GT(node.ring()->counters().buffer_shortages, 0U);
}

TEST(SimRing, FillsTheSocketOfAPeerThatDoesNotRead) {
    Faults faults = Faults::none();
    faults.socket_bytes = 100;
    World world{1, faults};
    Node node;
    Peer& peer = node.connected();
    const Tidy tidy{node};
    peer.stop_reading();
    const std::string text(150, 't');
    for (int i = 0; i < 2; ++i) {
        node.send_now(text);
        node.turn();
    }
    EXPECT_EQ(node.sent(), (std::vector<std::int32_t>{100, -EAGAIN}));
    node.send_all(text);
    node.turn();
    EXPECT_EQ(node.sent().size(), 2U) << "send_all waits for room";
    peer.resume_reading();
    node.turn();
    EXPECT_EQ(node.sent().back(), 150);
    world.run_for(milliseconds{1});
    EXPECT_EQ(peer.read().size(), 250U);
}

TEST(SimRing, SendsFallShortAndAreRefusedBySeed) {
    Faults faults = Faults::none();
    faults.short_send = 300;
    faults.refused_send = 300;
    World world{1, faults};
    Node node;
    node.connected();
    const Tidy tidy{node};
    std::set<std::int32_t> seen;
    const std::string text = "0123456789";
    for (int i = 0; i < 100; ++i) {
        node.send_now(text);
        const std::size_t told = node.sent().size();
        node.turn(milliseconds{1});
        seen.insert(node.sent().size() == told ? 10 : node.sent().back());
    }
    EXPECT_TRUE(seen.contains(-EAGAIN));
    EXPECT_TRUE(seen.contains(10));
    EXPECT_TRUE(seen.upper_bound(0) != seen.end() && *seen.upper_bound(0) < 10);
}

TEST(SimRing, ACompleteSendDoesNotEndAWait) {
    World world{1, Faults::none()};
    Node node;
    node.connected();
    const Tidy tidy{node};
    const std::string text = "hello";
    node.send_now(text);
    const Instant before = world.now();
    node.turn(seconds{5});
    EXPECT_GE(world.now() - before, seconds{5});
    EXPECT_FALSE(node.ring()->in_flight(node.send_operation()));
}

TEST(SimRing, ACancelledReceiveEndsLaterAndMayBringDataFirst) {
    std::set<bool> brought_data;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        World world{seed, Faults::none()};
        Node node;
        Peer& peer = node.connected();
        const Tidy tidy{node};
        node.receive();
        node.turn(Duration{1});
        peer.write("late");
        node.ring()->cancel(node.receive_operation());
        node.turn();
        for (int i = 0; i < 10 && node.receive_operation().in_flight(); ++i)
            node.turn();
        EXPECT_EQ(node.ends(), std::vector<std::int32_t>{-ECANCELED});
        brought_data.insert(!node.received().empty());
    }
    EXPECT_EQ(brought_data.size(), 2U);
}

TEST(SimRing, AcceptFailsInEveryWay) {
    std::set<std::int32_t> seen;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Faults faults = Faults::none();
        faults.accept_error = 500;
        World world{seed, faults};
        Node node;
        const Tidy tidy{node};
        for (int i = 0; i < 5; ++i)
            node.connected();
        seen.insert(node.accept_errors().begin(), node.accept_errors().end());
    }
    EXPECT_EQ(seen, (std::set<std::int32_t>{-EMFILE, -ENFILE, -ENOMEM, -ECONNABORTED}));
}

TEST(SimRing, ReusesTheLowestDescriptorAtOnce) {
    World world{1, Faults::none()};
    Node node;
    const Tidy tidy{node};
    Peer& first = node.connected();
    const int number = node.socket();
    node.ring()->close(number);
    node.forget_socket();
    node.connected();
    EXPECT_EQ(node.socket(), number);
    EXPECT_TRUE(first.ended());
}

TEST(SimRing, PicksAmongListenersOfOnePort) {
    World world{1, Faults::none()};
    Node nodes[2];
    const Tidy first{nodes[0]};
    const Tidy second{nodes[1]};
    for (Node& node : nodes)
        node.listen();
    for (int i = 0; i < 20; ++i)
        world.connect(port);
    for (Node& node : nodes) {
        node.turn();
        EXPECT_GE(node.socket(), 0);
    }
}

TEST(SimRing, ResetsPeersThatNobodyListensTo) {
    World world{1, Faults::none()};
    EXPECT_TRUE(world.connect(port).was_reset());
}

TEST(SimRing, ClosingWithBytesUnreadResetsThePeer) {
    World world{1, Faults::none()};
    Node node;
    const Tidy tidy{node};
    Peer& peer = node.connected();
    peer.write("never read");
    node.ring()->close(node.socket());
    node.turn(milliseconds{1});
    EXPECT_TRUE(peer.was_reset());
}

// ---- shards on fibers

// Sleeps for ten seconds at a time and counts how often it wakes.
class Sleeper {
public:
    Sleeper() : ring_(ring::Ring::open({}, error_)) {}
    void run() {
        while (!stopping_) {
            ring_->wait(ring_->now() + seconds{10});
            ring_->dispatch();
            ++turns_;
        }
    }
    void stop() {
        stopping_ = true;
        ring_->waker().wake();
    }
    ring::Ring& ring() { return *ring_; }
    int turns() const { return turns_; }

private:
    std::string error_;
    std::unique_ptr<ring::Ring> ring_;
    bool stopping_ = false;
    int turns_ = 0;
};

TEST(SimRing, AShardSleepsUntilItsDeadlineOrAWakeUp) {
    World world{1, Faults::none()};
    Sleeper sleeper;
    world.spawn(Fiber::Body::to<&Sleeper::run>(sleeper));
    world.run_for(seconds{35});
    EXPECT_EQ(sleeper.turns(), 3);
    sleeper.ring().waker().wake();
    world.run_for(milliseconds{1});
    EXPECT_EQ(sleeper.turns(), 4);
    sleeper.stop();
    world.run_for(milliseconds{1});
    EXPECT_TRUE(world.all_finished());
}

TEST(SimRing, AQueuedWakeUpGoesDownWithTheNextWait) {
    World world{1, Faults::none()};
    Sleeper sleeper;
    Node node;
    world.spawn(Fiber::Body::to<&Sleeper::run>(sleeper));
    world.run_for(milliseconds{1});
    node.ring()->wake(sleeper.ring().waker());
    world.run_for(milliseconds{1});
    EXPECT_EQ(sleeper.turns(), 0);
    node.turn(milliseconds{1});
    world.run_for(milliseconds{1});
    EXPECT_EQ(sleeper.turns(), 1);
    sleeper.stop();
    world.run_for(milliseconds{1});
}

std::uint64_t hash_of_a_run(std::uint64_t seed) {
    World world{seed};
    Node node;
    Peer& peer = node.connected();
    const Tidy tidy{node};
    node.receive();
    peer.write(std::string(2000, 'x'));
    node.turns(100);
    return world.trace_hash();
}

TEST(SimRing, RepeatsARunFromItsSeed) {
    std::set<std::uint64_t> different;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        EXPECT_EQ(hash_of_a_run(seed), hash_of_a_run(seed)) << "seed " << seed;
        different.insert(hash_of_a_run(seed));
    }
    EXPECT_EQ(different.size(), 20U);
}

}  // namespace
}  // namespace parley::sim
