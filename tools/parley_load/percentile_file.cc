// The percentile distribution: the same steps as HdrHistogram's PercentileIterator.
#include "parley_load/percentile_file.h"

#include <cmath>
#include <fmt/format.h>

namespace parley::load {
namespace {

constexpr double ticks_per_half_distance = 5;

/// The next percentage to report behind `level`: five steps until half of what is left is done.
double level_behind(double level) noexcept {
    const double halvings = std::floor(std::log2(100.0 / (100.0 - level))) + 1;
    return level + 100.0 / (ticks_per_half_distance * std::exp2(halvings));
}

}  // namespace

std::string percentile_text(const Histogram& histogram, double unit) {
    std::string text = fmt::format("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile",
                                   "TotalCount", "1/(1-Percentile)");
    const auto total = static_cast<double>(histogram.count());
    std::uint64_t seen = 0;
    double level = 0;
    for (std::size_t bucket = 0; bucket < Histogram::bucket_count; ++bucket) {
        if (histogram.in_bucket(bucket) == 0) continue;
        seen += histogram.in_bucket(bucket);
        const double value =
            static_cast<double>(std::min(Histogram::bucket_end(bucket), histogram.max())) / unit;
        while (level < 100.0 && 100.0 * static_cast<double>(seen) / total >= level) {
            text += fmt::format("{:12.3f} {:14.12f} {:10} {:14.2f}\n", value, level / 100, seen,
                                1 / (1 - level / 100));
            if (seen == histogram.count()) break;
            level = level_behind(level);
        }
    }
    const double max = static_cast<double>(histogram.max()) / unit;
    if (seen > 0) text += fmt::format("{:12.3f} {:14.12f} {:10}\n", max, 1.0, seen);
    text += fmt::format("#[Mean    = {:12.3f}, StdDeviation   = {:12.3f}]\n",
                        histogram.mean() / unit, histogram.deviation() / unit);
    text += fmt::format("#[Max     = {:12.3f}, Total count    = {:12}]\n", max, histogram.count());
    text += fmt::format("#[Buckets = {:12}, SubBuckets     = {:12}]\n",
                        Histogram::value_bits - Histogram::linear_bits + 1,
                        1U << Histogram::linear_bits);
    return text;
}

}  // namespace parley::load
