// Scenario: one simulated life of a server, from a seed.
//
//   radios come, talk, leave and misbehave ─▶ faults off, all must work ─▶ all leave, nothing left
#pragma once

#include <cstdint>

#include "sim/cluster.h"
#include "sim/judge.h"
#include "sim/world.h"

namespace parley::sim {

struct Outcome {
    std::uint64_t trace_hash = 0;
    std::uint64_t completions = 0;
    std::uint64_t bursts = 0;
    std::uint64_t messages_heard = 0;
    Duration simulated{};
};

/// Ends the program with the seed and the reason if anything is wrong.
enum class Trace : std::uint8_t { off, print };
Outcome run_scenario(std::uint64_t seed, Trace trace);

}  // namespace parley::sim
