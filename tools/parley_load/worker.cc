// Worker: the loop of one thread.
#include "parley_load/worker.h"

#include <algorithm>
#include <sys/prctl.h>

namespace parley::load {
namespace {

constexpr Nanoseconds turn_max = 10'000'000;  // phases are noticed within this
constexpr Nanoseconds phase_soon = 500'000;   // while the next phase is near

Phase next(Phase phase) noexcept {
    return static_cast<Phase>(static_cast<std::uint8_t>(phase) + 1);
}

}  // namespace

Worker::Worker(Run& run, const Scenario& scenario, std::uint32_t number)
    : run_(run),
      tally_(run.board.tallies()[number]),
      number_(number),
      swarm_(run, run.division.share_of(number)),
      part_(scenario.make_part({run, swarm_, tally_, number})) {
    swarm_.listen(*part_);
}

void Worker::work() {
    prctl(PR_SET_TIMERSLACK, 1000UL);  // a frame leaves within a microsecond or so of its time
    if (!run_on(run_.cores)) run_.fail("the generator may not run on the cores of --cores");
    run_.board.formed_count().fetch_add(1, std::memory_order_acq_rel);
    while (true) {
        const Phase phase = run_.board.phase().load(std::memory_order_acquire);
        // The conductor may have passed a phase that had nothing to wait for: none is skipped here.
        while (phase_ != phase && phase_ != Phase::ended)
            on_phase(phase == Phase::ended ? phase : next(phase_));
        if (phase == Phase::ended) break;
        const Nanoseconds until = act(now_ns());
        // From waking to here, what came meanwhile waited for this loop.
        if (phase == Phase::running && swarm_.woken_at() > measured_from_) {
            tally_.turned(now_ns() - swarm_.woken_at());
        }
        swarm_.wait(until);
        part_->publish();
    }
    measure_end();
    part_->end();
    part_->publish();
}

void Worker::on_phase(Phase phase) {
    if (phase_ == Phase::forming && run_.options.scenario != ScenarioName::churn) {
        for (std::uint32_t number = 0; number < run_.options.connections; ++number) {
            if (run_.division.worker_of(number) == number_) swarm_.add(number);
        }
    }
    phase_ = phase;
    if (phase == Phase::running) measure_begin();
    if (phase == Phase::draining) measure_end();
    part_->on_phase(phase);
    if (phase == Phase::draining) {
        part_->publish();
        run_.board.draining_count().fetch_add(1, std::memory_order_acq_rel);
    }
}

/// Does what the phase asks for; gives the time until which to wait for events.
Nanoseconds Worker::act(Nanoseconds now) {
    switch (phase_) {
        case Phase::forming:
            return now + phase_soon;
        case Phase::connecting:
            swarm_.open_more();
            return now + turn_max;
        default:
            return std::min(now + turn_max, part_->act(now));
    }
}

void Worker::measure_begin() {
    measured_from_ = now_ns();
    sched_from_ = thread_sched();
}

void Worker::measure_end() {
    if (measured_from_ == 0) return;
    const SchedStat sched = thread_sched();
    tally_.set(Count::window_ns, static_cast<std::uint64_t>(now_ns() - measured_from_));
    tally_.set(Count::ran_ns, static_cast<std::uint64_t>((sched.ran - sched_from_.ran).count()));
    tally_.set(Count::waited_ns,
               static_cast<std::uint64_t>((sched.waited - sched_from_.waited).count()));
    measured_from_ = 0;
}

}  // namespace parley::load
