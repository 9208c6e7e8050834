// fanout: the scenario in which one talks and all others of the group hear.
#pragma once

#include "client/outcome.h"
#include "parley_load/options.h"
#include "parley_load/report.h"

namespace parley::load {

/// Runs it, with progress on standard error. Takes at most options.connect_max, options.duration
/// and 5 s to drain, in all. Errors: the speech or the server cannot be used, too few descriptors;
/// what fails later is in the report.
client::Outcome<Report> run_fanout(const Options& options);

}  // namespace parley::load
