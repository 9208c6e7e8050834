#include "net/listener.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <vector>

#include "net/limits.h"
#include "ring/socket.h"
#include "support/one_shard.h"
#include "support/sockets.h"

namespace parley::net {
namespace {

using test::Descriptor;

class ListenerTest : public testing::Test {
public:
    void on_accepted(int descriptor) noexcept { accepted.emplace_back(descriptor); }

protected:
    ListenerTest() { listener.start(); }
    ~ListenerTest() override {
        listener.stop();
        EXPECT_TRUE(one.run_until([this] { return listener.closed(); }));
        one.turn();
        EXPECT_EQ(fcntl(number, F_GETFD), -1);
    }
    bool has_accepted(std::size_t count) {
        return one.run_until([&] { return accepted.size() >= count; });
    }

    test::OneShard one{{}};
    int number = *ring::listen_tcp({.host = "127.0.0.1", .port = 0});
    std::uint16_t port = *ring::local_port(number);
    Listener listener{one.shard, number, Listener::Accepted::to<&ListenerTest::on_accepted>(*this)};
    std::vector<Descriptor> accepted;
};

TEST_F(ListenerTest, GivesEachConnectionToItsOwner) {
    std::vector<Descriptor> clients;
    for (int i = 0; i < 10; ++i)
        clients.push_back(test::connect_to(port));
    ASSERT_TRUE(has_accepted(10));
    for (Descriptor& each : accepted)
        test::write_all(each, "x");
    for (Descriptor& each : clients)
        EXPECT_EQ(test::read_exactly(each, 1), "x");
    EXPECT_EQ(listener.failures(), 0U);
}

TEST_F(ListenerTest, TakesWhoComesBeforeItHasStoppedAndNobodyAfter) {
    one.turn();
    const Descriptor early = test::connect_to(port);
    ASSERT_TRUE(has_accepted(1));
    listener.stop();
    EXPECT_FALSE(listener.closed());  // its accept is still in flight
    const Descriptor late = test::connect_to(port);
    listener.stop();  // again: nothing more
    ASSERT_TRUE(one.run_until([this] { return listener.closed(); }));
    one.turn();
    EXPECT_EQ(accepted.size(), 2U);
    std::string got;
    EXPECT_EQ(test::read_waiting(early, got), test::Stream::open);
    EXPECT_EQ(test::read_waiting(late, got), test::Stream::open);
}

TEST_F(ListenerTest, TakesWhoWaitsBeforeItCloses) {
    // Nothing is accepted yet: the first turn has not come.
    std::vector<Descriptor> clients;
    for (int i = 0; i < 5; ++i)
        clients.push_back(test::connect_to(port));
    listener.stop();
    ASSERT_TRUE(one.run_until([this] { return listener.closed(); }));
    EXPECT_EQ(accepted.size(), 5U);
    for (Descriptor& each : accepted)
        test::write_all(each, "x");
    for (Descriptor& each : clients)
        EXPECT_EQ(test::read_exactly(each, 1), "x");
}

// The kernel wakes one holder of the socket for a connection. If that one stops instead of taking
// it, nobody else would look before the next connection comes.
TEST_F(ListenerTest, LeavesNobodyWaitingAtASocketThatAnotherHolds) {
    one.turn();
    test::OneShard successor{{}};
    Listener next{successor.shard, dup(number),
                  Listener::Accepted::to<&ListenerTest::on_accepted>(*this)};
    next.start();
    successor.turn();
    const Descriptor client = test::connect_to(port);  // wakes the first
    listener.stop();
    ASSERT_TRUE(one.run_until([this] { return listener.closed(); }));
    successor.turn();
    EXPECT_EQ(accepted.size(), 1U);
    const Descriptor later = test::connect_to(port);
    EXPECT_TRUE(successor.run_until([&] { return accepted.size() == 2; }));
    next.stop();
    ASSERT_TRUE(successor.run_until([&] { return next.closed(); }));
}

TEST_F(ListenerTest, StopsBeforeItsFirstTurnAsWell) {
    listener.stop();
    EXPECT_TRUE(one.run_until([this] { return listener.closed(); }));
}

// With no descriptor left for anybody, until the destructor.
class NoDescriptors {
public:
    NoDescriptors() {
        getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit none{.rlim_cur = static_cast<rlim_t>(Descriptor{dup(0)}.number()),
                          .rlim_max = before_.rlim_max};
        EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    }
    ~NoDescriptors() { EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before_), 0); }

private:
    rlimit before_{};
};

class ExhaustedListenerTest : public ListenerTest {
protected:
    // The kernel notes the limit when an accept begins, so the one under way is used up first.
    ExhaustedListenerTest() : client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}

    void connect_client() {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const auto* any = reinterpret_cast<const sockaddr*>(&address);
        EXPECT_EQ(connect(client.number(), any, sizeof(address)), 0);
    }

    Descriptor client;
};

TEST_F(ExhaustedListenerTest, BacksOffWithoutDescriptorsAndResumes) {
    {
        const NoDescriptors none;
        one.turn();  // the first accept begins here
        connect_client();
        const Instant began = one.shard.now();
        ASSERT_TRUE(one.run_until([this] { return listener.failures() > 0; }));
        // It does not spin: it tries again after a while, not at once.
        const Instant until = one.shard.now() + accept_retry * 5 / 2;
        while (one.shard.now() < until)
            one.shard.turn(until);
        const auto tries_max =
            static_cast<std::uint64_t>((one.shard.now() - began) / accept_retry) + 1;
        EXPECT_GE(listener.failures(), 2U);
        EXPECT_LE(listener.failures(), tries_max);
        EXPECT_TRUE(accepted.empty());
    }
    EXPECT_TRUE(has_accepted(1));  // who waited is taken
}

TEST_F(ExhaustedListenerTest, TakesWhoWaitsWhenItStopsBeforeItTriesAgain) {
    {
        const NoDescriptors none;
        one.turn();
        connect_client();
        ASSERT_TRUE(one.run_until([this] { return listener.failures() > 0; }));
    }
    listener.stop();
    EXPECT_TRUE(listener.closed());
    ASSERT_EQ(accepted.size(), 1U);
    test::write_all(accepted.front(), "x");
    EXPECT_EQ(test::read_exactly(client, 1), "x");
}

TEST_F(ExhaustedListenerTest, StopsWhileItWaitsToTryAgain) {
    const NoDescriptors none;
    one.turn();
    connect_client();
    ASSERT_TRUE(one.run_until([this] { return listener.failures() > 0; }));
    listener.stop();
    EXPECT_TRUE(listener.closed());
    const Instant until = one.shard.now() + accept_retry * 2;
    while (one.shard.now() < until)
        one.shard.turn(until);
    EXPECT_TRUE(accepted.empty());
}

}  // namespace
}  // namespace parley::net
