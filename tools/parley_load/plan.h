// Plan: what can be known of a run before it begins.
#pragma once

#include "client/outcome.h"
#include "parley_load/run.h"

namespace parley::load {

/// Resolves the server, divides the connections, raises the descriptor limit as far as it goes.
/// Errors: no such host, no such process, an unreadable speech, too few descriptors.
client::Outcome<Run::Plan> plan_run(const Options& options);

}  // namespace parley::load
