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

// A world's connections wait for an accept, not at a listener.
std::vector<int> take_waiting(int) {
    return {};
}

// All peers are one machine, this one.
Result<PeerAddress> peer_address(int) noexcept {
    return PeerAddress{.network = 0x7f000001, .is_loopback = true};
}

void close_now(int descriptor) noexcept {
    sim::World::current().close_now(descriptor);
}

std::uint64_t limit_descriptors(std::uint32_t) noexcept {
    return std::uint64_t{1} << 20;
}

SpareDescriptors::SpareDescriptors() noexcept : before_(0) {}
SpareDescriptors::~SpareDescriptors() = default;

}  // namespace parley::ring
