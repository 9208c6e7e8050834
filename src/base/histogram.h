// Histogram: how long things took, with a bounded relative error and no allocation per value.
#pragma once

#include <cstdint>
#include <vector>

namespace parley {

/// Counts values from 0 to 2^40-1 in buckets whose width grows with the value (the idea of
/// HdrHistogram): every reported value is at most 1/128 above the true one. Values beyond the
/// range count as its end. Not thread-safe: one per thread, then merge().
class Histogram {
public:
    Histogram();

    void record(std::uint64_t value) noexcept;
    void merge(const Histogram& other) noexcept;

    /// The smallest recorded bucket end that at least `fraction` (0 to 1) of all values do not
    /// exceed; 0 while empty.
    std::uint64_t value_at(double fraction) const noexcept;
    std::uint64_t count() const noexcept { return count_; }
    std::uint64_t max() const noexcept { return max_; }
    double mean() const noexcept;

private:
    std::vector<std::uint64_t> buckets_;
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
    std::uint64_t sum_ = 0;
};

}  // namespace parley
