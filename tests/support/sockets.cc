#include "support/sockets.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <random>
#include <sys/socket.h>

#include "base/assert.h"

namespace parley::test {
namespace {

constexpr int patience_max_ms = 30'000;

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

bool wait_for(const Descriptor& socket, short events) {
    pollfd waiting{.fd = socket.number(), .events = events, .revents = 0};
    return poll(&waiting, 1, patience_max_ms) > 0;
}

Descriptor new_socket() {
    Descriptor made{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    PARLEY_ASSERT(made.number() >= 0);
    const int on = 1;  // or small writes would wait for the acknowledgement of earlier ones
    PARLEY_ASSERT(setsockopt(made.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0);
    return made;
}

}  // namespace

TcpPair tcp_pair() {
    const Descriptor listener = new_socket();
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    PARLEY_ASSERT(bind(listener.number(), any, size) == 0);
    PARLEY_ASSERT(listen(listener.number(), 1) == 0);
    PARLEY_ASSERT(getsockname(listener.number(), any, &size) == 0);
    Descriptor theirs = connect_to(ntohs(address.sin_port));
    return {Descriptor{accept4(listener.number(), nullptr, nullptr, SOCK_CLOEXEC)},
            std::move(theirs)};
}

Descriptor connect_to(std::uint16_t port) {
    Descriptor made = new_socket();
    const sockaddr_in address = loopback(port);
    const auto* any = reinterpret_cast<const sockaddr*>(&address);
    PARLEY_ASSERT(connect(made.number(), any, sizeof(address)) == 0);
    return made;
}

void set_buffer(const Descriptor& socket, int option, int bytes) {
    PARLEY_ASSERT(setsockopt(socket.number(), SOL_SOCKET, option, &bytes, sizeof(bytes)) == 0);
}

void close_with_reset(Descriptor& socket) {
    const linger now{.l_onoff = 1, .l_linger = 0};
    PARLEY_ASSERT(setsockopt(socket.number(), SOL_SOCKET, SO_LINGER, &now, sizeof(now)) == 0);
    socket.close();
}

void write_all(const Descriptor& socket, std::string_view bytes) {
    while (!bytes.empty()) {
        PARLEY_ASSERT(wait_for(socket, POLLOUT));
        bytes.remove_prefix(write_some(socket, bytes));
    }
}

std::size_t write_some(const Descriptor& socket, std::string_view bytes) {
    const ssize_t written =
        send(socket.number(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return written < 0 ? 0 : static_cast<std::size_t>(written);
}

Stream read_waiting(const Descriptor& socket, std::string& to) {
    std::array<char, 65536> place;
    while (true) {
        const ssize_t count = recv(socket.number(), place.data(), place.size(), MSG_DONTWAIT);
        if (count == 0) return Stream::ended;
        if (count < 0) return errno == EAGAIN ? Stream::open : Stream::broken;
        to.append(place.data(), static_cast<std::size_t>(count));
    }
}

std::string read_exactly(const Descriptor& socket, std::size_t size) {
    std::string bytes(size, '\0');
    std::size_t have = 0;
    while (have < size && wait_for(socket, POLLIN)) {
        const ssize_t count = recv(socket.number(), bytes.data() + have, size - have, MSG_DONTWAIT);
        if (count <= 0) break;
        have += static_cast<std::size_t>(count);
    }
    bytes.resize(have);
    return bytes;
}

Stream read_to_end(const Descriptor& socket, std::string& to) {
    Stream stream = Stream::open;
    while (stream == Stream::open && wait_for(socket, POLLIN))
        stream = read_waiting(socket, to);
    return stream;
}

std::string pattern(std::size_t size, std::uint64_t seed) {
    std::mt19937_64 random{seed};
    std::string bytes(size, '\0');
    std::ranges::generate(bytes, [&random] { return static_cast<char>(random()); });
    return bytes;
}

}  // namespace parley::test
