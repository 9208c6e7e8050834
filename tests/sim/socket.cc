// The simulated twin of what src/ring/socket.cc asks of the kernel.
#include "ring/socket.h"

#include "sim/world.h"

namespace parley::ring {

Result<int> listen_tcp(const Address& address) noexcept {
    return sim::World::current().listen(address.port);
}

Result<std::uint16_t> local_port(int listener) noexcept {
    return sim::World::current().local_port(listener);
}

// All peers are one machine, this one.
Result<PeerAddress> peer_address(int) noexcept {
    return PeerAddress{.network = 0x7f000001, .is_loopback = true};
}

void close_now(int descriptor) noexcept {
    sim::World::current().close_now(descriptor);
}

std::uint64_t raise_descriptor_limit() noexcept {
    return std::uint64_t{1} << 20;
}

}  // namespace parley::ring
