// Arrivals: schedules that keep their rate.
#include "parley_load/arrivals.h"

#include <gtest/gtest.h>

namespace parley::load {
namespace {

TEST(EvenDue, DoesNotDriftOverADay) {
    EXPECT_EQ(even_due(0, 3), 0);
    EXPECT_EQ(even_due(1, 3), 333'333'333);
    EXPECT_EQ(even_due(3, 3), second_ns);
    EXPECT_NEAR(static_cast<double>(even_due(86'400ULL * 7000, 7000)), 86'400e9, 1e3);
}

TEST(Chance, IsTheSameForTheSameSeed) {
    Chance one{7};
    Chance same{7};
    Chance other{8};
    bool differs = false;
    for (int i = 0; i < 100; ++i) {
        const Nanoseconds length = one.length(1e9);
        EXPECT_EQ(length, same.length(1e9));
        differs |= length != other.length(1e9);
        EXPECT_EQ(one.below(10), same.below(10));
        static_cast<void>(other.below(10));
    }
    EXPECT_TRUE(differs);
}

TEST(Chance, MakesLengthsOfTheWantedMeanWhoseRestDoesNotDependOnTheirAge) {
    Chance chance{1};
    constexpr int count = 200'000;
    double sum = 0;
    int beyond_one = 0;
    int beyond_two = 0;
    for (int i = 0; i < count; ++i) {
        const auto length = static_cast<double>(chance.length(1e9));
        EXPECT_GE(length, 0);
        sum += length;
        beyond_one += length > 1e9 ? 1 : 0;
        beyond_two += length > 2e9 ? 1 : 0;
    }
    EXPECT_NEAR(sum / count, 1e9, 1e7);
    EXPECT_NEAR(static_cast<double>(beyond_one) / count, 0.3679, 0.005);
    EXPECT_NEAR(static_cast<double>(beyond_two) / beyond_one, 0.3679, 0.01);
}

TEST(Chance, KeepsLengthsWithinTheirBounds) {
    Chance chance{2};
    for (int i = 0; i < 10'000; ++i) {
        const Nanoseconds length = chance.length_within(100, 50, 200);
        EXPECT_GE(length, 50);
        EXPECT_LE(length, 200);
        EXPECT_LT(chance.below(3), 3U);
    }
}

}  // namespace
}  // namespace parley::load
