// Sockets that are opened before the loop runs: listeners.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::ring {

/// An IPv4 or IPv6 address with a port, as the operator writes it.
struct Address {
    std::string host;  ///< numeric; IPv6 without brackets
    std::uint16_t port = 0;

    /// Reads `127.0.0.1:7420` or `[::1]:7420`. False if it is neither; `:7420`, which elsewhere
    /// means sometimes all IPv4 addresses and sometimes all there are, is neither.
    static bool parse(std::string_view text, Address& out);
    /// True for 127.0.0.0/8 and ::1.
    bool is_loopback() const noexcept;
    std::string text() const;  ///< with brackets around IPv6
};

/// Whether nobody listens on the address yet. listen_tcp() cannot tell: it shares the port with
/// every listener of the same user, as the shards of one server do. Port 0 is always free.
/// Errors: domain system; EADDRINUSE if somebody does.
Status check_free(const Address& address) noexcept;

/// Opens a listening TCP socket with SO_REUSEADDR, SO_REUSEPORT, TCP_NODELAY and TCP_NOTSENT_LOWAT
/// (unsent_bytes_max), all of which the accepted sockets inherit. Port 0 lets the system choose;
/// ask local_port(). Errors: domain system, the errno of what failed.
Result<int> listen_tcp(const Address& address) noexcept;

/// The port a listener has. Errors: domain system.
Result<std::uint16_t> local_port(int listener) noexcept;

/// Makes a listening socket that somebody else opened ready for a ring: blocking, and closed on
/// exec; what it accepts from now on is as with listen_tcp(). Its address. Errors: domain system;
/// EINVAL if it does not listen for TCP.
Result<Address> adopt_listener(int descriptor) noexcept;

/// Takes the connections that wait at a listener, which is to be closed then. Where nobody else
/// holds that listener, the kernel resets what still waits; where somebody does, a connection that
/// has woken this holder wakes no other, and would wait until the next one comes.
/// Leaves the listener fit for another holder's ring (non-blocking it would not be).
/// Blocks: for a tick of the kernel at most, if another holder is quicker.
std::vector<int> take_waiting(int listener);

/// Who is at the other end of a connected descriptor, as far as peers are told apart: an IPv4
/// address, or the first 64 bits of an IPv6 address, which one subscriber has.
struct PeerAddress {
    std::uint64_t network = 0;  ///< IPv4 mapped to IPv6 counts as IPv4
    bool is_v6 = false;
    bool is_loopback = false;
};

/// Errors: domain system; ENOTCONN if the peer is gone already.
Result<PeerAddress> peer_address(int descriptor) noexcept;

/// Closes a descriptor on which no ring has anything in flight.
void close_now(int descriptor) noexcept;

/// Sets RLIMIT_NOFILE to its hard limit less `spare`: so many can be opened only while a
/// SpareDescriptors lives. Answers the limit that holds now; 0 if `spare` leaves none.
std::uint64_t limit_descriptors(std::uint32_t spare) noexcept;

/// While one lives, what is opened may take the descriptors that connections must leave. Keep it
/// for a moment only: connections may take them too. Threads: any, but no two at a time.
class SpareDescriptors {
public:
    SpareDescriptors() noexcept;
    SpareDescriptors(const SpareDescriptors&) = delete;
    SpareDescriptors& operator=(const SpareDescriptors&) = delete;
    ~SpareDescriptors();

private:
    std::uint64_t before_;
};

}  // namespace parley::ring
