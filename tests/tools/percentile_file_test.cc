// The percentile distribution: lines as HdrHistogram's own readers expect them.
#include "parley_load/percentile_file.h"

#include <gtest/gtest.h>
#include <sstream>

namespace parley::load {
namespace {

struct Line {
    double value = 0;
    double percentile = 0;
    std::uint64_t total = 0;
};

std::vector<Line> lines_of(const std::string& text) {
    std::istringstream stream{text};
    std::string line;
    std::vector<Line> lines;
    std::getline(stream, line);
    EXPECT_EQ(line, "       Value     Percentile TotalCount 1/(1-Percentile)");
    std::getline(stream, line);
    EXPECT_EQ(line, "");
    while (std::getline(stream, line) && !line.starts_with('#')) {
        Line read;
        std::istringstream{line} >> read.value >> read.percentile >> read.total;
        lines.push_back(read);
    }
    return lines;
}

TEST(PercentileText, IsThatOfHdrHistogramForTenValues) {
    Histogram histogram;
    for (std::uint64_t value = 1; value <= 10; ++value)
        histogram.record(value);
    EXPECT_EQ(percentile_text(histogram, 1),
              "       Value     Percentile TotalCount 1/(1-Percentile)\n"
              "\n"
              "       1.000 0.000000000000          1           1.00\n"
              "       1.000 0.100000000000          1           1.11\n"
              "       2.000 0.200000000000          2           1.25\n"
              "       3.000 0.300000000000          3           1.43\n"
              "       4.000 0.400000000000          4           1.67\n"
              "       5.000 0.500000000000          5           2.00\n"
              "       6.000 0.550000000000          6           2.22\n"
              "       6.000 0.600000000000          6           2.50\n"
              "       7.000 0.650000000000          7           2.86\n"
              "       7.000 0.700000000000          7           3.33\n"
              "       8.000 0.750000000000          8           4.00\n"
              "       8.000 0.775000000000          8           4.44\n"
              "       8.000 0.800000000000          8           5.00\n"
              "       9.000 0.825000000000          9           5.71\n"
              "       9.000 0.850000000000          9           6.67\n"
              "       9.000 0.875000000000          9           8.00\n"
              "       9.000 0.887500000000          9           8.89\n"
              "       9.000 0.900000000000          9          10.00\n"
              "      10.000 0.912500000000         10          11.43\n"
              "      10.000 1.000000000000         10\n"
              "#[Mean    =        5.500, StdDeviation   =        2.872]\n"
              "#[Max     =       10.000, Total count    =           10]\n"
              "#[Buckets =           34, SubBuckets     =          128]\n");
}

TEST(PercentileText, IsReadableWhenEmpty) {
    EXPECT_TRUE(lines_of(percentile_text(Histogram{}, 1000)).empty());
}

TEST(PercentileText, DividesByItsUnit) {
    Histogram histogram;
    histogram.record(2'500);
    const auto lines = lines_of(percentile_text(histogram, 1000));
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_DOUBLE_EQ(lines[0].value, 2.5);
}

TEST(PercentileText, RisesToTheLastValueInBoundedSteps) {
    Histogram histogram;
    for (std::uint64_t i = 0; i < 100'000; ++i)
        histogram.record(i * i % 1'000'003);
    const auto lines = lines_of(percentile_text(histogram, 1));
    EXPECT_LT(lines.size(), 200U);
    for (std::size_t i = 1; i < lines.size(); ++i) {
        EXPECT_GE(lines[i].value, lines[i - 1].value);
        EXPECT_GT(lines[i].percentile, lines[i - 1].percentile);
        EXPECT_GE(lines[i].total, lines[i - 1].total);
    }
    EXPECT_EQ(lines.back().percentile, 1.0);
    EXPECT_EQ(lines.back().total, histogram.count());
    EXPECT_EQ(static_cast<std::uint64_t>(lines.back().value), histogram.max());
}

}  // namespace
}  // namespace parley::load
