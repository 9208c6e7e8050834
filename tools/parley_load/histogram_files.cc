#include "parley_load/histogram_files.h"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>

#include "parley_load/percentile_file.h"

namespace parley::load {
namespace {

constexpr double nanoseconds_per_microsecond = 1000;

client::Failure cannot_write(const std::string& path) {
    return {fmt::format("cannot write {}: {}", path, std::strerror(errno))};
}

}  // namespace

client::Outcome<HistogramFiles> HistogramFiles::open(const std::string& path,
                                                     const Scenario& scenario) {
    HistogramFiles opened;
    for (std::size_t i = 0; !path.empty() && i < scenario.series().size(); ++i) {
        File next{i == 0 ? path : fmt::format("{}.{}", path, scenario.series()[i].name), nullptr};
        next.file.reset(std::fopen(next.path.c_str(), "we"));
        if (!next.file) return cannot_write(next.path);
        opened.files_.push_back(std::move(next));
    }
    return opened;
}

client::Done HistogramFiles::write(const Report& report) {
    for (std::size_t i = 0; i < files_.size(); ++i) {
        std::FILE* file = files_[i].file.get();
        fmt::print(file, "{}",
                   percentile_text(report.totals.series[i], nanoseconds_per_microsecond));
        if (std::fflush(file) != 0) return cannot_write(files_[i].path);
    }
    return Ok{};
}

}  // namespace parley::load
