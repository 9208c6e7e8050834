// Report: the result of a run.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "parley_load/options.h"
#include "parley_load/proc.h"
#include "parley_load/tally.h"

namespace parley::load {

class Scenario;

/// Memory at one moment.
struct MemoryLook {
    std::optional<ProcessMemory> server;
    KernelMemory kernel;
    std::uint64_t own = 0;  ///< anonymous, of all processes of the generator
};

/// All that was measured. The window is the running phase: it begins when everybody is ready and
/// ends before what is still under way has arrived.
struct Report {
    const Options& options;
    double window_seconds = 0;
    Totals window;                                       ///< at its end
    Totals totals;                                       ///< when all had arrived
    std::optional<std::chrono::nanoseconds> server_cpu;  ///< within the window
    MemoryLook before{};                                 ///< before the first connection
    MemoryLook ready{};                                  ///< when all were ready
    MemoryLook after{};                                  ///< at the end of the window
    double busiest_thread = 0;   ///< of the generator: share of the window in which it ran
    double starved_thread = 0;   ///< the same of waiting for a core
    double own_cpu_seconds = 0;  ///< of all its threads, within the window
    Nanoseconds behind_max = 0;  ///< the most that something left after it was due
    Nanoseconds turn_max = 0;    ///< the longest that events waited for the loop
    std::uint32_t workers = 1;
    bool in_processes = false;
    std::string failure;  ///< why the run ended early; empty if it did not
    std::string verdict;  ///< what is wrong with the results; empty if nothing

    bool passed() const noexcept { return failure.empty() && verdict.empty(); }
    /// Whether the generator rather than the server may have set the figures.
    std::string bottleneck() const;
    double per_second(Count which) const noexcept {
        return window_seconds > 0 ? static_cast<double>(window.get(which)) / window_seconds : 0;
    }
};

/// Several lines, or with --json one object, on standard output.
void print(const Report& report, const Scenario& scenario);

/// Time for people: in the unit that leaves few digits.
std::string human_time(std::uint64_t nanoseconds);

}  // namespace parley::load
