// Worker: one thread of the generator, with its share of the clients.
#pragma once

#include <memory>

#include "parley_load/proc.h"
#include "parley_load/scenario.h"
#include "parley_load/swarm.h"

namespace parley::load {

class Worker final {
public:
    Worker(Run& run, const Scenario& scenario, std::uint32_t number);

    /// The thread's body: follows the phase from forming to ended.
    void work();

private:
    void on_phase(Phase phase);
    Nanoseconds act(Nanoseconds now);
    void measure_begin();
    void measure_end();

    Run& run_;
    Tally& tally_;
    std::uint32_t number_;
    Swarm swarm_;
    std::unique_ptr<Part> part_;
    Phase phase_ = Phase::forming;
    Nanoseconds measured_from_ = 0;  ///< 0: nothing is being measured
    SchedStat sched_from_;
};

}  // namespace parley::load
