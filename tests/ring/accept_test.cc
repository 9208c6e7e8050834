#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <vector>

#include "operations.h"
#include "ring/socket.h"
#include "support/ring_loop.h"
#include "support/sockets.h"

namespace parley::ring {
namespace {

using test::Descriptor;
using test::run_until;

class AcceptTest : public testing::Test {
protected:
    ~AcceptTest() override {
        accepter.cancel();
        EXPECT_TRUE(run_until(*ring, [this] { return !accepter.operation.in_flight(); }));
    }
    bool accepted(std::size_t count) {
        return run_until(*ring, [&] { return accepter.accepted.size() >= count; });
    }

    std::unique_ptr<Ring> ring = test::open_ring({});
    Descriptor listener{*listen_tcp({.host = "127.0.0.1", .port = 0})};
    std::uint16_t port = *local_port(listener.number());
    Accepter accepter{*ring};
    std::vector<Descriptor> clients;
};

TEST_F(AcceptTest, GivesEveryConnectionToOneOperation) {
    accepter.start(listener.number());
    for (int i = 0; i < 20; ++i)
        clients.push_back(test::connect_to(port));
    ASSERT_TRUE(accepted(20));
    for (const Happened& each : accepter.happened)
        EXPECT_TRUE(each.more);
    // Each is a connection of its own, to one of the clients.
    for (Descriptor& each : accepter.accepted)
        test::write_all(each, "x");
    for (Descriptor& each : clients)
        EXPECT_EQ(test::read_exactly(each, 1), "x");
}

TEST_F(AcceptTest, TakesConnectionsThatWereThereBefore) {
    for (int i = 0; i < 5; ++i)
        clients.push_back(test::connect_to(port));
    accepter.start(listener.number());
    EXPECT_TRUE(accepted(5));
}

TEST_F(AcceptTest, GivesSocketsThatWaitForNothingAndAreNotInherited) {
    accepter.start(listener.number());
    clients.push_back(test::connect_to(port));
    ASSERT_TRUE(accepted(1));
    const int socket = accepter.accepted[0].number();
    EXPECT_NE(fcntl(socket, F_GETFD) & FD_CLOEXEC, 0);
    int no_delay = 0;
    socklen_t size = sizeof(no_delay);
    ASSERT_EQ(getsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
    EXPECT_NE(no_delay, 0);
}

TEST_F(AcceptTest, EndsWithALastCompletionWhenCancelled) {
    accepter.start(listener.number());
    test::run_once(*ring);
    accepter.cancel();
    EXPECT_TRUE(accepter.operation.in_flight());
    ASSERT_TRUE(run_until(*ring, [this] { return !accepter.operation.in_flight(); }));
    ASSERT_EQ(accepter.happened.size(), 1U);
    EXPECT_EQ(accepter.happened[0].result, -ECANCELED);
    EXPECT_FALSE(accepter.happened[0].more);
    // And may be started again.
    accepter.start(listener.number());
    clients.push_back(test::connect_to(port));
    EXPECT_TRUE(accepted(1));
}

TEST_F(AcceptTest, EndsWithAnErrorOnWhatIsNoListener) {
    accepter.start(-1);
    ASSERT_TRUE(run_until(*ring, [this] { return !accepter.operation.in_flight(); }));
    ASSERT_EQ(accepter.happened.size(), 1U);
    EXPECT_EQ(accepter.happened[0].result, -EBADF);
}

TEST_F(AcceptTest, EndsWhereNoDescriptorIsLeftAndLosesNobody) {
    Descriptor client{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    rlimit limit{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlimit none{.rlim_cur = static_cast<rlim_t>(Descriptor{dup(0)}.number()),
                      .rlim_max = limit.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    accepter.start(listener.number());  // the kernel notes the limit of this moment
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* any = reinterpret_cast<const sockaddr*>(&address);
    const int connected = connect(client.number(), any, sizeof(address));
    const bool ended = run_until(*ring, [this] { return !accepter.operation.in_flight(); });
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_EQ(connected, 0);
    ASSERT_TRUE(ended);
    EXPECT_EQ(accepter.happened.back().result, -EMFILE);
    accepter.start(listener.number());
    EXPECT_TRUE(accepted(1));
}

}  // namespace
}  // namespace parley::ring
