#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <vector>

#include "operations.h"
#include "support/ring_loop.h"
#include "support/sockets.h"

namespace parley::ring {
namespace {

using test::pattern;
using test::run_once;
using test::run_until;
using test::Stream;
using test::tcp_pair;
using test::TcpPair;

// The least the kernel grants, so that a socket is soon full.
constexpr int small_buffer = 4608;

// A connection that takes little at once; its reader takes all.
TcpPair narrow_pair() {
    TcpPair pair = tcp_pair();
    test::set_buffer(pair.ours, SO_SNDBUF, small_buffer);
    return pair;
}

// A connection that takes little altogether while nobody reads.
TcpPair tight_pair() {
    TcpPair pair = narrow_pair();
    test::set_buffer(pair.theirs, SO_RCVBUF, small_buffer);
    return pair;
}

class SendTest : public testing::Test {
protected:
    // Reads what comes to `from` while the ring runs, until `size` bytes are there.
    std::string run_and_read(test::Descriptor& from, std::size_t size) {
        std::string got;
        run_until(*ring, [&] {
            return test::read_waiting(from, got) != Stream::open || got.size() >= size;
        });
        return got;
    }

    std::unique_ptr<Ring> ring = test::open_ring({});
    TcpPair pair = tcp_pair();
    Sender sender{*ring, pair.ours.number()};
};

TEST_F(SendTest, AWholeSendSaysNothingAndIsOverWithTheNextDispatch) {
    run_once(*ring);
    const std::uint64_t completions = ring->counters().completions;
    sender.send_now("hello");
    EXPECT_FALSE(sender.done());
    ring->wait(Instant::min());
    EXPECT_FALSE(sender.done());
    ring->dispatch();
    EXPECT_TRUE(sender.done());
    EXPECT_TRUE(sender.results.empty());
    EXPECT_EQ(ring->counters().completions, completions);
    EXPECT_EQ(test::read_exactly(pair.theirs, 5), "hello");
}

TEST_F(SendTest, ATriedSendDoesNotEndAWait) {
    constexpr Duration wait{std::chrono::milliseconds{30}};
    sender.send_now("hello");
    const Instant deadline = ring->now() + wait;
    ring->wait(deadline);
    EXPECT_GE(ring->now(), deadline);
    ring->dispatch();
    EXPECT_TRUE(sender.done());
}

// Whoever hears of something else in the same round already knows.
TEST_F(SendTest, AFailureIsToldBeforeWhatCompletedMeanwhile) {
    TcpPair other = tcp_pair();
    Receiver receiver{*ring, other.ours.number()};
    receiver.start();
    run_once(*ring);
    test::write_all(other.theirs, "words");
    test::close_with_reset(pair.theirs);
    sender.send_now("x");
    std::size_t told_when_received = 0;
    receiver.on_bytes = [&] { told_when_received = sender.results.size(); };
    ASSERT_TRUE(run_until(*ring, [&] { return !receiver.bytes.empty(); }));
    EXPECT_EQ(told_when_received, 1U);
    receiver.cancel();
    ASSERT_TRUE(run_until(*ring, [&] { return receiver.ended(); }));
}

TEST_F(SendTest, AFullSocketGivesAShortCountThenEagain) {
    TcpPair tight = tight_pair();
    Sender to_full{*ring, tight.ours.number()};
    const std::string bytes = pattern(1 << 20, 1);
    to_full.send_now(bytes);
    run_once(*ring);
    ASSERT_EQ(to_full.results.size(), 1U);
    const std::int32_t taken = to_full.results[0];
    ASSERT_GT(taken, 0);
    ASSERT_LT(taken, 1 << 20);
    std::size_t all_taken = static_cast<std::size_t>(taken);
    // The receiving side may still make room for a little.
    while (to_full.results.back() > 0) {
        to_full.send_now(bytes.substr(all_taken));
        run_once(*ring);
        if (to_full.results.back() > 0)
            all_taken += static_cast<std::size_t>(to_full.results.back());
    }
    EXPECT_EQ(to_full.results.back(), -EAGAIN);
    EXPECT_EQ(run_and_read(tight.theirs, all_taken), bytes.substr(0, all_taken));
}

TEST_F(SendTest, WhatWasShortIsCompletedBitExactBySendingAll) {
    constexpr std::size_t size = std::size_t{1} << 20;
    TcpPair narrow = narrow_pair();
    Sender patient{*ring, narrow.ours.number()};
    patient.whole = true;
    const std::string bytes = pattern(size, 2);
    patient.send_now(bytes);
    EXPECT_EQ(run_and_read(narrow.theirs, size), bytes);
    ASSERT_TRUE(run_until(*ring, [&] { return patient.done(); }));
    EXPECT_EQ(patient.sent, size);
    ASSERT_GE(patient.results.size(), 2U);
    EXPECT_LT(static_cast<std::size_t>(patient.results[0]), size);
    // send_all() says nothing before all is gone.
    EXPECT_EQ(patient.results.size(), 2U);
    EXPECT_EQ(static_cast<std::size_t>(patient.results[0] + patient.results[1]), size);
}

TEST_F(SendTest, ManyNarrowSocketsCompleteEachTheirOwnBytes) {
    constexpr std::size_t count = 20;
    constexpr std::size_t size = 60'000;
    std::vector<TcpPair> pairs;
    std::vector<std::unique_ptr<Sender>> senders;
    for (std::size_t i = 0; i < count; ++i) {
        pairs.push_back(narrow_pair());
        senders.push_back(std::make_unique<Sender>(*ring, pairs[i].ours.number()));
        senders[i]->whole = true;
        senders[i]->send_now(pattern(size, i));
    }
    std::vector<std::string> got(count);
    const auto all_came = [&] {
        bool all = true;
        for (std::size_t i = 0; i < count; ++i) {
            test::read_waiting(pairs[i].theirs, got[i]);
            all = all && got[i].size() >= size && senders[i]->done();
        }
        return all;
    };
    ASSERT_TRUE(run_until(*ring, all_came));
    for (std::size_t i = 0; i < count; ++i)
        EXPECT_EQ(got[i], pattern(size, i)) << i;
}

TEST_F(SendTest, OneAfterAnotherKeepTheirOrder) {
    std::string expected;
    for (int i = 0; i < 2000; ++i) {
        const std::string piece = pattern(static_cast<std::size_t>(1 + i % 97), 5);
        expected += piece;
        sender.send_now(piece);
        run_once(*ring);
        ASSERT_TRUE(sender.done());
    }
    EXPECT_EQ(test::read_exactly(pair.theirs, expected.size()), expected);
}

TEST_F(SendTest, ABrokenConnectionIsAnErrorAndNoSignal) {
    test::close_with_reset(pair.theirs);
    sender.send_now("x");
    run_once(*ring);
    ASSERT_EQ(sender.results.size(), 1U);
    EXPECT_LT(sender.results[0], 0);
    EXPECT_NE(sender.results[0], -EAGAIN);
    sender.send_all("y");
    ASSERT_TRUE(run_until(*ring, [this] { return sender.done(); }));
    EXPECT_EQ(sender.results[1], -EPIPE);
}

TEST_F(SendTest, CancellingGivesALastCompletionWithWhatWasSent) {
    TcpPair tight = tight_pair();
    Sender stuck{*ring, tight.ours.number()};
    const std::string bytes = pattern(1 << 20, 6);
    stuck.send_all(bytes);
    run_once(*ring);
    run_once(*ring);
    EXPECT_FALSE(stuck.done());
    ring->cancel(stuck.operation);
    ASSERT_TRUE(run_until(*ring, [&] { return stuck.done(); }));
    ASSERT_EQ(stuck.results.size(), 1U);
    EXPECT_LT(stuck.results[0], 1 << 20);
    // Closed as they are, the peer reads exactly what was counted.
    tight.ours.close();
    std::string got;
    ASSERT_EQ(test::read_to_end(tight.theirs, got), Stream::ended);
    EXPECT_EQ(got, bytes.substr(0, stuck.sent));
}

TEST_F(SendTest, AFullSubmissionQueueLosesNothing) {
    constexpr std::size_t count = 100;
    const auto small = test::open_ring({.submissions = 8, .completions = 64});
    std::vector<TcpPair> pairs;
    std::vector<std::unique_ptr<Sender>> senders;
    for (std::size_t i = 0; i < count; ++i) {
        pairs.push_back(tcp_pair());
        senders.push_back(std::make_unique<Sender>(*small, pairs[i].ours.number()));
        if (i % 10 == 9) test::close_with_reset(pairs[i].theirs);
    }
    for (auto& each : senders)
        each->send_now("twelve bytes");
    run_once(*small);
    for (std::size_t i = 0; i < count; ++i) {
        EXPECT_TRUE(senders[i]->done());
        ASSERT_EQ(senders[i]->results.size(), i % 10 == 9 ? 1U : 0U);
        if (i % 10 == 9) {
            EXPECT_LT(senders[i]->results[0], 0) << i;  // each failure is its own sender's
        } else {
            EXPECT_EQ(test::read_exactly(pairs[i].theirs, 12), "twelve bytes");
        }
    }
}

TEST_F(SendTest, HandlersMaySendBeyondTheSubmissionQueue) {
    const auto small = test::open_ring({.submissions = 8, .completions = 64});
    constexpr std::size_t count = 50;
    std::vector<TcpPair> pairs;
    std::vector<std::unique_ptr<Receiver>> receivers;
    std::vector<std::unique_ptr<Sender>> senders;
    std::vector<std::string> expected(count);
    for (std::size_t i = 0; i < count; ++i) {
        pairs.push_back(tcp_pair());
        const int socket = pairs[i].ours.number();
        senders.push_back(std::make_unique<Sender>(*small, socket));
        receivers.push_back(std::make_unique<Receiver>(*small, socket));
        receivers[i]->on_bytes = [&, i] {
            const std::string answer = pattern(16, expected[i].size() + i);
            expected[i] += answer;
            senders[i]->send_now(answer);
        };
        receivers[i]->start();
    }
    for (std::size_t round = 1; round <= 20; ++round) {
        for (const TcpPair& each : pairs)
            test::write_all(each.theirs, "?");
        const auto answered = [&](const std::string& all) { return all.size() == round * 16; };
        ASSERT_TRUE(run_until(*small, [&] { return std::ranges::all_of(expected, answered); }));
        run_once(*small);
    }
    for (std::size_t i = 0; i < count; ++i) {
        EXPECT_TRUE(senders[i]->results.empty());
        EXPECT_EQ(test::read_exactly(pairs[i].theirs, expected[i].size()), expected[i]) << i;
        receivers[i]->cancel();
    }
    const auto ended = [](const auto& receiver) { return receiver->ended(); };
    ASSERT_TRUE(run_until(*small, [&] { return std::ranges::all_of(receivers, ended); }));
}

TEST_F(SendTest, ShutdownEndsTheStreamForThePeerOnly) {
    Receiver receiver{*ring, pair.ours.number()};
    receiver.start();
    sender.send_now("last");
    run_once(*ring);
    ring->shutdown_send(sender.operation, pair.ours.number());
    std::string got;
    ASSERT_TRUE(run_until(*ring, [&] { return sender.done(); }));
    EXPECT_EQ(sender.results, (std::vector<std::int32_t>{0}));
    EXPECT_EQ(test::read_to_end(pair.theirs, got), Stream::ended);
    EXPECT_EQ(got, "last");
    test::write_all(pair.theirs, "answer");
    pair.theirs.close();
    ASSERT_TRUE(run_until(*ring, [&] { return receiver.ended(); }));
    EXPECT_EQ(receiver.bytes, "answer");
}

TEST_F(SendTest, ShutdownComesBehindTheBytesOfTheSameTurn) {
    Sender other{*ring, pair.ours.number()};
    sender.send_now("last");
    ring->shutdown_send(other.operation, pair.ours.number());
    ASSERT_TRUE(run_until(*ring, [&] { return other.done(); }));
    std::string got;
    EXPECT_EQ(test::read_to_end(pair.theirs, got), Stream::ended);
    EXPECT_EQ(got, "last");
}

using SendDeathTest = SendTest;

TEST_F(SendDeathTest, OnlyOneMayBeInFlight) {
    EXPECT_DEATH(
        {
            sender.send_now("a");
            sender.send_now("b");
        },
        "in_flight");
}

}  // namespace
}  // namespace parley::ring
