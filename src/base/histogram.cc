#include "base/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>

#include "base/assert.h"

namespace parley {
namespace {

constexpr std::uint64_t value_max = (std::uint64_t{1} << Histogram::value_bits) - 1;
constexpr std::uint64_t linear_size = std::uint64_t{1} << Histogram::linear_bits;

}  // namespace

std::size_t Histogram::bucket_of(std::uint64_t value) noexcept {
    value = std::min(value, value_max);
    if (value < linear_size) return value;
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - linear_bits - 1;
    return (shift + 1) * linear_size + ((value >> shift) - linear_size);
}

std::uint64_t Histogram::bucket_end(std::size_t bucket) noexcept {
    if (bucket < linear_size) return bucket;
    const auto shift = static_cast<unsigned>(bucket / linear_size - 1);
    return ((linear_size + bucket % linear_size + 1) << shift) - 1;
}

Histogram::Histogram() : buckets_(bucket_count) {}

Histogram::Histogram(std::vector<std::uint64_t> buckets, std::uint64_t sum, std::uint64_t max)
    : buckets_(std::move(buckets)), max_(max), sum_(sum) {
    PARLEY_ASSERT(buckets_.size() == bucket_count);
    count_ = std::accumulate(buckets_.begin(), buckets_.end(), std::uint64_t{0});
}

void Histogram::record(std::uint64_t value) noexcept {
    value = std::min(value, value_max);
    ++buckets_[bucket_of(value)];
    ++count_;
    sum_ += value;
    max_ = std::max(max_, value);
}

void Histogram::merge(const Histogram& other) noexcept {
    for (std::size_t i = 0; i < bucket_count; ++i)
        buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
}

Histogram Histogram::since(const Histogram& earlier) const {
    std::vector<std::uint64_t> buckets(bucket_count);
    std::uint64_t highest = 0;
    for (std::size_t i = 0; i < bucket_count; ++i) {
        PARLEY_ASSERT(buckets_[i] >= earlier.buckets_[i]);
        buckets[i] = buckets_[i] - earlier.buckets_[i];
        if (buckets[i] > 0) highest = std::min(bucket_end(i), max_);
    }
    return Histogram{std::move(buckets), sum_ - earlier.sum_, highest};
}

std::uint64_t Histogram::value_at(double fraction) const noexcept {
    if (count_ == 0) return 0;
    const auto wanted = static_cast<std::uint64_t>(
        std::ceil(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < bucket_count; ++i) {
        seen += buckets_[i];
        if (seen >= std::max<std::uint64_t>(wanted, 1)) return std::min(bucket_end(i), max_);
    }
    return max_;
}

double Histogram::mean() const noexcept {
    return count_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

double Histogram::deviation() const noexcept {
    if (count_ == 0) return 0;
    double squares = 0;
    for (std::size_t i = 0; i < bucket_count; ++i) {
        const double distance = static_cast<double>(bucket_end(i)) - mean();
        squares += distance * distance * static_cast<double>(buckets_[i]);
    }
    return std::sqrt(squares / static_cast<double>(count_));
}

}  // namespace parley
