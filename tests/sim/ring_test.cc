// Tests of the simulated ring itself: every fault can happen, every check fires, runs repeat.
#include "ring/ring.h"

#include <cerrno>
#include <gtest/gtest.h>
#include <set>
#include <string>
#include <vector>

#include "ring/socket.h"
#include "sim/world.h"

namespace parley::sim {
namespace {

using ring::Completion;
using ring::Operation;
using ring::SendOperation;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint16_t port = 7420;

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span{text});
}

// One ring with one connection at most, driven by the test itself.
class Node {
public:
    Node() : ring_(ring::Ring::open({.receive_buffer_bytes = 512}, error_)) {}

    void listen() {
        listener_ = *ring::listen_tcp({.host = "127.0.0.1", .port = port});
        ring_->accept(accept_, listener_);
    }
    void receive() { ring_->receive(receive_, socket_); }
    /// The text must live until the send completes.
    void send_now(const std::string& text) { ring_->send_now(send_, socket_, bytes_of(text)); }
    void send_all(const std::string& text) { ring_->send_all(send_, socket_, bytes_of(text)); }
    /// One turn that waits for at most `longest`.
    void turn(Duration longest = seconds{1}) {
        ring_->wait(ring_->now() + longest);
        ring_->dispatch();
    }
    void turns(int count) {
        for (int i = 0; i < count; ++i)
            turn();
    }
    Peer& connected() {
        if (listener_ < 0) listen();
        while (true) {
            Peer& peer = World::current().connect(port);
            while (socket_ < 0 && !peer.was_reset())
                turn();
            if (!peer.was_reset()) return peer;
        }
    }

    std::unique_ptr<ring::Ring>& ring() { return ring_; }
    Operation& accept_operation() { return accept_; }
    Operation& receive_operation() { return receive_; }
    SendOperation& send_operation() { return send_; }
    int listener() const { return listener_; }
    int socket() const { return socket_; }
    void forget_socket() { socket_ = -1; }
    void rearm(bool on) { rearm_ = on; }
    const std::string& received() const { return received_; }
    const std::vector<std::int32_t>& ends() const { return ends_; }
    const std::vector<std::int32_t>& sent() const { return sent_; }
    const std::vector<std::int32_t>& accept_errors() const { return accept_errors_; }
    std::span<const std::byte> kept() const { return kept_; }

private:
    void on_accepted(const Completion& completion) {
        if (completion.result >= 0) {
            socket_ = completion.result;
        } else {
            accept_errors_.push_back(completion.result);
        }
        if (!completion.more && rearm_) ring_->accept(accept_, listener_);
    }
    void on_received(const Completion& completion) {
        received_.append(reinterpret_cast<const char*>(completion.bytes.data()),
                         completion.bytes.size());
        kept_ = completion.bytes;
        if (completion.more) return;
        ends_.push_back(completion.result);
        const bool goes_on = completion.result > 0 || completion.result == -ENOBUFS;
        if (goes_on && rearm_) ring_->receive(receive_, socket_);
    }
    void on_sent(const Completion& completion) { sent_.push_back(completion.result); }

    std::string error_;
    std::unique_ptr<ring::Ring> ring_;
    int listener_ = -1;
    int socket_ = -1;
    bool rearm_ = true;
    std::string received_;
    std::span<const std::byte> kept_;
    std::vector<std::int32_t> ends_;
    std::vector<std::int32_t> sent_;
    std::vector<std::int32_t> accept_errors_;
    Operation accept_{Operation::Handler::to<&Node::on_accepted>(*this)};
    Operation receive_{Operation::Handler::to<&Node::on_received>(*this)};
    SendOperation send_{SendOperation::Handler::to<&Node::on_sent>(*this)};
};

// Ends what a test leaves in flight, so that the operations may die.
struct Tidy {
    Node& node;
    ~Tidy() {
        node.rearm(false);
        node.ring()->cancel(node.accept_operation());
        node.ring()->cancel(node.receive_operation());
        node.ring()->cancel(node.send_operation());
        for (int i = 0; i < 100 && World::current().operations_in_flight() > 0; ++i)
            node.turn();
    }
};

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
    EXPECT_EQ(node.sent(), std::vector<std::int32_t>{5});
    EXPECT_EQ(peer.read(), "hello");
}

TEST(SimRing, SpoilsAReceiveBufferOnceItsHandlerIsBack) {
    World world{1, Faults::none()};
    Node node;
    Peer& peer = node.connected();
    const Tidy tidy{node};
    node.receive();
    peer.write("secret");
    node.turn();
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
        node.turn(milliseconds{1});
        seen.insert(node.sent().back());
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
    EXPECT_EQ(node.sent(), std::vector<std::int32_t>{5});
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

// ---- the built-in checks; each ends the program and names the seed

struct Ignored {
    void ignore(const Completion&) {}
};
Ignored ignored;

class SimRingDeathTest : public testing::Test {
protected:
    World world_{42, Faults::none()};
    Node node_;
    Peer& peer_ = node_.connected();
    Tidy tidy_{node_};
};

TEST_F(SimRingDeathTest, TwoSendsOnOneStream) {
    SendOperation second{SendOperation::Handler::to<&Ignored::ignore>(ignored)};
    const std::string text = "text";
    EXPECT_DEATH(
        {
            node_.send_now(text);
            node_.ring()->send_now(second, node_.socket(), bytes_of(text));
        },
        "seed 42.*two sends in flight");
}

TEST_F(SimRingDeathTest, TwoReceivesOnOneStream) {
    Operation second{Operation::Handler::to<&Ignored::ignore>(ignored)};
    EXPECT_DEATH(
        {
            node_.receive();
            node_.ring()->receive(second, node_.socket());
        },
        "two receives in flight");
}

TEST_F(SimRingDeathTest, CloseWithAnOperationInFlight) {
    EXPECT_DEATH(
        {
            node_.receive();
            node_.ring()->close(node_.socket());
        },
        "close of a descriptor with an operation in flight");
    EXPECT_DEATH(ring::close_now(node_.listener()), "with an operation in flight");
}

TEST_F(SimRingDeathTest, CloseOfAClosedDescriptor) {
    EXPECT_DEATH(
        {
            node_.ring()->close(node_.socket());
            node_.ring()->close(node_.socket());
        },
        "close of a closed descriptor");
}

TEST_F(SimRingDeathTest, OperationOnAClosedDescriptor) {
    EXPECT_DEATH(
        {
            node_.ring()->close(node_.socket());
            node_.turn(milliseconds{1});
            node_.receive();
        },
        "receive of a closed descriptor");
}

TEST_F(SimRingDeathTest, BytesChangedDuringASend) {
    std::string text = "before";
    EXPECT_DEATH(
        {
            node_.send_now(text);
            text[0] = 'B';
            node_.turn(milliseconds{1});
        },
        "bytes of a send changed");
}

TEST_F(SimRingDeathTest, AnOwnerThatDiesWithAnOperationInFlight) {
    EXPECT_DEATH(
        {
            Operation operation{Operation::Handler::to<&Ignored::ignore>(ignored)};
            node_.ring()->receive(operation, node_.socket());
        },
        "in_flight");
}

}  // namespace
}  // namespace parley::sim
