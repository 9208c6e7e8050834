// Tests of sockets in the ring's own table.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <memory>
#include <vector>

#include "operations.h"
#include "ring/ring.h"
#include "support/ring_loop.h"
#include "support/sockets.h"

namespace parley::ring {
namespace {

using test::run_once;
using test::run_until;
using test::Stream;
using test::tcp_pair;
using test::TcpPair;

class AdoptTest : public testing::Test {
protected:
    static constexpr std::uint32_t places = 4;

    // The number by which the ring knows our end from now on.
    int adopt(TcpPair& pair) { return ring->adopt(pair.ours.release()); }
    void close(int socket) {
        ring->close(socket);
        run_once(*ring);
    }

    std::unique_ptr<Ring> ring = test::open_ring({.sockets = places});
};

TEST_F(AdoptTest, TheDescriptorIsClosedAndTheConnectionIsNot) {
    TcpPair pair = tcp_pair();
    const int descriptor = pair.ours.number();
    const int socket = adopt(pair);
    EXPECT_NE(socket, descriptor);
    run_once(*ring);
    EXPECT_EQ(fcntl(descriptor, F_GETFD), -1);
    EXPECT_EQ(ring->counters().adopted, 1U);

    Receiver receiver{*ring, socket};
    Sender sender{*ring, socket};
    receiver.start();
    test::write_all(pair.theirs, "question");
    ASSERT_TRUE(run_until(*ring, [&] { return receiver.bytes == "question"; }));
    sender.send_now("answer, ");
    run_once(*ring);
    sender.send_all("and more");
    ASSERT_TRUE(run_until(*ring, [&] { return sender.done(); }));
    EXPECT_EQ(test::read_exactly(pair.theirs, 16), "answer, and more");

    ring->shutdown_send(sender.operation, socket);
    ASSERT_TRUE(run_until(*ring, [&] { return sender.done(); }));
    std::string rest;
    EXPECT_EQ(test::read_to_end(pair.theirs, rest), Stream::ended);
    receiver.cancel();
    ASSERT_TRUE(run_until(*ring, [&] { return receiver.ended(); }));
    close(socket);
    EXPECT_EQ(ring->counters().adopted, 0U);
}

TEST_F(AdoptTest, ClosingEndsTheConnection) {
    TcpPair pair = tcp_pair();
    close(adopt(pair));
    std::string rest;
    EXPECT_EQ(test::read_to_end(pair.theirs, rest), Stream::ended);
}

TEST_F(AdoptTest, BeyondTheTableASocketStaysAsItIs) {
    std::vector<TcpPair> pairs;
    std::vector<int> sockets;
    for (std::uint32_t i = 0; i < places; ++i) {
        pairs.push_back(tcp_pair());
        sockets.push_back(adopt(pairs.back()));
    }
    TcpPair one_more = tcp_pair();
    EXPECT_EQ(ring->adopt(one_more.ours.number()), one_more.ours.number());
    Sender sender{*ring, one_more.ours.number()};
    sender.send_now("all the same");
    run_once(*ring);
    EXPECT_EQ(test::read_exactly(one_more.theirs, 12), "all the same");
    for (const int socket : sockets)
        close(socket);
}

// The close of what a place held goes down with the next submission, an adoption at once: a place
// given out too early would have its new connection closed.
TEST_F(AdoptTest, APlaceIsFreeOnceItsCloseWentDown) {
    std::vector<TcpPair> pairs;
    std::vector<int> sockets;
    for (std::uint32_t i = 0; i < places; ++i) {
        pairs.push_back(tcp_pair());
        sockets.push_back(adopt(pairs.back()));
    }
    ring->close(sockets[0]);
    TcpPair too_early = tcp_pair();
    EXPECT_EQ(ring->adopt(too_early.ours.number()), too_early.ours.number());
    run_once(*ring);
    TcpPair in_time = tcp_pair();
    const int socket = adopt(in_time);
    EXPECT_EQ(socket, sockets[0]);
    run_once(*ring);
    Sender sender{*ring, socket};
    sender.send_now("still open");
    run_once(*ring);
    EXPECT_TRUE(sender.results.empty());
    EXPECT_EQ(test::read_exactly(in_time.theirs, 10), "still open");
    sockets[0] = socket;
    for (const int each : sockets)
        close(each);
}

TEST_F(AdoptTest, WithoutATableEverythingWorksAsBefore) {
    const auto bare = test::open_ring({.sockets = 0});
    TcpPair pair = tcp_pair();
    const int socket = bare->adopt(pair.ours.number());
    EXPECT_EQ(socket, pair.ours.number());
    EXPECT_EQ(bare->counters().adopted, 0U);
    Sender sender{*bare, socket};
    sender.send_now("hello");
    run_once(*bare);
    EXPECT_EQ(test::read_exactly(pair.theirs, 5), "hello");
    bare->close(pair.ours.release());
    run_once(*bare);
    std::string rest;
    EXPECT_EQ(test::read_to_end(pair.theirs, rest), Stream::ended);
}

}  // namespace
}  // namespace parley::ring
