// Sockets: the system calls.
#include "client/socket.h"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <string>
#include <unistd.h>

namespace parley::client {
namespace {

Failure system_failure(std::string_view what) {
    const int error = errno;
    return Failure{fmt::format("{}: {}", what, std::strerror(error)), error};
}

}  // namespace

void Descriptor::reset() noexcept {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
}

bool Endpoint::is_loopback_v4() const noexcept {
    if (address.ss_family != AF_INET) return false;
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof v4);
    return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
}

Outcome<Endpoint> resolve(const ServerUrl& url) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error =
        getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &wanted, &found);
    if (error != 0) {
        return Failure{fmt::format("cannot find the host '{}': {}", url.host, gai_strerror(error))};
    }
    Endpoint endpoint;
    std::memcpy(&endpoint.address, found->ai_addr, found->ai_addrlen);
    endpoint.size = found->ai_addrlen;
    freeaddrinfo(found);
    return endpoint;
}

Outcome<Descriptor> begin_connect(const Endpoint& endpoint, const SocketWishes& wishes) {
    Descriptor socket{
        ::socket(endpoint.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!socket.open()) return system_failure("cannot open a socket");
    const int on = 1;
    setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (const int size = wishes.receive_buffer_bytes; size != 0) {
        setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    }
    if (wishes.source != 0) {
        // The port is chosen at connect(), where only the whole four-tuple has to be free.
        setsockopt(socket.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        sockaddr_in from{};
        from.sin_family = AF_INET;
        from.sin_addr.s_addr = htonl(wishes.source);
        if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) {
            return system_failure("cannot bind a source address");
        }
    }
    const auto* address = reinterpret_cast<const sockaddr*>(&endpoint.address);
    if (connect(socket.get(), address, endpoint.size) != 0 && errno != EINPROGRESS) {
        return system_failure("cannot connect");
    }
    return socket;
}

int connect_error(int fd) noexcept {
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
    return error;
}

}  // namespace parley::client
