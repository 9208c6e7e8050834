// How connections end.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <string>

#include "net/connection.h"
#include "peer.h"

namespace parley::net {
namespace {

constexpr Delivery words = Delivery::lasting;

TEST_F(ConnectionTest, TellsTheEndOfThePeersStreamAndSendsOn) {
    test::write_all(pair.theirs, "bye");
    ASSERT_EQ(shutdown(pair.theirs.number(), SHUT_WR), 0);
    ASSERT_TRUE(one.run_until([this] { return owner.ends > 0; }));
    EXPECT_EQ(owner.received, "bye");
    EXPECT_TRUE(owner.connection->is_open());
    send("still here", words);
    one.turn();
    EXPECT_EQ(test::read_exactly(pair.theirs, 10), "still here");
    EXPECT_EQ(owner.ends, 1);
    EXPECT_EQ(owner.closed, 0);
}

TEST_F(ConnectionTest, ClosesAtOnceWhereBothSidesHaveEnded) {
    ASSERT_EQ(shutdown(pair.theirs.number(), SHUT_WR), 0);
    ASSERT_TRUE(one.run_until([this] { return owner.ends > 0; }));
    const Instant before = one.shard.now();
    owner.connection->close_after_sending();
    EXPECT_TRUE(gone());
    EXPECT_LT(one.shard.now() - before, QueueLimits{}.linger_max);  // nobody is waited for
    EXPECT_EQ(owner.closed, 1);
}

TEST_F(ConnectionTest, ClosingDeliversAllThatIsQueuedThenTheEnd) {
    const std::string sent = fill();
    send("last words", words);
    owner.connection->close_after_sending();
    EXPECT_FALSE(owner.connection->is_open());
    std::string got;
    Stream stream = Stream::open;
    ASSERT_TRUE(one.run_until([&] {
        stream = test::read_waiting(pair.theirs, got);
        return stream != Stream::open;
    }));
    EXPECT_EQ(stream, Stream::ended);
    EXPECT_EQ(got, sent + "last words");
    EXPECT_EQ(owner.closed, 0);  // the peer has not closed yet
    pair.theirs.close();
    EXPECT_TRUE(gone());
}

TEST_F(ConnectionTest, ClosingInTheTurnOfASendDeliversIt) {
    send("a", words);
    send("b", words);
    owner.connection->close_after_sending();
    std::string got;
    Stream stream = Stream::open;
    ASSERT_TRUE(one.run_until([&] {
        stream = test::read_waiting(pair.theirs, got);
        return stream != Stream::open;
    }));
    EXPECT_EQ(stream, Stream::ended);
    EXPECT_EQ(got, "ab");
}

TEST_F(ConnectionTest, ClosingDoesNotWaitForTheNextEvent) {
    const std::string all = pattern(3 * coalesced_bytes_max, 4);
    for (std::size_t at = 0; at < all.size(); at += 1024)
        send(all.substr(at, 1024), words);
    owner.connection->close_after_sending();
    // All of it and the end go out with the turns that follow, without anything else happening.
    const Instant deadline = one.shard.now() + QueueLimits{}.linger_max / 2;
    std::string got;
    while (test::read_waiting(pair.theirs, got) == Stream::open && one.shard.now() < deadline) {
        one.shard.turn(deadline);
    }
    EXPECT_EQ(got, all);
    EXPECT_LT(one.shard.now(), deadline);
}

TEST_F(ConnectionTest, ThrowsAwayWhatComesAfterTheClose) {
    owner.connection->close_after_sending();
    test::write_all(pair.theirs, "too late");
    one.turn();
    pair.theirs.close();
    EXPECT_TRUE(gone());
    EXPECT_EQ(owner.received, "");
    EXPECT_EQ(owner.ends, 0);
}

TEST_F(ConnectionTest, LingersNoLongerThanItsLimitForAPeerThatStays) {
    const Instant began = one.shard.now();
    send("bye", words);
    owner.connection->close_after_sending();
    ASSERT_TRUE(gone());
    EXPECT_GE(one.shard.now() - began, QueueLimits{}.linger_max);
    EXPECT_LT(one.shard.now() - began, QueueLimits{}.linger_max + test::patience_max / 2);
    std::string got;
    EXPECT_NE(test::read_to_end(pair.theirs, got), Stream::open);
    EXPECT_EQ(got, "bye");
}

TEST_F(ConnectionTest, AbortDropsWhatIsQueuedAndComesBackFromTheLoop) {
    fill();
    owner.connection->abort();
    EXPECT_EQ(owner.connection->queued_bytes(), 0U);
    EXPECT_FALSE(owner.connection->is_open());
    EXPECT_EQ(owner.closed, 0);
    owner.connection->abort();  // again: nothing more
    ASSERT_TRUE(gone());
    EXPECT_EQ(owner.closed, 1);
    one.turn();
    EXPECT_EQ(fcntl(our_number, F_GETFD), -1);
}

TEST_F(ConnectionTest, AbortWithNothingInFlightComesBackAsWell) {
    ASSERT_EQ(shutdown(pair.theirs.number(), SHUT_WR), 0);
    ASSERT_TRUE(one.run_until([this] { return owner.ends > 0; }));
    owner.connection->abort();
    EXPECT_EQ(owner.closed, 0);
    EXPECT_TRUE(gone());
}

TEST_F(ConnectionTest, AnOwnerMayAbortWhileItIsHandedBytes) {
    owner.abort_at_first_bytes = true;
    test::write_all(pair.theirs, pattern(50'000, 1));
    EXPECT_TRUE(gone());
    EXPECT_EQ(owner.closed, 1);
    EXPECT_LE(owner.received.size(), 4096U);  // nothing more was handed up
}

TEST_F(ConnectionTest, ABrokenConnectionIsClosed) {
    test::close_with_reset(pair.theirs);
    ASSERT_TRUE(gone());
    EXPECT_EQ(owner.closed, 1);
    EXPECT_EQ(owner.ends, 0);
}

TEST_F(ConnectionTest, ABrokenConnectionIsClosedInTheMiddleOfASlowSend) {
    fill();
    test::close_with_reset(pair.theirs);
    ASSERT_TRUE(gone());
    EXPECT_EQ(owner.closed, 1);
}

TEST_F(ConnectionTest, APeerThatBreaksWhileWeLingerEndsTheLinger) {
    const Instant began = one.shard.now();
    owner.connection->close_after_sending();
    one.turn();
    one.turn();
    test::close_with_reset(pair.theirs);
    ASSERT_TRUE(gone());
    EXPECT_LT(one.shard.now() - began, QueueLimits{}.linger_max);
}

}  // namespace
}  // namespace parley::net
