// Outside: the world of a null ring, in which sends cost nothing and time stands still.
//
// A program that links null_ring in place of ring runs whole shards without a kernel: what remains
// is what the server itself does. There is one outside and one ring in it; both belong to the
// thread that uses them. It knows no failure: every send is taken whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::bench {

/// Somebody connects; the listener is given `socket` in the next turn. Any number above 2 will do.
void connect(int socket);
/// Bytes that `socket` receives in the next turn; they stay until it is over. Requires that the
/// connection is receiving.
void arrive(int socket, std::span<std::byte> bytes);

/// What was sent by all sockets so far.
struct Sent {
    std::uint64_t sends = 0;
    std::uint64_t bytes = 0;
};
const Sent& sent() noexcept;

}  // namespace parley::bench
