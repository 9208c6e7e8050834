// A secured connection on the real ring, and a client at the other end of its socket.
#include <gtest/gtest.h>

#include "net/connection.h"
#include "peer.h"
#include "tls_pair.h"

namespace parley::net {
namespace {

constexpr Delivery voice = Delivery::perishable;
constexpr Delivery words = Delivery::lasting;

class TlsConnectionTest : public testing::Test {
protected:
    TlsConnectionTest() {
        std::string error;
        source = tls::Source::self_signed("127.0.0.1", error);
        context = tls::Context::client({.anybody = true}, error);
        client = std::make_unique<tls::End>(std::make_unique<tls::Channel>(context, "localhost"));
        client->channel->step();
        our_number = pair.ours.release();
        owner = std::make_unique<Owner>(one.net, our_number);
        owner->connection->secure(std::make_unique<tls::Channel>(*source));
        owner->connection->start();
    }
    ~TlsConnectionTest() override {
        if (owner->connection) owner->connection->abort();
        EXPECT_TRUE(one.run_until([this] { return !owner->connection; }));
        one.turn();
        EXPECT_EQ(one.net.connections, 0U);
        EXPECT_EQ(one.net.waiting.in_use(), 0U);
        EXPECT_EQ(one.shard.frames().outstanding(), 0U);
    }

