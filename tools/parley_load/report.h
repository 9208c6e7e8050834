// Report: the result of a run, for people and for scripts.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "parley_load/checker.h"
#include "parley_load/options.h"
#include "parley_load/run.h"

namespace parley::load {

/// All that was measured. The window is the talking phase: it begins when all talkers have the
/// floor, and ends before what is still under way has arrived.
struct Report {
    double window_seconds = 0;
    std::uint64_t window_heard = 0;  ///< deliveries within the window
    std::uint64_t sent = 0;          ///< frames
    std::uint64_t expected = 0;      ///< deliveries
    std::uint64_t heard = 0;         ///< deliveries
    Faults faults;
    Histogram latency_ns;
    std::optional<std::chrono::nanoseconds> server_cpu;  ///< within the window
    double busiest_thread = 0;                           ///< of the generator, 0 to 1
    double own_cpu_seconds = 0;                          ///< of all its threads, within the window
    Nanoseconds behind_max = 0;
    std::string failure;  ///< why the run ended early; empty if it did not

    bool passed() const noexcept;
    /// Whether the generator rather than the server may have set the figures.
    std::string bottleneck() const;
};

/// Several lines, or with --json one object, on standard output.
void print(const Report& report, const Options& options);

}  // namespace parley::load
