// doctor: says what examine() found, to a person or to a program.
#pragma once

#include <cstdint>

#include <parley/options.h>

namespace parley::daemon {

enum class Report : std::uint8_t { table, json };

/// Prints every finding to standard output. True if a server can run here.
bool print_findings(const Options& options, Report report);

}  // namespace parley::daemon
