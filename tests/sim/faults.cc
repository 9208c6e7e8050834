#include "sim/faults.h"

#include <algorithm>
#include <array>

namespace parley::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// Absent in half of the runs; else anything up to `most`.
std::uint32_t rate(Random& random, std::uint32_t most) noexcept {
    return random.chance(500) ? 0 : static_cast<std::uint32_t>(random.below(most + 1));
}

}  // namespace

Faults Faults::drawn(Random& random) noexcept {
    constexpr std::array<Duration, 4> delays{microseconds{5}, microseconds{100}, milliseconds{2},
                                             milliseconds{20}};
    constexpr std::array<std::size_t, 4> pieces{3, 40, 300, 4096};
    constexpr std::array<std::size_t, 4> sockets{200, 1000, 6000, 60000};
    Faults faults;
    faults.short_send = rate(random, 400);
    faults.refused_send = rate(random, 300);
    faults.no_buffers = rate(random, 200);
    faults.lost_more = rate(random, 100);
    faults.accept_error = rate(random, 200);
    faults.part_of_batch = rate(random, 500);
    faults.idle_wakeup = rate(random, 50);
    faults.early_submit = rate(random, 100);
    faults.stall = rate(random, 60);
    faults.lossy_reset = rate(random, 1000);
    faults.delay_max = delays[random.below(delays.size())];
    faults.stall_max = milliseconds{random.between(1, 20)};
    faults.turn_max = microseconds{random.between(1, 200)};
    faults.piece_bytes_max = pieces[random.below(pieces.size())];
    faults.socket_bytes = sockets[random.below(sockets.size())];
    faults.receive_buffers = static_cast<std::uint32_t>(random.between(1, 8));
    faults.completions = random.chance(500) ? 0 : static_cast<std::uint32_t>(random.between(1, 8));
    faults.clock_jump = rate(random, 20);
    return faults;
}

Faults Faults::none() noexcept {
    Faults faults;
    faults.delay_max = microseconds{50};
    faults.turn_max = microseconds{5};
    faults.piece_bytes_max = 4096;
    faults.socket_bytes = std::size_t{1} << 20;
    faults.receive_buffers = 8;
    return faults;
}

}  // namespace parley::sim
