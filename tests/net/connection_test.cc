#include "net/connection.h"

#include <gtest/gtest.h>
#include <string>

#include "peer.h"

namespace parley::net {
namespace {

constexpr Delivery voice = Delivery::perishable;
constexpr Delivery words = Delivery::lasting;

TEST_F(ConnectionTest, HandsBytesUpAndCountsThem) {
    test::write_all(pair.theirs, "hello");
    ASSERT_TRUE(one.run_until([this] { return owner.received.size() == 5; }));
    EXPECT_EQ(owner.received, "hello");
    EXPECT_EQ(one.net.bytes_in, 5U);
    const std::string more = pattern(300'000, 1);
    test::write_all(pair.theirs, more);
    ASSERT_TRUE(one.run_until([&] { return owner.received.size() == 5 + more.size(); }));
    EXPECT_EQ(owner.received, "hello" + more);
}

TEST_F(ConnectionTest, SendsAtOnceWhenNothingIsUnderWay) {
    send("hello", words);
    EXPECT_EQ(owner.connection->queued_bytes(), 0U);
    EXPECT_EQ(one.net.sends, 1U);
    one.turn();
    EXPECT_EQ(test::read_exactly(pair.theirs, 5), "hello");
    EXPECT_EQ(one.net.sends_short, 0U);
}

TEST_F(ConnectionTest, SeveralFramesOfOneTurnLeaveAsTwoSends) {
    // The first goes at once; what is said behind it waits for the turn, and leaves together.
    std::string expected;
    for (int i = 0; i < 20; ++i) {
        const std::string text = "frame " + std::to_string(i) + ";";
        send(text, i % 2 == 0 ? voice : words);
        expected += text;
    }
    EXPECT_GT(owner.connection->queued_bytes(), 0U);
    std::string got;
    ASSERT_TRUE(peer_reads(got, expected.size()));
    EXPECT_EQ(got, expected);
    EXPECT_EQ(one.net.sends, 2U);
    EXPECT_EQ(one.net.voice_dropped(), 0U);
}

TEST_F(ConnectionTest, WhatWaitsBehindASendDoesNotWaitForTheNextEvent) {
    // Several batches of what leaves together.
    const std::string all = pattern(5 * coalesced_bytes_max, 3);
    for (std::size_t at = 0; at < all.size(); at += 1024)
        send(all.substr(at, 1024), words);
    // Nothing else happens here: a loop that slept now would sleep until its deadline.
    const Instant deadline = one.shard.now() + test::patience_max;
    while (owner.connection->queued_bytes() > 0 && one.shard.now() < deadline) {
        one.shard.turn(deadline);
    }
    EXPECT_LT(one.shard.now(), deadline);
    one.turn();
    EXPECT_EQ(test::read_exactly(pair.theirs, all.size()), all);
}

TEST_F(ConnectionTest, ASlowReaderGetsAllWordsBitExact) {
    test::set_buffer(test::Descriptor{dup(our_number)}, SO_SNDBUF, 4608);
    const std::string text = pattern(1 << 20, 2);
    send(text, words);
    send("behind it", words);
    std::string got;
    ASSERT_TRUE(peer_reads(got, text.size() + 9));
    EXPECT_EQ(got, text + "behind it");
    EXPECT_GE(one.net.sends_short, 1U);
}

TEST_F(ConnectionTest, AReaderThatStopsLosesVoiceOldestFirst) {
    const std::string sent = fill();
    const std::size_t before = owner.connection->queued_bytes();
    const std::string part(perishable_bytes_max / 8, 'v');
    for (char each = 'a'; each < 'a' + 10; ++each)
        send(each + part.substr(1), voice);
    EXPECT_EQ(one.net.voice_dropped(), 2U);
    EXPECT_EQ(owner.connection->queued_bytes(), before + perishable_bytes_max);
    EXPECT_TRUE(owner.connection->is_open());
    EXPECT_EQ(one.net.slow_consumers, 0U);
    std::string got;
    ASSERT_TRUE(peer_reads(got, sent.size()));
    EXPECT_EQ(got.substr(0, sent.size()), sent);  // no word was lost to it
    ASSERT_TRUE(one.run_until([&] {
        test::read_waiting(pair.theirs, got);
        return one.shard.frames().outstanding() == 0;
    }));
    test::read_waiting(pair.theirs, got);
    // The youngest are left, unless they too became too old meanwhile, as on a slow machine.
    const std::string voices = got.substr(sent.size());
    ASSERT_EQ(voices.size() % part.size(), 0U);
    for (std::size_t at = 0; at < voices.size(); at += part.size()) {
        EXPECT_EQ(voices[at], 'j' - static_cast<char>((voices.size() - at) / part.size() - 1));
    }
}

TEST_F(ConnectionTest, IsNotOpenAndSendsNothingAfterItsEnd) {
    owner.connection->close_after_sending();
    EXPECT_FALSE(owner.connection->is_open());
    send("too late", words);
    one.turn();
    pair.theirs.close();
    EXPECT_TRUE(gone());
    EXPECT_EQ(one.net.sends, 0U);
}

// Bounds that a test can reach.
class NarrowConnectionTest : public ConnectionTest {
protected:
    NarrowConnectionTest()
        : ConnectionTest({.lasting_bytes_max = 100'000, .waiting_frames_max = 8}) {}
};

TEST_F(NarrowConnectionTest, AReaderThatOwesTooManyWordsIsCutOff) {
    fill();
    EXPECT_EQ(one.net.slow_consumers, 0U);
    const std::string part(40'000, 'w');
    send(part, words);
    EXPECT_TRUE(owner.connection->is_open());
    send(part, words);
    EXPECT_EQ(one.net.slow_consumers, 1U);
    EXPECT_FALSE(owner.connection->is_open());
    EXPECT_EQ(owner.closed, 0);  // never in the middle of a call
    EXPECT_TRUE(gone());
    EXPECT_EQ(owner.closed, 1);
    EXPECT_EQ(one.net.slow_consumers, 1U);
}

TEST_F(NarrowConnectionTest, AReaderIsCutOffWhenAllPlacesHoldWords) {
    fill();
    while (one.net.waiting.in_use() < 8)
        send("w", words);
    EXPECT_TRUE(owner.connection->is_open());
    send("v", voice);
    EXPECT_EQ(one.net.voice_dropped(), 1U);
    EXPECT_TRUE(owner.connection->is_open());
    send("w", words);
    EXPECT_EQ(one.net.slow_consumers, 1U);
    EXPECT_TRUE(gone());
}

}  // namespace
}  // namespace parley::net
