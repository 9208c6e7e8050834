// Listener: hears talk bursts, says who talks, and records.
#pragma once

#include "client/outcome.h"
#include "parley_talk/burst.h"
#include "parley_talk/options.h"

namespace parley::talk {

/// What was heard in all.
struct Heard {
    BurstCounts counts;
    std::uint32_t bursts = 0;
    std::uint32_t out_of_order = 0;  ///< frames after their burst's STOP; they are not recorded
    std::uint32_t malformed = 0;     ///< messages that are no VoicePing arrays, or frames no Opus
    double seconds = 0;              ///< of sound in the file
    std::string failure;             ///< why it ended early; empty if it did not
};

/// Listens until options.time_max is over, StopSignal comes, or the server goes away. Errors: the
/// server cannot be reached or refuses, the file cannot be written.
client::Outcome<Heard> listen(const Options& options);

/// One line for people, or with --json one object.
void print(const Heard& heard, const Options& options);

}  // namespace parley::talk
