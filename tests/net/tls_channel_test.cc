#include "net/tls_channel.h"

#include <gtest/gtest.h>

#include "net/limits.h"
#include "support/sockets.h"
#include "tls_pair.h"

namespace parley::net::tls {
namespace {

using test::make_certificate;
using test::pattern;
using Phase = Channel::Phase;

class TlsChannelTest : public TlsPairTest {
protected:
    TlsChannelTest() : files(make_certificate(folder, "server", {})) { use({files}); }
    void open() {
        meet("localhost", files.certificate);
        carry();
        ASSERT_TRUE(both_open()) << client->channel->reason() << server->channel->reason();
    }

    const Files files;
};

TEST_F(TlsChannelTest, CarriesBytesBothWaysHoweverTheyAreCut) {
    for (const std::size_t most : {1U, 7U, 100U, 5000U, 100'000U}) {
        piece_max = most;
        open();
        std::string up;
        std::string down;
        for (std::uint64_t i = 0; i < 20; ++i) {
            const std::size_t size = 1 + random() % (most == 1 ? 200 : 40'000);
            client->say(pattern(size, i));
            server->say(pattern(size / 2 + 1, i + 100));
            up += pattern(size, i);
            down += pattern(size / 2 + 1, i + 100);
            if (i % 3 == 0) carry();
        }
        carry();
        EXPECT_TRUE(server->plain == up) << most;
        EXPECT_TRUE(client->plain == down) << most;
    }
}

TEST_F(TlsChannelTest, ReadsWhatCameWithTheEndOfTheHandshake) {
    meet("localhost", files.certificate);
    carry_one(*client, *server);
    carry_one(*server, *client);  // the client is open, and the server is not
    ASSERT_TRUE(client->channel->is_open());
    client->say("GET / HTTP/1.1");
    carry();
    EXPECT_EQ(server->plain, "GET / HTTP/1.1");
}

TEST_F(TlsChannelTest, CostsNothingUntilTheHelloIsWhole) {
    meet("localhost", files.certificate);
    Bytes hello;
    client->channel->take_output(hello);
    for (std::size_t i = 0; i + 1 < hello.size(); ++i) {
        server->take_in(std::span{hello}.subspan(i, 1));
        ASSERT_EQ(server->last_kept, Channel::Kept::waits) << i;
        ASSERT_EQ(server->channel->phase(), Phase::hello) << i;
    }
    server->take_in(std::span{hello}.last(1));
    EXPECT_EQ(server->last_kept, Channel::Kept::ready);
    EXPECT_EQ(server->channel->phase(), Phase::handshake);
    EXPECT_FALSE(server->channel->output().empty());
}

TEST_F(TlsChannelTest, KnowsWhatIsNotTls) {
    Channel plain{*source};
    EXPECT_EQ(plain.keep(bytes_of("G")), Channel::Kept::not_tls);
    EXPECT_EQ(plain.kept().size(), 1U);
}

TEST_F(TlsChannelTest, TakesNoMoreThanItsBoundBeforeTheHandshakeIsOver) {
    Channel large{*source};
    EXPECT_EQ(large.keep(bytes_of("\x16\x03\x01\x40\x01")), Channel::Kept::too_much);
    Channel most{*source};
    // 5 bytes of head and 16,379 behind it.
    const std::string hello = std::string{"\x16\x03\x01\x3f\xfb", 5} + std::string(16'378, 'x');
    EXPECT_EQ(most.keep(bytes_of(hello)), Channel::Kept::waits);
    Channel one_over{*source};
    EXPECT_EQ(one_over.keep(bytes_of(hello + "xxx")), Channel::Kept::too_much);
    EXPECT_EQ(most.keep(bytes_of("x")), Channel::Kept::ready);
}

TEST_F(TlsChannelTest, FailsWithAnAlertOnAHelloThatIsNone) {
    server = std::make_unique<End>(std::make_unique<Channel>(*source));
    server->take_in(bytes_of(std::string{"\x16\x03\x01\x00\x05hello", 10}));
    EXPECT_EQ(server->channel->phase(), Phase::failed);
    ASSERT_GE(server->channel->output().size(), 7U);
    EXPECT_EQ(server->channel->output()[0], std::byte{21});  // an alert
    Bytes out;
    server->channel->close(out);  // nothing to end
    EXPECT_TRUE(out.empty());
}

TEST_F(TlsChannelTest, FailsWithAnAlertOnAFlippedBit) {
    open();
    client->say("hello");
    carry();
    client->say("world");
    client->leaving[client->leaving.size() - 3] ^= std::byte{1};
    carry_one(*client, *server);
    EXPECT_EQ(server->plain, "hello");
    EXPECT_EQ(server->last_got, Channel::Got::failure);
    EXPECT_EQ(server->channel->phase(), Phase::failed);
    EXPECT_FALSE(server->channel->output().empty());
}

TEST_F(TlsChannelTest, EndsInOrder) {
    open();
    server->say("last words");
    server->channel->close(server->leaving);
    server->channel->close(server->leaving);  // once
    carry();
    EXPECT_EQ(client->plain, "last words");
    EXPECT_EQ(client->last_got, Channel::Got::end);
    EXPECT_EQ(client->channel->phase(), Phase::ended);
    // The other direction is still open.
    client->say("goodbye");
    carry();
    EXPECT_EQ(server->plain, "goodbye");
}

TEST_F(TlsChannelTest, WhatCouldNotBeSentStandsFirstAgain) {
    open();  // its ticket has been carried
    Bytes out;
    server->channel->put_back(bytes_of("bc"));
    server->channel->put_back(bytes_of("a"));
    server->channel->take_output(out);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(out.data()), out.size()), "abc");
    EXPECT_TRUE(server->channel->output().empty());
}

TEST_F(TlsChannelTest, AClientRefusesACertificateThatItDoesNotTrust) {
    const Files other = make_certificate(folder, "other", {});
    meet("localhost", other.certificate);
    carry();
    EXPECT_EQ(client->channel->phase(), Phase::failed);
    EXPECT_NE(client->channel->reason().find("self-signed"), std::string::npos)
        << client->channel->reason();
    EXPECT_EQ(server->channel->phase(), Phase::failed);
}

}  // namespace
}  // namespace parley::net::tls
