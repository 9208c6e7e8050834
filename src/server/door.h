// server::Door: whether a connection that was just accepted is taken in.
//
// It knows counts and levels, not who is there: that is found out behind it (session::Opening).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "server/commons.h"
#include "shard/shard.h"

namespace parley::server {

struct DoorLimits {
    std::uint32_t sockets_per_address_max = 0;  ///< 0: no limit
    bool loopback_is_counted = false;
};

class Door {
public:
    struct Answer {
        enum class What : std::uint8_t {
            enter,
            turn_away,  ///< say `status` and close it
        };
        What what = What::enter;
        session::AddressMark address{};  ///< to be given to leave() when it has gone
        std::uint16_t status = 0;
        std::chrono::seconds retry_after{0};
    };

    /// `commons` may be null: then everybody is taken in.
    Door(Shard& shard, const DoorLimits& limits, Commons* commons) noexcept
        : shard_(shard), limits_(limits), commons_(commons) {}

    Answer knock(int descriptor) noexcept;
    void leave(session::AddressMark address) noexcept;
    /// An accept failed; `error` is an errno.
    void on_accept_failure(int error) noexcept;

    struct Counters {
        std::uint64_t no_descriptor = 0;  ///< accepts that failed for want of one, or of memory
        std::uint64_t addresses_full = 0;
        std::uint64_t no_memory = 0;
    };
    const Counters& counters() const noexcept { return counters_; }

private:
    bool is_counted(int descriptor, ring::PeerAddress& peer) const noexcept;

    Shard& shard_;
    const DoorLimits& limits_;
    Commons* const commons_;
    Counters counters_;
};

}  // namespace parley::server
