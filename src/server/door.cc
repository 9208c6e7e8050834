#include "server/door.h"

#include <cerrno>

namespace parley::server {
namespace {

// When who was turned away may come again: memory and other people's connections take some
// seconds to go.
constexpr std::chrono::seconds retry_after{10};

}  // namespace

Door::Answer Door::knock(int descriptor) noexcept {
    using What = Answer::What;
    if (commons_ == nullptr) return {};
    if (commons_->pressure.load(std::memory_order_relaxed) >= Pressure::refusing) {
        ++counters_.no_memory;
        return {.what = What::turn_away, .status = 503, .retry_after = retry_after};
    }
    ring::PeerAddress peer;
    if (!is_counted(descriptor, peer)) return {};
    const auto mark = commons_->addresses.enter(peer, limits_.sockets_per_address_max);
    if (mark != session::AddressMark::uncounted) return {.address = mark};
    ++counters_.addresses_full;
    commons_->tell(Notice::no_address_room, shard_.now(),
                   "an address has as many connections as one may have; if many users share it, "
                   "raise --limit-sockets-per-address");
    return {.what = What::turn_away, .status = 429, .retry_after = retry_after};
}

bool Door::is_counted(int descriptor, ring::PeerAddress& peer) const noexcept {
    if (limits_.sockets_per_address_max == 0) return false;
    Result<ring::PeerAddress> found = ring::peer_address(descriptor);
    if (!found) return false;  // gone already
    peer = *found;
    return !peer.is_loopback || limits_.loopback_is_counted;
}

void Door::leave(session::AddressMark address) noexcept {
    if (commons_ != nullptr) commons_->addresses.leave(address);
}

void Door::on_accept_failure(int error) noexcept {
    ++counters_.no_descriptor;
    if (commons_ == nullptr) return;
    if (error == EMFILE || error == ENFILE) {
        commons_->tell(Notice::no_descriptor, shard_.now(),
                       "no file descriptor is left for new connections, which wait until one is: "
                       "raise `ulimit -n` (LimitNOFILE= in systemd)");
    } else {
        commons_->tell(Notice::memory, shard_.now(),
                       "the kernel has no memory for new connections, which wait until it has");
    }
}

}  // namespace parley::server
