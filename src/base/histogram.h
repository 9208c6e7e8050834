// Histogram: how long things took, with a bounded relative error and no allocation per value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace parley {

/// Counts values from 0 to 2^40-1 in buckets whose width grows with the value (the idea of
/// HdrHistogram): every reported value is at most 1/128 above the true one. Values beyond the
/// range count as its end. Not thread-safe: one per thread, then merge().
class Histogram {
public:
    static constexpr unsigned linear_bits = 7;  ///< 128 buckets in each power of two
    static constexpr unsigned value_bits = 40;
    static constexpr std::size_t bucket_count = (value_bits - linear_bits + 1) << linear_bits;

    Histogram();
    /// From counts that were kept elsewhere, such as in shared memory. Requires bucket_count of
    /// them; `sum` and `max` are of the values themselves.
    Histogram(std::vector<std::uint64_t> buckets, std::uint64_t sum, std::uint64_t max);

    /// The bucket of a value, and the largest value of a bucket.
    static std::size_t bucket_of(std::uint64_t value) noexcept;
    static std::uint64_t bucket_end(std::size_t bucket) noexcept;

    void record(std::uint64_t value) noexcept;
    void merge(const Histogram& other) noexcept;
    /// What was recorded after `earlier`, which must be this one as it was before. Its max() is
    /// the end of the highest bucket.
    Histogram since(const Histogram& earlier) const;

    /// The smallest recorded bucket end that at least `fraction` (0 to 1) of all values do not
    /// exceed; 0 while empty.
    std::uint64_t value_at(double fraction) const noexcept;
    std::uint64_t count() const noexcept { return count_; }
    std::uint64_t max() const noexcept { return max_; }
    double mean() const noexcept;
    /// Of the values as their buckets show them.
    double deviation() const noexcept;
    std::uint64_t in_bucket(std::size_t bucket) const noexcept { return buckets_[bucket]; }

private:
    std::vector<std::uint64_t> buckets_;
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
    std::uint64_t sum_ = 0;
};

}  // namespace parley
