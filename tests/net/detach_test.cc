// Giving the descriptor away, as at the hand-over to another shard.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <string>

#include "net/connection.h"
#include "peer.h"

namespace parley::net {
namespace {

class DetachTest : public ConnectionTest {
protected:
    ~DetachTest() override {
        if (owner.detached_as >= 0) test::Descriptor{owner.detached_as}.close();
    }
    bool detached() {
        return one.run_until([this] { return owner.detached_as >= 0; });
    }
};

TEST_F(DetachTest, GivesTheOpenDescriptorToItsOwner) {
    owner.connection->detach();
    EXPECT_EQ(owner.detached_as, -1);  // later, from the loop
    ASSERT_TRUE(detached());
    EXPECT_EQ(owner.detached_as, our_number);
    EXPECT_EQ(owner.closed, 0);
    // It is alive in both directions.
    const test::Descriptor mine{std::exchange(owner.detached_as, -1)};
    test::write_all(mine, "down");
    EXPECT_EQ(test::read_exactly(pair.theirs, 4), "down");
    test::write_all(pair.theirs, "up");
    EXPECT_EQ(test::read_exactly(mine, 2), "up");
}

TEST_F(DetachTest, LosesNoByteThatArrivesMeanwhile) {
    owner.detach_at_first_bytes = true;
    const std::string bytes = pattern(100'000, 1);
    test::write_all(pair.theirs, bytes);
    ASSERT_TRUE(detached());
    const test::Descriptor mine{std::exchange(owner.detached_as, -1)};
    const std::string rest = test::read_exactly(mine, bytes.size() - owner.received.size());
    EXPECT_EQ(owner.received + rest, bytes);
}

TEST_F(DetachTest, HandsUpWhatCameBeforeTheReceiveEnded) {
    owner.detach_at_first_bytes = true;
    test::write_all(pair.theirs, pattern(10'000, 1));  // three buffers of the ring
    ASSERT_TRUE(detached());
    EXPECT_GE(owner.received.size(), 4096U);
}

TEST_F(DetachTest, WorksWhereThePeerHasEndedItsStream) {
    ASSERT_EQ(shutdown(pair.theirs.number(), SHUT_WR), 0);
    ASSERT_TRUE(one.run_until([this] { return owner.ends > 0; }));
    owner.connection->detach();
    EXPECT_EQ(owner.detached_as, -1);
    ASSERT_TRUE(detached());
}

TEST_F(DetachTest, ThePeersEndMeanwhileIsTheNewOwnersToRead) {
    owner.detach_at_first_bytes = true;
    test::write_all(pair.theirs, "bye");
    pair.theirs.close();
    ASSERT_TRUE(detached());
    EXPECT_EQ(owner.received, "bye");
    const test::Descriptor mine{std::exchange(owner.detached_as, -1)};
    std::string rest;
    EXPECT_EQ(test::read_to_end(mine, rest), Stream::ended);
}

TEST_F(DetachTest, AnAbortMeanwhileDoesNotTakeItBack) {
    owner.connection->detach();
    owner.connection->abort();
    ASSERT_TRUE(detached());
    EXPECT_EQ(owner.closed, 0);
    EXPECT_NE(fcntl(owner.detached_as, F_GETFD), -1);
}

// As an opening does it: nothing is in flight that would have to be cancelled first.
class PiecesTest : public testing::Test {
protected:
    PiecesTest() {
        owner.connection->take_pieces();
        owner.connection->start();
    }
    ~PiecesTest() override {
        if (owner.connection) owner.connection->abort();
        EXPECT_TRUE(one.run_until([this] { return !owner.connection; }));
        if (owner.detached_as >= 0) test::Descriptor{owner.detached_as}.close();
    }

    test::OneShard one{QueueLimits{}};
    test::TcpPair pair = test::tcp_pair();
    Owner owner{one.net, pair.ours.release()};
};

TEST_F(PiecesTest, AreGivenAwayInTheTurnThatBroughtTheBytes) {
    owner.detach_at_first_bytes = true;
    const std::string bytes = pattern(10'000, 1);
    test::write_all(pair.theirs, bytes);
    ASSERT_TRUE(one.run_until([this] { return !owner.received.empty(); }));
    ASSERT_GE(owner.detached_as, 0);
    const test::Descriptor mine{std::exchange(owner.detached_as, -1)};
    EXPECT_EQ(owner.received + test::read_exactly(mine, bytes.size() - owner.received.size()),
              bytes);
}

TEST_F(PiecesTest, FollowEachOtherToTheEnd) {
    const std::string bytes = pattern(100'000, 1);
    test::write_all(pair.theirs, bytes);
    pair.theirs.close();
    ASSERT_TRUE(one.run_until([this] { return owner.ends > 0; }));
    EXPECT_EQ(owner.received, bytes);
}

using DetachDeathTest = DetachTest;

TEST_F(DetachDeathTest, IsNotForAConnectionThatHasSent) {
    EXPECT_DEATH(
        {
            send("x", Delivery::lasting);
            owner.connection->detach();
        },
        "sending");
}

}  // namespace
}  // namespace parley::net
