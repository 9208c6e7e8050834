// Talker: takes the floor, says a file at real pace, gives the floor back.
//
//   START ──▶ START_ACK ──▶ AUDIO at its time, … ──▶ STOP ──▶ STOP_ACK
//     └─────▶ START_FAILED: busy, or not a member
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "client/outcome.h"
#include "parley_talk/options.h"

namespace parley::talk {

/// What was said.
struct Said {
    std::size_t packets = 0;
    std::chrono::milliseconds spoken{};      ///< packets times their length
    std::chrono::microseconds behind_max{};  ///< the most that a packet left after its time
    std::string message_id;                  ///< the server's name of the burst; empty if none
};

/// Says options.say. Ends early, with STOP, when StopSignal comes or options.time_max is over.
/// Errors: the file, the server, the floor is taken, not a member, the server took the floor away.
client::Outcome<Said> say(const Options& options);

/// One line for people, or with --json one object.
void print(const Said& said, const Options& options);

}  // namespace parley::talk
