#include "base/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>

namespace parley {
namespace {

constexpr unsigned linear_bits = 7;  // 128 buckets in each power of two: error at most 1/128
constexpr unsigned value_bits = 40;
constexpr std::uint64_t value_max = (std::uint64_t{1} << value_bits) - 1;
constexpr std::size_t bucket_count =
    (value_bits - linear_bits + 1) * (std::size_t{1} << linear_bits);

std::size_t bucket_of(std::uint64_t value) noexcept {
    const std::uint64_t linear_size = std::uint64_t{1} << linear_bits;
    if (value < linear_size) return value;
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - linear_bits - 1;
    return (shift + 1) * linear_size + ((value >> shift) - linear_size);
}

std::uint64_t bucket_end(std::size_t bucket) noexcept {
    const std::uint64_t linear_size = std::uint64_t{1} << linear_bits;
    if (bucket < linear_size) return bucket;
    const auto shift = static_cast<unsigned>(bucket / linear_size - 1);
    return ((linear_size + bucket % linear_size + 1) << shift) - 1;
}

}  // namespace

Histogram::Histogram() : buckets_(bucket_count) {}

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

}  // namespace parley
