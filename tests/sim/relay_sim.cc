// relay-sim: runs the server on the simulated ring, one life for each seed.
//
//   relay-sim FIRST_SEED COUNT [--trace]
//
// Ends with a line of figures, or, at the first seed where something is wrong, with that seed and
// the reason. Every hundredth seed runs twice: a run that does not repeat is an error.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

#include "sim/scenario.h"

#if defined(__SANITIZE_ADDRESS__)
// So that what it finds names its seed too.
extern "C" const char* __asan_default_options() {
    return "abort_on_error=1";
}
#endif

namespace {

using parley::sim::Outcome;
using parley::sim::run_scenario;
using parley::sim::Trace;

std::uint64_t present_seed = 0;

// An assertion of the server's names no seed: so this does.
void on_abort(int) {
    char text[64];
    const int size = std::snprintf(text, sizeof(text), "found at seed %llu\n",
                                   static_cast<unsigned long long>(present_seed));
    if (write(STDERR_FILENO, text, static_cast<std::size_t>(size)) < 0) _exit(2);
    _exit(1);
}

void check_repeats(std::uint64_t seed, const Outcome& first) {
    if (run_scenario(seed, Trace::off).trace_hash == first.trace_hash) return;
    std::fprintf(stderr, "seed %llu: a second run went another way\n",
                 static_cast<unsigned long long>(seed));
    std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3 || (argc > 3 && std::strcmp(argv[3], "--trace") != 0)) {
        std::fprintf(stderr, "usage: relay-sim FIRST_SEED COUNT [--trace]\n");
        return 2;
    }
    const std::uint64_t first = std::strtoull(argv[1], nullptr, 10);
    const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
    const Trace trace = argc > 3 ? Trace::print : Trace::off;
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS})
        std::signal(signal, on_abort);

    const auto began = std::chrono::steady_clock::now();
    Outcome sum;
    for (present_seed = first; present_seed < first + count; ++present_seed) {
        const Outcome outcome = run_scenario(present_seed, trace);
        if (present_seed % 100 == 0) check_repeats(present_seed, outcome);
        sum.completions += outcome.completions;
        sum.bursts += outcome.bursts;
        sum.messages_heard += outcome.messages_heard;
        sum.simulated += outcome.simulated;
    }
    const double took =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    const double simulated = std::chrono::duration<double>(sum.simulated).count();
    std::printf(
        "%llu seeds clean in %.2f s: %.0f seeds/s, %.2f M completions/s, %.1f h simulated, "
        "%llu bursts of talk, %llu messages heard\n",
        static_cast<unsigned long long>(count), took, static_cast<double>(count) / took,
        static_cast<double>(sum.completions) / took / 1e6, simulated / 3600,
        static_cast<unsigned long long>(sum.bursts),
        static_cast<unsigned long long>(sum.messages_heard));
    return 0;
}
