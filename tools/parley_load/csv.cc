// CSV: header and rows.
#include "parley_load/csv.h"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>

namespace parley::load {

client::Outcome<Csv> Csv::open(const std::string& path, const Scenario& scenario) {
    Csv csv{scenario};
    if (path.empty()) return csv;
    csv.file_.reset(std::fopen(path.c_str(), "we"));
    if (!csv.file_) {
        return client::Failure{fmt::format("cannot write {}: {}", path, std::strerror(errno))};
    }
    std::string line = "seconds";
    for (const CountTrait& count : scenario.counts())
        line += fmt::format(",{}", count.name);
    for (const SeriesTrait& series : scenario.series())
        line += fmt::format(",{0}_p50_us,{0}_p99_us,{0}_p999_us,{0}_max_us", series.name);
    fmt::print(csv.file_.get(), "{},server_cpu_seconds\n", line);
    if (std::fflush(csv.file_.get()) != 0) {
        return client::Failure{fmt::format("cannot write {}: {}", path, std::strerror(errno))};
    }
    return csv;
}

void Csv::row(double at, const Totals& now, const Totals& before,
              std::optional<std::chrono::nanoseconds> server_cpu) {
    if (!file_) return;
    std::string line = fmt::format("{:.3f}", at);
    for (const CountTrait& count : scenario_->counts()) {
        // Frames that come after all are taken back from those lost: below zero is possible.
        line += fmt::format(
            ",{}", static_cast<std::int64_t>(now.get(count.which) - before.get(count.which)));
    }
    for (std::size_t i = 0; i < scenario_->series().size(); ++i) {
        const Histogram series = now.series[i].since(before.series[i]);
        for (const double fraction : {0.5, 0.99, 0.999, 1.0})
            line += fmt::format(",{:.1f}", static_cast<double>(series.value_at(fraction)) / 1000);
    }
    line += server_cpu ? fmt::format(",{:.6f}", static_cast<double>(server_cpu->count()) / 1e9)
                       : std::string{","};
    fmt::print(file_.get(), "{}\n", line);
    std::fflush(file_.get());  // whoever plots it meanwhile sees whole rows
}

}  // namespace parley::load
