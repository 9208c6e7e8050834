// parley-load: loads a server with voice and checks what comes back.
#include <fmt/format.h>

#include "parley_load/fanout.h"
#include "parley_load/options.h"
#include "parley_load/report.h"

namespace {

int run(const parley::load::Options& options) {
    auto report = parley::load::run_fanout(options);
    if (!report) {
        fmt::print(stderr, "parley-load: {}\n", report.error().text);
        return 1;
    }
    // A run that never began to talk has no figures, unless a script waits for its object.
    if (report->window_seconds > 0 || options.json) print(*report, options);
    if (report->passed()) return 0;
    fmt::print(stderr, "parley-load: {}\n",
               report->failure.empty() ? "not every frame came once, whole and in order"
                                       : report->failure);
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    const auto options = parley::load::read_options(argc, argv);
    if (const int* status = std::get_if<int>(&options)) return *status;
    return run(*std::get_if<parley::load::Options>(&options));
}
