// Sockets: owning descriptors and TCP connections that do not block.
#pragma once

#include <cstdint>
#include <netinet/in.h>
#include <sys/socket.h>
#include <utility>

#include "client/url.h"

namespace parley::client {

/// Owns one file descriptor.
class Descriptor final {
public:
    Descriptor() noexcept = default;
    explicit Descriptor(int fd) noexcept : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { reset(); }

    /// Closes it now.
    void reset() noexcept;

    bool open() const noexcept { return fd_ >= 0; }
    int get() const noexcept { return fd_; }

private:
    int fd_ = -1;
};

/// Where a server listens, resolved.
struct Endpoint {
    sockaddr_storage address{};
    socklen_t size = 0;

    /// Whether the address is in 127.0.0.0/8.
    bool is_loopback_v4() const noexcept;
};

/// Asks the resolver; may block. Errors name the host.
Outcome<Endpoint> resolve(const ServerUrl& url);

/// What a connection is to be like, beyond where it leads.
struct SocketWishes {
    std::uint32_t source = 0;      ///< address to come from, in host byte order; 0: any
    int receive_buffer_bytes = 0;  ///< SO_RCVBUF; 0: the system's choice
};

/// Begins a connection with Nagle's delay off; it is made when the socket becomes writable, see
/// connect_error(). Errors, with their errno: no descriptors, no ports left, unreachable.
Outcome<Descriptor> begin_connect(const Endpoint& endpoint, const SocketWishes& wishes);

/// The errno with which the connection failed, or 0.
int connect_error(int fd) noexcept;

}  // namespace parley::client
