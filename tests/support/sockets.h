// sockets: plain TCP over loopback, as a peer of what is tested. Nothing here sleeps; what waits
// gives up after patience_max, so that a broken test ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "support/descriptor.h"

namespace parley::test {

/// Both ends of one connection.
struct TcpPair {
    Descriptor ours;
    Descriptor theirs;
};
TcpPair tcp_pair();

/// A connection to a listener of this machine; connected when it returns.
Descriptor connect_to(std::uint16_t port);

/// SO_SNDBUF or SO_RCVBUF.
void set_buffer(const Descriptor& socket, int option, int bytes);
/// The peer reads a reset where it would have read the end of the stream.
void close_with_reset(Descriptor& socket);

/// Blocks until all is written.
void write_all(const Descriptor& socket, std::string_view bytes);
/// Writes what fits at once; says how much that was.
std::size_t write_some(const Descriptor& socket, std::string_view bytes);

/// Blocks for `size` bytes; fewer if the stream ends or patience does.
std::string read_exactly(const Descriptor& socket, std::size_t size);

enum class Stream : std::uint8_t { open, ended, broken };
/// Appends what has arrived, without blocking, and says how the stream stands.
Stream read_waiting(const Descriptor& socket, std::string& to);
/// Blocks for the end of the stream: ended, broken, or open if it does not come. Appends to `to`.
Stream read_to_end(const Descriptor& socket, std::string& to);

/// Bytes in which a lost, doubled or misplaced piece shows.
std::string pattern(std::size_t size, std::uint64_t seed);

}  // namespace parley::test