    // The client reads and writes what there is.
    Stream exchange() {
        std::string sealed;
        const Stream stream = test::read_waiting(pair.theirs, sealed);
        if (!sealed.empty()) client->take_in(tls::bytes_of(sealed));
        client->channel->take_output(client->leaving);
        if (!client->leaving.empty()) {
            test::write_all(pair.theirs, {reinterpret_cast<const char*>(client->leaving.data()),
                                          client->leaving.size()});
            client->leaving.clear();
        }
        return stream;
    }
    void shake_hands() {
        ASSERT_TRUE(one.run_until([this] {
            exchange();
            return client->channel->is_open() && one.net.tls_handshakes == 1;
        })) << client->channel->reason();
    }
    void send(std::string_view text, Delivery delivery) {
        owner->connection->send(one.frame(text), delivery);
    }
    bool client_reads(std::size_t size) {
        return one.run_until(
            [&] { return exchange() != Stream::open || client->plain.size() >= size; });
    }
    // Sends to a client that does not read, until nothing moves any more and something waits.
    std::string fill() {
        test::set_buffer(test::Descriptor{dup(our_number)}, SO_SNDBUF, 4608);
        test::set_buffer(pair.theirs, SO_RCVBUF, 32768);
        std::string sent;
        for (std::uint64_t i = 0; i < 8; ++i) {
            const std::string part = pattern(50'000, i);
            send(part, words);
            sent += part;
        }
        std::size_t before = 0;
        int still = 0;
        EXPECT_TRUE(one.run_until([&] {
            still =
                std::exchange(before, owner->connection->queued_bytes()) == before ? still + 1 : 0;
            return still > 20;
        }));
        EXPECT_GT(before, 0U);
        return sent;
    }
    bool gone() {
        return one.run_until([this] {
            exchange();
            return !owner->connection;
        });
    }

    test::OneShard one{{}};
    test::TcpPair pair = test::tcp_pair();
    std::unique_ptr<tls::Source> source;
    tls::Context context;
    std::unique_ptr<tls::End> client;
    int our_number = -1;
    std::unique_ptr<Owner> owner;
};

TEST_F(TlsConnectionTest, HandsPlainBytesUpAndSealsWhatItSends) {
    shake_hands();
    client->say("hello");
    ASSERT_TRUE(one.run_until([this] {
        exchange();
        return owner->received == "hello";
    }));
    send("hello yourself", words);
    ASSERT_TRUE(client_reads(14));
    EXPECT_EQ(client->plain, "hello yourself");
    const std::string large = pattern(1 << 20, 5);
    client->say(large);
    ASSERT_TRUE(one.run_until([&] {
        exchange();
        return owner->received.size() == 5 + large.size();
    }));
    EXPECT_TRUE(owner->received == "hello" + large);
}

TEST_F(TlsConnectionTest, WhatIsSaidBeforeTheHandshakeIsOverWaitsForIt) {
    send("early", words);
    for (int i = 0; i < 5; ++i)
        one.turn();
    EXPECT_EQ(one.net.sends, 0U);
    shake_hands();
    ASSERT_TRUE(client_reads(5));
    EXPECT_EQ(client->plain, "early");
}

TEST_F(TlsConnectionTest, FramesOfOneTurnLeaveAsFewRecords) {
    shake_hands();
    one.turn();
    one.turn();  // the ticket has gone
    const std::uint64_t before = one.net.sends;
    std::string expected;
    for (int i = 0; i < 8; ++i) {
        const std::string text = "frame " + std::to_string(i) + ";";
        send(text, i % 2 == 0 ? voice : words);
        expected += text;
    }
    ASSERT_TRUE(client_reads(expected.size()));
    EXPECT_EQ(client->plain, expected);
    EXPECT_EQ(one.net.sends - before, 2U);
}

TEST_F(TlsConnectionTest, ASlowReaderGetsAllWordsBitExact) {
    shake_hands();
    test::set_buffer(test::Descriptor{dup(our_number)}, SO_SNDBUF, 4608);
    const std::string text = pattern((1 << 20) - 100, 2);
    send(text, words);
    send("behind it", words);
    ASSERT_TRUE(client_reads(text.size() + 9));
    EXPECT_TRUE(client->plain == text + "behind it");
    EXPECT_GE(one.net.sends_short, 1U);
    EXPECT_GE(one.net.sends, text.size() / sealed_at_once_max);  // no more of it was its own
}

TEST_F(TlsConnectionTest, AReaderThatStopsLosesVoiceOldestFirstAndNoWord) {
    shake_hands();
    const std::string sent = fill();
    const std::string part(perishable_bytes_max / 8, 'v');
    for (char each = 'a'; each < 'a' + 10; ++each)
        send(each + part.substr(1), voice);
    EXPECT_EQ(one.net.voice_dropped(), 2U);
    EXPECT_TRUE(owner->connection->is_open());
    // It would be too old by now, if it had waited sealed.
    const Instant long_after = one.shard.now() + perishable_age_max + std::chrono::milliseconds{50};
    while (one.shard.now() < long_after)
        one.shard.turn(long_after);
    send("last words", words);
    ASSERT_TRUE(client_reads(sent.size() + 10));
    EXPECT_TRUE(client->plain == sent + "last words");
    EXPECT_EQ(one.net.voice_dropped(), 10U);
}

TEST_F(TlsConnectionTest, ClosingDeliversAllAndSaysSo) {
    shake_hands();
    const std::string sent = fill();
    send("last words", words);
    owner->connection->close_after_sending();
    ASSERT_TRUE(one.run_until([this] { return exchange() != Stream::open; }));
    EXPECT_TRUE(client->plain == sent + "last words");
    EXPECT_EQ(client->last_got, tls::Channel::Got::end);  // close_notify, before the end
    pair.theirs.close();
    EXPECT_TRUE(gone());
}

TEST_F(TlsConnectionTest, ThePeersCloseNotifyIsItsEnd) {
    shake_hands();
    client->say("bye");
    client->channel->close(client->leaving);
    ASSERT_TRUE(one.run_until([this] {
        exchange();
        return owner->ends > 0;
    }));
    EXPECT_EQ(owner->received, "bye");
    ASSERT_EQ(shutdown(pair.theirs.number(), SHUT_WR), 0);
    for (int i = 0; i < 5; ++i)
        one.turn();
    EXPECT_EQ(owner->ends, 1);
    send("still here", words);
    ASSERT_TRUE(client_reads(10));
    EXPECT_EQ(client->plain, "still here");
}

TEST_F(TlsConnectionTest, WhoBreaksARecordIsToldAndDropped) {
    shake_hands();
    client->say("hello");
    client->leaving.back() ^= std::byte{1};
    EXPECT_TRUE(one.run_until([this] { return exchange() != Stream::open; }));
    EXPECT_EQ(client->last_got, tls::Channel::Got::failure);  // by an alert
    EXPECT_EQ(owner->received, "");
    EXPECT_EQ(one.net.tls_failures, 1U);
    pair.theirs.close();
    EXPECT_TRUE(gone());
}

TEST_F(TlsConnectionTest, WhoSpeaksNoTlsIsDropped) {
    test::write_all(pair.theirs, "GET / HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(one.run_until([this] { return !owner->connection; }));
    EXPECT_EQ(owner->received, "");
    EXPECT_EQ(one.net.tls_failures, 1U);
}

TEST_F(TlsConnectionTest, AnAbortInTheMiddleOfTheHandshakeLeavesNothing) {
    exchange();  // the ClientHello goes
    ASSERT_TRUE(one.run_until([this] { return one.net.sends > 0; }));
    owner->connection->abort();
    EXPECT_TRUE(one.run_until([this] { return !owner->connection; }));
}

TEST_F(TlsConnectionTest, AnAbortWithAStepToComeLeavesNothing) {
    owner->abort_at_first_bytes = true;
    shake_hands();
    client->say("x");
    exchange();
    EXPECT_TRUE(gone());
}

// The hand-over: what TLS is made of goes on with the descriptor.
TEST_F(TlsConnectionTest, GoesOnInAnotherConnection) {
    owner->detach_at_first_bytes = true;
    while (!client->channel->is_open()) {
        exchange();
        one.turn();
    }
    client->say("upgrade;");  // together with the end of the handshake
    exchange();
    client->say("more");
    ASSERT_TRUE(one.run_until([this] {
        exchange();
        return owner->detached_as >= 0;
    }));
    ASSERT_NE(owner->channel, nullptr);
    EXPECT_TRUE(owner->channel->is_open());
    Owner second{one.net, owner->detached_as};
    second.connection->secure(std::move(owner->channel));
    second.connection->start();
    second.connection->send(one.frame("welcome"), words);
    client->say(" and more");
    ASSERT_TRUE(one.run_until([&] {
        exchange();
        return client->plain == "welcome" &&
               owner->received + second.received == "upgrade;more and more";
    })) << client->plain
        << owner->received << second.received;
    second.connection->abort();
    EXPECT_TRUE(one.run_until([&] { return !second.connection; }));
}

}  // namespace
}  // namespace parley::net
