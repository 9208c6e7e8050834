// Tally: reading and writing.
#include "parley_load/tally.h"

#include <algorithm>

namespace parley::load {

void SharedHistogram::record(Nanoseconds value) noexcept {
    const auto positive = static_cast<std::uint64_t>(std::max<Nanoseconds>(value, 0));
    add(buckets_[Histogram::bucket_of(positive)], 1);
    add(sum_, positive);
    if (positive > max_.load(std::memory_order_relaxed)) {
        max_.store(positive, std::memory_order_relaxed);
    }
}

Histogram SharedHistogram::snapshot() const {
    std::vector<std::uint64_t> buckets(Histogram::bucket_count);
    for (std::size_t i = 0; i < buckets.size(); ++i)
        buckets[i] = buckets_[i].load(std::memory_order_relaxed);
    return Histogram{std::move(buckets), sum_.load(std::memory_order_relaxed),
                     max_.load(std::memory_order_relaxed)};
}

void Tally::set(const Faults& faults) noexcept {
    set(Count::lost, faults.lost);
    set(Count::duplicated, faults.duplicated);
    set(Count::reordered, faults.reordered);
    set(Count::corrupted, faults.corrupted);
    set(Count::misdirected, faults.misdirected);
    set(Count::malformed, faults.malformed);
}

std::uint64_t Totals::faults() const noexcept {
    std::uint64_t sum = get(Count::floor_violations);
    for (auto which = static_cast<std::size_t>(Count::lost);
         which <= static_cast<std::size_t>(Count::malformed); ++which) {
        sum += counts[which];
    }
    return sum;
}

}  // namespace parley::load
