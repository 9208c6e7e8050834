#include "base/histogram.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace parley {
namespace {

constexpr std::uint64_t value_max = (std::uint64_t{1} << 40) - 1;

Histogram histogram_of(const std::vector<std::uint64_t>& values) {
    Histogram histogram;
    for (const std::uint64_t value : values)
        histogram.record(value);
    return histogram;
}

// The smallest value that `fraction` of all do not exceed.
std::uint64_t true_value_at(const std::vector<std::uint64_t>& sorted, double fraction) {
    const auto rank =
        static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(sorted.size())));
    return sorted[std::max<std::size_t>(rank, 1) - 1];
}

void expect_close(const Histogram& histogram, std::vector<std::uint64_t> values) {
    std::ranges::sort(values);
    for (const double fraction : {0.0, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1.0}) {
        const std::uint64_t expected = true_value_at(values, fraction);
        const std::uint64_t found = histogram.value_at(fraction);
        ASSERT_GE(found, expected) << fraction;
        ASSERT_LE(found - expected, expected / 128) << fraction;
    }
}

TEST(Histogram, IsEmptyAtFirst) {
    const Histogram histogram;
    EXPECT_EQ(histogram.count(), 0U);
    EXPECT_EQ(histogram.max(), 0U);
    EXPECT_EQ(histogram.mean(), 0.0);
    EXPECT_EQ(histogram.value_at(0.5), 0U);
    EXPECT_EQ(histogram.value_at(1.0), 0U);
}

TEST(Histogram, IsExactBelow256) {
    for (std::uint64_t value = 0; value < 256; ++value) {
        const Histogram histogram = histogram_of({value, value + 300});
        EXPECT_EQ(histogram.value_at(0.5), value);
    }
}

TEST(Histogram, ReportsNothingAboveItsMaximum) {
    const Histogram histogram = histogram_of({1'000'000});
    EXPECT_EQ(histogram.max(), 1'000'000U);
    EXPECT_EQ(histogram.value_at(0.0), 1'000'000U);
    EXPECT_EQ(histogram.value_at(1.0), 1'000'000U);
}

TEST(Histogram, IsWithinOnePartIn128AroundEveryPowerOfTwo) {
    for (unsigned bit = 0; bit < 40; ++bit) {
        const std::uint64_t power = std::uint64_t{1} << bit;
        for (const std::uint64_t value : {power - 1, power, power + 1}) {
            if (value > value_max) continue;
            const Histogram histogram = histogram_of({value, value_max});
            const std::uint64_t found = histogram.value_at(0.5);
            EXPECT_GE(found, value);
            EXPECT_LE(found - value, value / 128) << value;
        }
    }
}

TEST(Histogram, PercentilesAreWithinOnePartIn128OfTheSortedValues) {
    std::mt19937_64 random{20};
    for (int round = 0; round < 50; ++round) {
        std::vector<std::uint64_t> values(1 + random() % 3000);
        // Some of each magnitude, and many repeated.
        for (std::uint64_t& value : values)
            value = (random() & value_max) >> (random() % 40);
        for (std::size_t i = 0; i < values.size() / 3; ++i)
            values[i] = values.back();
        expect_close(histogram_of(values), values);
        if (testing::Test::HasFatalFailure()) return;
    }
}

TEST(Histogram, MeanAndCountAreOfAllValues) {
    const Histogram histogram = histogram_of({1, 2, 3, 1000});
    EXPECT_EQ(histogram.count(), 4U);
    EXPECT_DOUBLE_EQ(histogram.mean(), 251.5);
}

TEST(Histogram, CountsWhatIsBeyondItsRangeAsItsEnd) {
    const Histogram histogram = histogram_of({5, UINT64_MAX});
    EXPECT_EQ(histogram.count(), 2U);
    EXPECT_EQ(histogram.max(), value_max);
    EXPECT_EQ(histogram.value_at(1.0), value_max);
}

TEST(Histogram, TakesFractionsOutsideZeroToOneAsItsEnds) {
    const Histogram histogram = histogram_of({1, 2, 3});
    EXPECT_EQ(histogram.value_at(-1.0), 1U);
    EXPECT_EQ(histogram.value_at(2.0), 3U);
}

TEST(Histogram, KnowsWhatCameAfterAnEarlierLook) {
    Histogram histogram = histogram_of({1, 2, 3, 70'000});
    const Histogram earlier = histogram;
    for (const std::uint64_t value : {2, 900, 1000})
        histogram.record(value);
    const Histogram later = histogram.since(earlier);
    EXPECT_EQ(later.count(), 3U);
    EXPECT_EQ(later.value_at(0.0), 2U);
    EXPECT_NEAR(static_cast<double>(later.max()), 1000, 1000.0 / 128);
    EXPECT_NEAR(later.mean(), (2 + 900 + 1000) / 3.0, 0.01);
    EXPECT_EQ(histogram.since(histogram).count(), 0U);
    EXPECT_EQ(histogram.since(histogram).max(), 0U);
}

TEST(Histogram, CanBeMadeFromCountsKeptElsewhere) {
    std::vector<std::uint64_t> buckets(Histogram::bucket_count);
    for (const std::uint64_t value : {5, 5, 300})
        ++buckets[Histogram::bucket_of(value)];
    const Histogram histogram{buckets, 310, 300};
    EXPECT_EQ(histogram.count(), 3U);
    EXPECT_EQ(histogram.value_at(0.5), 5U);
    EXPECT_EQ(histogram.value_at(1.0), 300U);
    EXPECT_EQ(histogram.in_bucket(5), 2U);
}

TEST(Histogram, EveryValueLiesInItsBucket) {
    for (std::size_t bucket = 0; bucket < Histogram::bucket_count; ++bucket) {
        const std::uint64_t end = Histogram::bucket_end(bucket);
        EXPECT_EQ(Histogram::bucket_of(end), bucket);
        if (bucket + 1 < Histogram::bucket_count) {
            EXPECT_EQ(Histogram::bucket_of(end + 1), bucket + 1);
        }
    }
    EXPECT_EQ(Histogram::bucket_of(UINT64_MAX), Histogram::bucket_count - 1);
}

TEST(Histogram, DeviationIsOfTheValues) {
    EXPECT_EQ(Histogram{}.deviation(), 0.0);
    EXPECT_DOUBLE_EQ(histogram_of({2, 4, 4, 4, 5, 5, 7, 9}).deviation(), 2.0);
}

TEST(Histogram, MergingIsRecordingBoth) {
    std::mt19937_64 random{21};
    std::vector<std::uint64_t> all;
    Histogram merged;
    for (int part = 0; part < 4; ++part) {
        Histogram one;
        for (int i = 0; i < 1000; ++i) {
            all.push_back(random() % (std::uint64_t{1} << (10 * part + 5)));
            one.record(all.back());
        }
        merged.merge(one);
    }
    merged.merge(Histogram{});
    const Histogram whole = histogram_of(all);
    EXPECT_EQ(merged.count(), whole.count());
    EXPECT_EQ(merged.max(), whole.max());
    EXPECT_DOUBLE_EQ(merged.mean(), whole.mean());
    expect_close(merged, all);
}

}  // namespace
}  // namespace parley
