// Faults: what goes wrong in one simulated run, and how often.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"
#include "sim/random.h"

namespace parley::sim {

/// Rates in thousandths. Each seed draws its own ("swarm"), so that some runs see one fault
/// alone and often, and others see many at once.
struct Faults {
    std::uint32_t short_send = 0;     ///< a send takes less than there is room for
    std::uint32_t refused_send = 0;   ///< send_now answers -EAGAIN in spite of room
    std::uint32_t no_buffers = 0;     ///< a receive ends with -ENOBUFS in spite of free buffers
    std::uint32_t lost_more = 0;      ///< a multishot operation ends with a success
    std::uint32_t accept_error = 0;   ///< accept ends with -EMFILE, -ENFILE, -ENOMEM, -ECONNABORTED
    std::uint32_t part_of_batch = 0;  ///< a wait takes only some of what has completed
    std::uint32_t idle_wakeup = 0;    ///< a wait returns with nothing, as after a signal
    std::uint32_t early_submit = 0;   ///< queued operations go down before the next wait
    std::uint32_t stall = 0;          ///< a shard that could run is not run for a while
    std::uint32_t lossy_reset = 0;    ///< a reset discards what the other side has not read
    Duration delay_max{};             ///< between cause and completion
    Duration stall_max{};
    Duration turn_max{};              ///< what one turn of a shard takes
    std::size_t piece_bytes_max = 0;  ///< one receive hands out at most this much
    std::size_t socket_bytes = 0;     ///< what a socket holds for a peer that does not read
    std::uint32_t receive_buffers = 0;
    /// What the completion queue holds; 0: enough. Beyond it nothing is lost, but the kernel ends
    /// the multishot operation that has something to tell.
    std::uint32_t completions = 0;
    std::uint32_t clock_jump = 0;  ///< the time of day jumps by up to ten years, either way

    static Faults drawn(Random& random) noexcept;
    /// A kernel in its best mood: prompt, whole, never refusing.
    static Faults none() noexcept;
};

}  // namespace parley::sim
