// peer: a net::Connection with an owner that remembers, and the plain socket at its other end.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <sys/socket.h>

#include "support/one_shard.h"
#include "support/sockets.h"

namespace parley::net {

using test::pattern;
using test::Stream;

class Owner final : public Connection::Owner {
public:
    Owner(Shared& shared, int descriptor) : shard(shared.shard) {
        connection = std::make_unique<Connection>(shared, descriptor, *this);
    }

    Shard& shard;
    std::unique_ptr<Connection> connection;
    std::string received;
    int ends = 0;
    int closed = 0;
    int detached_as = -1;
    std::unique_ptr<tls::Channel> channel;  ///< of the one that was detached
    int too_slow = 0;
    std::string last_words;  // of a peer that is too slow; without any it is aborted
    bool detach_at_first_bytes = false;
    bool abort_at_first_bytes = false;

private:
    void on_received(std::span<std::byte> bytes) noexcept override {
        received.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        if (std::exchange(detach_at_first_bytes, false)) connection->detach();
        if (std::exchange(abort_at_first_bytes, false)) connection->abort();
    }
    void on_end() noexcept override { ++ends; }
    void on_too_slow() noexcept override {
        ++too_slow;
        if (last_words.empty()) return connection->abort();
        FrameRef frame = shard.frames().allocate(last_words.size());
        std::memcpy(frame.space().data(), last_words.data(), last_words.size());
        frame.set_size(last_words.size());
        connection->say_last(frame);
    }
    void on_closed() noexcept override {
        ++closed;
        connection.reset();
    }
    void on_detached(int descriptor) noexcept override {
        detached_as = descriptor;
        channel = connection->take_channel();
        connection.reset();
    }
};

class ConnectionTest : public testing::Test {
protected:
    ConnectionTest() : ConnectionTest(QueueLimits{}) {}
    explicit ConnectionTest(const QueueLimits& limits)
        : one(limits), pair(test::tcp_pair()), owner(one.net, pair.ours.number()) {
        our_number = pair.ours.release();  // the connection's now
        owner.connection->start();
        one.turn();
    }
    ~ConnectionTest() override {
        if (owner.connection) owner.connection->abort();
        EXPECT_TRUE(one.run_until([this] { return !owner.connection; }));
        one.turn();  // what was closed last goes down
        EXPECT_EQ(one.net.connections, 0U);
        EXPECT_EQ(one.net.waiting.in_use(), 0U);
        EXPECT_EQ(one.shard.frames().outstanding(), 0U);
    }

    void send(std::string_view text, Delivery delivery) {
        owner.connection->send(one.frame(text), delivery);
    }
    // Sends until the peer, which does not read, takes no more, and something waits.
    std::string fill() {
        std::string sent;
        for (int i = 0; owner.connection->queued_bytes() == 0; ++i) {
            const std::string part = pattern(50'000, static_cast<std::uint64_t>(i));
            send(part, Delivery::lasting);
            sent += part;
            one.turn();
        }
        return sent;
    }
    bool peer_reads(std::string& to, std::size_t size) {
        return one.run_until([&] {
            return test::read_waiting(pair.theirs, to) != Stream::open || to.size() >= size;
        });
    }
    bool gone() {
        return one.run_until([this] { return !owner.connection; });
    }

    test::OneShard one;
    test::TcpPair pair;
    int our_number = -1;
    Owner owner;
};

}  // namespace parley::net
