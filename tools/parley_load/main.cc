// parley-load: loads a server and checks what comes back.
#include <fmt/format.h>

#include "parley_load/conductor.h"
#include "parley_load/histogram_files.h"
#include "parley_load/interrupt.h"
#include "parley_load/options.h"
#include "parley_load/report.h"
#include "parley_load/scenario.h"

namespace {

int complain(std::string_view why) {
    fmt::print(stderr, "parley-load: {}\n", why);
    return 1;
}

int run(const parley::load::Options& options) {
    const auto scenario = parley::load::make_scenario(options);
    parley::load::catch_interrupts();
    auto histograms = parley::load::HistogramFiles::open(options.histogram, *scenario);
    if (!histograms) return complain(histograms.error().text);
    auto report = parley::load::conduct(*scenario, options);
    if (!report) return complain(report.error().text);
    // A run that never began has no figures, unless a script waits for its object.
    const bool has_figures = report->window_seconds > 0;
    if (has_figures || options.json) print(*report, *scenario);
    if (has_figures) {
        auto written = histograms->write(*report);
        if (!written) return complain(written.error().text);
    }
    if (report->passed()) return 0;
    return complain(report->failure.empty() ? report->verdict : report->failure);
}

}  // namespace

int main(int argc, char** argv) {
    const auto options = parley::load::read_options(argc, argv);
    if (const int* status = std::get_if<int>(&options)) return *status;
    return run(*std::get_if<parley::load::Options>(&options));
}
