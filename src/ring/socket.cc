#include "ring/socket.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "ring/limits.h"

namespace parley::ring {
namespace {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

bool to_system(const Address& address, SocketAddress& out) noexcept {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
    if (inet_pton(AF_INET, address.host.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(address.port);
        out.size = sizeof(*v4);
        return true;
    }
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
    if (inet_pton(AF_INET6, address.host.c_str(), &v6->sin6_addr) != 1) return false;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address.port);
    out.size = sizeof(*v6);
    return true;
}

Error last_error() noexcept {
    return Error{Error::Domain::system, errno};
}

bool set_option(int socket, int level, int name, int value) noexcept {
    return setsockopt(socket, level, name, &value, sizeof(value)) == 0;
}

// What the sockets that a listener accepts inherit.
bool prepare_accepted(int listener) noexcept {
    return set_option(listener, IPPROTO_TCP, TCP_NODELAY, 1) &&
           set_option(listener, IPPROTO_TCP, TCP_NOTSENT_LOWAT, unsent_bytes_max);
}

bool bind_to(int socket, const SocketAddress& address) noexcept {
    const auto* where = reinterpret_cast<const sockaddr*>(&address.storage);
    return bind(socket, where, address.size) == 0;
}

Status prepare_listener(int listener, const SocketAddress& address) noexcept {
    if (!set_option(listener, SOL_SOCKET, SO_REUSEADDR, 1) ||
        !set_option(listener, SOL_SOCKET, SO_REUSEPORT, 1) || !prepare_accepted(listener)) {
        return last_error();
    }
    if (!bind_to(listener, address)) return last_error();
    if (listen(listener, listen_backlog) != 0) return last_error();
    return Ok{};
}

}  // namespace

bool Address::parse(std::string_view text, Address& out) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return false;
    std::string_view host = text.substr(0, colon);
    const std::string_view port = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return false;  // IPv6 wants its brackets
    }
    unsigned number = 0;
    const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (problem != std::errc{} || end != port.data() + port.size() || number > 65535) return false;
    out.host = std::string{host};
    out.port = static_cast<std::uint16_t>(number);
    SocketAddress checked;
    return to_system(out, checked);
}

bool Address::is_loopback() const noexcept {
    return host == "::1" || host.starts_with("127.");
}

std::string Address::text() const {
    const bool v6 = host.find(':') != std::string::npos;
    return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Status check_free(const Address& address) noexcept {
    SocketAddress where;
    if (!to_system(address, where)) return Error{Error::Domain::system, EINVAL};
    const int probe = socket(where.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0) return last_error();
    // Without SO_REUSEPORT it may not be bound beside a listener; with SO_REUSEADDR it may be
    // beside the remains of closed connections.
    const bool free = set_option(probe, SOL_SOCKET, SO_REUSEADDR, 1) && bind_to(probe, where);
    const Error error = last_error();
    close_now(probe);
    if (!free) return error;
    return Ok{};
}

Result<int> listen_tcp(const Address& address) noexcept {
    SocketAddress where;
    if (!to_system(address, where)) return Error{Error::Domain::system, EINVAL};
    const int listener = socket(where.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0) return last_error();
    if (const Status status = prepare_listener(listener, where); !status) {
        close_now(listener);
        return status.error();
    }
    return listener;
}

Result<Address> adopt_listener(int descriptor) noexcept {
    int listens = 0;
    socklen_t size = sizeof(listens);
    if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0) {
        return last_error();
    }
    SocketAddress where;
    where.size = sizeof(where.storage);
    if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&where.storage), &where.size) != 0) {
        return last_error();
    }
    const bool v4 = where.storage.ss_family == AF_INET;
    if (listens == 0 || (!v4 && where.storage.ss_family != AF_INET6)) {
        return Error{Error::Domain::system, EINVAL};
    }
    const void* host = v4 ? static_cast<const void*>(
                                &reinterpret_cast<const sockaddr_in*>(&where.storage)->sin_addr)
                          : &reinterpret_cast<const sockaddr_in6*>(&where.storage)->sin6_addr;
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(where.storage.ss_family, host, text.data(), text.size());
    // An accept on a non-blocking one would fail instead of waiting.
    const int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK) != 0 ||
        fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0 || !prepare_accepted(descriptor)) {
        return last_error();
    }
    const auto port = reinterpret_cast<const sockaddr_in*>(&where.storage)->sin_port;
    return Address{.host = text.data(), .port = ntohs(port)};
}

Result<std::uint16_t> local_port(int listener) noexcept {
    SocketAddress where;
    where.size = sizeof(where.storage);
    if (getsockname(listener, reinterpret_cast<sockaddr*>(&where.storage), &where.size) != 0) {
        return last_error();
    }
    // The port stands at the same place in both families.
    return ntohs(reinterpret_cast<const sockaddr_in*>(&where.storage)->sin_port);
}

std::vector<int> take_waiting(int listener) {
    std::vector<int> taken;
    constexpr timeval tick{.tv_sec = 0, .tv_usec = 1};
    if (setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof(tick)) != 0) return taken;
    pollfd waiting{.fd = listener, .events = POLLIN, .revents = 0};
    while (poll(&waiting, 1, 0) > 0) {
        const int socket = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket >= 0) {
            taken.push_back(socket);
        } else if (errno != ECONNABORTED && errno != EINTR) {
            break;
        }
    }
    return taken;
}

Result<PeerAddress> peer_address(int descriptor) noexcept {
    SocketAddress where;
    where.size = sizeof(where.storage);
    if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&where.storage), &where.size) != 0) {
        return last_error();
    }
    PeerAddress peer;
    const auto as_v4 = [&peer](std::uint32_t address) {
        peer.network = address;
        peer.is_loopback = address >> 24 == 127;
    };
    if (where.storage.ss_family == AF_INET) {
        as_v4(ntohl(reinterpret_cast<const sockaddr_in*>(&where.storage)->sin_addr.s_addr));
        return peer;
    }
    const in6_addr& address = reinterpret_cast<const sockaddr_in6*>(&where.storage)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&address)) {
        std::uint32_t v4 = 0;
        std::memcpy(&v4, address.s6_addr + 12, sizeof(v4));
        as_v4(ntohl(v4));
        return peer;
    }
    std::memcpy(&peer.network, address.s6_addr, sizeof(peer.network));
    peer.is_v6 = true;
    peer.is_loopback = IN6_IS_ADDR_LOOPBACK(&address) != 0;
    return peer;
}

void close_now(int descriptor) noexcept {
    ::close(descriptor);
}

std::uint64_t limit_descriptors(std::uint32_t spare) noexcept {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max <= spare) return 0;
    limit.rlim_cur = limit.rlim_max - spare;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

SpareDescriptors::SpareDescriptors() noexcept : before_(0) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    before_ = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

SpareDescriptors::~SpareDescriptors() {
    rlimit limit{};
    if (before_ == 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = before_;
    setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace parley::ring
