#include "ring/socket.h"

#include <cerrno>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <vector>

#include "ring/limits.h"
#include "support/sockets.h"

namespace parley::ring {
namespace {

using test::Descriptor;

TEST(Address, ReadsWhatOperatorsWrite) {
    struct Good {
        std::string text;
        std::string host;
        std::uint16_t port;
        std::string again;
    };
    const Good table[] = {
        {"127.0.0.1:7420", "127.0.0.1", 7420, "127.0.0.1:7420"},
        {"0.0.0.0:0", "0.0.0.0", 0, "0.0.0.0:0"},
        {"255.255.255.255:65535", "255.255.255.255", 65535, "255.255.255.255:65535"},
        {"[::1]:7420", "::1", 7420, "[::1]:7420"},
        {"[::]:1", "::", 1, "[::]:1"},
        {"[fe80::1:2]:80", "fe80::1:2", 80, "[fe80::1:2]:80"},
    };
    for (const Good& good : table) {
        Address address;
        EXPECT_TRUE(Address::parse(good.text, address)) << good.text;
        EXPECT_EQ(address.host, good.host);
        EXPECT_EQ(address.port, good.port);
        EXPECT_EQ(address.text(), good.again);
    }
}

TEST(Address, RefusesWhatIsNeither) {
    const char* table[] = {
        "",
        "7420",
        ":7420",
        "[]:7420",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:x",
        "::1:7420",
        "[::1]",
        "[::1]7420",
        "[::1:7420",
        "::1]:7420",
        "1.2.3:80",
        "1.2.3.4.5:80",
        "1.2.3.256:80",
        "localhost:80",
        "127.0.0.1:65536",
        "1.2.3.4:-1",
        "1.2.3.4:+80",
        "1.2.3.4: 80",
        " 1.2.3.4:80",
        "1.2.3.4:80 ",
        "[:::1]:80",
        "1.2.3.4:0x50",
        "a.b.c.d:80",
        "1.2.3.4:99999999999999999999",
    };
    for (const char* bad : table) {
        Address address;
        EXPECT_FALSE(Address::parse(bad, address)) << bad;
    }
}

TEST(Address, KnowsLoopback) {
    const auto is_loopback = [](const char* text) {
        Address address;
        EXPECT_TRUE(Address::parse(text, address)) << text;
        return address.is_loopback();
    };
    EXPECT_TRUE(is_loopback("127.0.0.1:1"));
    EXPECT_TRUE(is_loopback("127.255.0.3:1"));
    EXPECT_TRUE(is_loopback("[::1]:1"));
    EXPECT_FALSE(is_loopback("0.0.0.0:1"));
    EXPECT_FALSE(is_loopback("128.0.0.1:1"));
    EXPECT_FALSE(is_loopback("12.7.0.1:1"));
    EXPECT_FALSE(is_loopback("[::]:1"));
    EXPECT_FALSE(is_loopback("[::2]:1"));
}

int option(const Descriptor& socket, int level, int name) {
    int value = -1;
    socklen_t size = sizeof(value);
    EXPECT_EQ(getsockopt(socket.number(), level, name, &value, &size), 0);
    return value;
}

TEST(ListenTcp, ListensOnAPortOfTheSystemsChoice) {
    Result<int> opened = listen_tcp({.host = "127.0.0.1", .port = 0});
    ASSERT_TRUE(opened.ok());
    const Descriptor listener{*opened};
    Result<std::uint16_t> port = local_port(listener.number());
    ASSERT_TRUE(port.ok());
    EXPECT_NE(*port, 0);
    EXPECT_NE(option(listener, SOL_SOCKET, SO_REUSEADDR), 0);
    EXPECT_NE(option(listener, SOL_SOCKET, SO_REUSEPORT), 0);
    const Descriptor peer = test::connect_to(*port);
    const Descriptor accepted{accept(listener.number(), nullptr, nullptr)};
    EXPECT_NE(option(accepted, IPPROTO_TCP, TCP_NODELAY), 0);
    EXPECT_EQ(option(accepted, IPPROTO_TCP, TCP_NOTSENT_LOWAT), unsent_bytes_max);
}

TEST(ListenTcp, ListensOnIPv6AsWell) {
    Result<int> opened = listen_tcp({.host = "::1", .port = 0});
    if (!opened && opened.error().code == EADDRNOTAVAIL) GTEST_SKIP() << "no IPv6 here";
    ASSERT_TRUE(opened.ok());
    const Descriptor listener{*opened};
    Result<std::uint16_t> port = local_port(listener.number());
    ASSERT_TRUE(port.ok());
    EXPECT_NE(*port, 0);
}

TEST(ListenTcp, SharesItsPortWithItsOwnKind) {
    Result<int> opened = listen_tcp({.host = "127.0.0.1", .port = 0});
    ASSERT_TRUE(opened.ok());
    const Descriptor first{*opened};
    Result<int> again = listen_tcp({.host = "127.0.0.1", .port = *local_port(first.number())});
    ASSERT_TRUE(again.ok());
    const Descriptor second{*again};
    EXPECT_EQ(*local_port(second.number()), *local_port(first.number()));
}

TEST(ListenTcp, SaysThatAPortIsSomebodyElses) {
    // A listener that does not share: another program's.
    const Descriptor other{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* any = reinterpret_cast<const sockaddr*>(&address);
    ASSERT_EQ(bind(other.number(), any, sizeof(address)), 0);
    ASSERT_EQ(listen(other.number(), 1), 0);
    const Result<int> refused =
        listen_tcp({.host = "127.0.0.1", .port = *local_port(other.number())});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error(), (Error{Error::Domain::system, EADDRINUSE}));
}

TEST(ListenTcp, SaysThatAnAddressIsNotOfThisMachine) {
    // 192.0.2.0/24 is for documentation (RFC 5737).
    const Result<int> refused = listen_tcp({.host = "192.0.2.1", .port = 0});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error(), (Error{Error::Domain::system, EADDRNOTAVAIL}));
    EXPECT_EQ(listen_tcp({.host = "nowhere", .port = 0}).error(),
              (Error{Error::Domain::system, EINVAL}));
}

TEST(ListenTcp, LeavesNoDescriptorBehindWhenItFails) {
    const int before = Descriptor{dup(0)}.number();
    for (int i = 0; i < 20; ++i) {
        EXPECT_FALSE(listen_tcp({.host = "192.0.2.1", .port = 0}).ok());
    }
    EXPECT_EQ(Descriptor{dup(0)}.number(), before);
}

TEST(CheckFree, TellsWhetherSomebodyListensThere) {
    Result<int> opened = listen_tcp({.host = "127.0.0.1", .port = 0});
    ASSERT_TRUE(opened.ok());
    Descriptor listener{*opened};
    const Address address{.host = "127.0.0.1", .port = *local_port(listener.number())};
    // It would be shared: listen_tcp() cannot tell.
    const Status taken = check_free(address);
    ASSERT_FALSE(taken.ok());
    EXPECT_EQ(taken.error(), (Error{Error::Domain::system, EADDRINUSE}));
    listener.close();
    EXPECT_TRUE(check_free(address).ok());
    EXPECT_TRUE(check_free({.host = "127.0.0.1", .port = 0}).ok());
    EXPECT_EQ(check_free({.host = "nowhere", .port = 0}).error(),
              (Error{Error::Domain::system, EINVAL}));
}

TEST(CheckFree, IsNotMisledByConnectionsThatWereClosed) {
    Result<int> opened = listen_tcp({.host = "127.0.0.1", .port = 0});
    ASSERT_TRUE(opened.ok());
    Descriptor listener{*opened};
    const Address address{.host = "127.0.0.1", .port = *local_port(listener.number())};
    Descriptor client = test::connect_to(address.port);
    Descriptor{accept(listener.number(), nullptr, nullptr)}.close();  // waits for its timeout
    std::string got;
    EXPECT_EQ(test::read_to_end(client, got), test::Stream::ended);
    client.close();
    listener.close();
    EXPECT_TRUE(check_free(address).ok());
}

TEST(TakeWaiting, TakesAllWhoWaitAndDoesNotWaitItself) {
    Result<int> opened = listen_tcp({.host = "127.0.0.1", .port = 0});
    ASSERT_TRUE(opened.ok());
    const Descriptor listener{*opened};
    EXPECT_TRUE(take_waiting(listener.number()).empty());
    std::vector<Descriptor> clients;
    for (int i = 0; i < 3; ++i)
        clients.push_back(test::connect_to(*local_port(listener.number())));
    const std::vector<int> taken = take_waiting(listener.number());
    EXPECT_EQ(taken.size(), 3U);
    for (const int each : taken)
        close_now(each);
    EXPECT_TRUE(take_waiting(-1).empty());
}

TEST(AdoptListener, MakesASocketThatSomebodyElseOpenedReady) {
    const Descriptor listener{
        socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0)};  // inherited on exec, too
    EXPECT_EQ(adopt_listener(listener.number()).error(), (Error{Error::Domain::system, EINVAL}));
    sockaddr_in6 where{};
    where.sin6_family = AF_INET6;
    where.sin6_addr = in6addr_loopback;
    ASSERT_EQ(bind(listener.number(), reinterpret_cast<const sockaddr*>(&where), sizeof(where)), 0);
    ASSERT_EQ(listen(listener.number(), 1), 0);
    Result<Address> address = adopt_listener(listener.number());
    ASSERT_TRUE(address.ok());
    EXPECT_EQ((*address).text(), "[::1]:" + std::to_string(*local_port(listener.number())));
    EXPECT_EQ(fcntl(listener.number(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQ(fcntl(listener.number(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(option(listener, IPPROTO_TCP, TCP_NOTSENT_LOWAT), unsent_bytes_max);
    EXPECT_EQ(adopt_listener(-1).error(), (Error{Error::Domain::system, EBADF}));
    const Descriptor stranger{socket(AF_UNIX, SOCK_STREAM, 0)};
    EXPECT_EQ(adopt_listener(stranger.number()).error(), (Error{Error::Domain::system, EINVAL}));
}

TEST(LocalPort, FailsForWhatIsNoSocket) {
    EXPECT_EQ(local_port(-1).error(), (Error{Error::Domain::system, EBADF}));
}

TEST(PeerAddress, TellsLoopbackAndWhoIsAtTheOtherEnd) {
    const test::TcpPair pair = test::tcp_pair();
    Result<PeerAddress> peer = peer_address(pair.ours.number());
    ASSERT_TRUE(peer.ok());
    EXPECT_TRUE((*peer).is_loopback);
    EXPECT_FALSE((*peer).is_v6);
    EXPECT_EQ((*peer).network, 0x7f000001U);
    EXPECT_EQ(peer_address(-1).error(), (Error{Error::Domain::system, EBADF}));
}

TEST(DescriptorLimit, LeavesSomeThatOnlyTheirHolderOpens) {
    rlimit limit{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_EQ(limit_descriptors(16), limit.rlim_max - 16);
    {
        const SpareDescriptors spare;
        ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
        EXPECT_EQ(limit.rlim_cur, limit.rlim_max);
    }
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_EQ(limit.rlim_cur, limit.rlim_max - 16);
    EXPECT_EQ(limit_descriptors(static_cast<std::uint32_t>(limit.rlim_max)), 0U);  // none left
    EXPECT_EQ(limit_descriptors(0), limit.rlim_max);
}

TEST(DescriptorLimit, IsRaisedToTheHardLimit) {
    rlimit limit{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlimit lower{.rlim_cur = 64, .rlim_max = limit.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &lower), 0);
    EXPECT_EQ(limit_descriptors(0), limit.rlim_max);
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_EQ(limit.rlim_cur, limit.rlim_max);
}

}  // namespace
}  // namespace parley::ring
