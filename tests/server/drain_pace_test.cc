// At what pace connections are sent away.
#include "server/drain_pace.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace parley::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant begin{std::chrono::hours{1}};
constexpr milliseconds step{10};

struct Course {
    std::size_t most_in_a_step = 0;
    Duration took{};
};

// All are ready from the beginning, and the pace is asked in equal steps.
Course run_through(const DrainPace::Limits& limits, std::size_t count) {
    DrainPace pace{limits, begin};
    Course course;
    for (Instant now = begin; count > 0; now += step) {
        const std::size_t taken = pace.take(count, count, now);
        course.most_in_a_step = std::max(course.most_in_a_step, taken);
        count -= taken;
        course.took = now - begin;
    }
    return course;
}

TEST(DrainPace, SendsAwayAtTheRateWhereThatIsSoonEnough) {
    const Course slow = run_through({.rate_max = 2000, .time_max = seconds{5}}, 1000);
    EXPECT_LE(slow.most_in_a_step, 20U);
    EXPECT_GE(slow.took, milliseconds{500});
    EXPECT_LE(slow.took, milliseconds{520});
    const Course few = run_through({.rate_max = 2000, .time_max = seconds{5}}, 20);
    EXPECT_LE(few.took, milliseconds{20});
}

TEST(DrainPace, IsFasterOnlyWhereTheTimeWouldNotDo) {
    const Course fast = run_through({.rate_max = 2000, .time_max = seconds{5}}, 20'000);
    EXPECT_LE(fast.took, seconds{5});
    EXPECT_GE(fast.took, milliseconds{4900});
    EXPECT_LE(fast.most_in_a_step, 41U);
}

TEST(DrainPace, EndsAtItsTimeWithoutWaitingAtAllIfThatIsNothing) {
    DrainPace pace{{.rate_max = 1, .time_max = Duration::zero()}, begin};
    EXPECT_EQ(pace.take(7, 7, begin), 7U);
}

TEST(DrainPace, CatchesUpWithStepsThatWereLate) {
    DrainPace pace{{.rate_max = 1000, .time_max = seconds{5}}, begin};
    EXPECT_EQ(pace.take(5000, 5000, begin), 0U);
    EXPECT_EQ(pace.take(5000, 5000, begin + seconds{1}), 1000U);
}

TEST(DrainPace, MakesUpForNoTimeInWhichNobodyCouldLeave) {
    DrainPace pace{{.rate_max = 1000, .time_max = seconds{5}}, begin};
    EXPECT_EQ(pace.take(0, 1000, begin + seconds{1}), 0U);
    EXPECT_LE(pace.take(1000, 1000, begin + seconds{1} + step), 11U);
}

TEST(DrainPace, PressesOnlyThoseWhoWouldNotBeGoneInTime) {
    const DrainPace pace{{.rate_max = 1000, .time_max = seconds{5}}, begin};
    EXPECT_EQ(pace.pressed(5000, begin), 0U);
    EXPECT_EQ(pace.pressed(5010, begin), 10U);
    EXPECT_EQ(pace.pressed(10, begin + milliseconds{4990}), 0U);
    EXPECT_EQ(pace.pressed(10, begin + seconds{5}), 10U);
    EXPECT_EQ(pace.pressed(10, begin + seconds{6}), 10U);
}

TEST(DrainPace, SpreadsReturnsAtTheRateEvenWhereItSendsAwayFaster) {
    DrainPace pace{{.rate_max = 1000, .time_max = seconds{1}}, begin};
    std::size_t left = 4000;
    EXPECT_EQ(pace.length(left), seconds{1});
    Instant last_back = begin;
    for (Instant now = begin; left > 0; now += step) {
        left -= pace.take(left, left, now);
        const Instant back = begin + pace.turn();
        EXPECT_GE(back, last_back);
        EXPECT_GE(back - begin, milliseconds{4000 - left} - milliseconds{1});
        last_back = back;
    }
    EXPECT_LE(last_back, begin + seconds{4} + step);
}

}  // namespace
}  // namespace parley::server
