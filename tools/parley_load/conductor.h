// Conductor: plans a run, moves its workers from phase to phase, and collects.
#pragma once

#include "client/outcome.h"
#include "parley_load/report.h"
#include "parley_load/scenario.h"

namespace parley::load {

/// Runs `scenario`; blocks until it has ended. Errors: nothing was begun, and why. What goes wrong
/// later is in the report.
client::Outcome<Report> conduct(const Scenario& scenario, const Options& options);

}  // namespace parley::load
