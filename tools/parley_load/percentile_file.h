// The percentile distribution of a histogram as HdrHistogram writes it
// (outputPercentileDistribution with 5 ticks per half distance), so that its plotters read ours.
#pragma once

#include <string>

#include "base/histogram.h"

namespace parley::load {

/// The text, with values divided by `unit`: 1000 shows nanoseconds as microseconds.
std::string percentile_text(const Histogram& histogram, double unit);

}  // namespace parley::load
