// Board and Tally: what one process writes, another reads.
#include "parley_load/board.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace parley::load {
namespace {

TEST(Board, SumsWhatProcessesTell) {
    Board board{2, 3};
    for (std::uint32_t worker = 0; worker < 2; ++worker) {
        const pid_t process = fork();
        ASSERT_GE(process, 0);
        if (process == 0) {
            Tally& tally = board.tallies()[worker];
            tally.add(Count::heard, 5 + worker);
            tally.record(1, 100 * (worker + 1));
            tally.set(Faults{.lost = worker, .malformed = 2});
            tally.late(7);
            board.ready_count().fetch_add(1);
            board.groups()[2].heard.fetch_add(1);
            board.fail(worker == 0 ? "the first" : "the second");
            _exit(0);
        }
        ASSERT_EQ(waitpid(process, nullptr, 0), process);
    }
    const Totals totals = board.totals();
    EXPECT_EQ(totals.get(Count::heard), 11U);
    EXPECT_EQ(board.sum(Count::heard), 11U);
    EXPECT_EQ(totals.get(Count::lost), 1U);
    EXPECT_EQ(totals.faults(), 5U);
    EXPECT_EQ(totals.series[1].count(), 2U);
    EXPECT_EQ(totals.series[1].max(), 200U);
    EXPECT_EQ(totals.series[0].count(), 0U);
    EXPECT_EQ(board.tallies()[1].behind_max(), 7);
    EXPECT_EQ(board.ready_count().load(), 2U);
    EXPECT_EQ(board.groups()[2].heard.load(), 2U);
    EXPECT_EQ(board.failure(), "the first");
}

TEST(Board, KeepsWhatFitsOfALongFailure) {
    Board board{1, 0};
    EXPECT_FALSE(board.failed());
    EXPECT_EQ(board.failure(), "");
    board.fail(std::string(100'000, 'x'));
    EXPECT_TRUE(board.failed());
    EXPECT_EQ(board.failure(), std::string(1023, 'x'));
}

TEST(SharedHistogram, IsTheHistogramOfWhatWasRecorded) {
    Board board{1, 0};
    Histogram wanted;
    for (Nanoseconds value = 1; value < 1'000'000'000; value = value * 3 + 1) {
        board.tallies()[0].record(0, value);
        wanted.record(static_cast<std::uint64_t>(value));
    }
    board.tallies()[0].record(0, -5);  // clocks of two cores may differ by a little
    wanted.record(0);
    const Histogram seen = board.tallies()[0].series(0);
    EXPECT_EQ(seen.count(), wanted.count());
    EXPECT_EQ(seen.max(), wanted.max());
    EXPECT_DOUBLE_EQ(seen.mean(), wanted.mean());
    for (const double fraction : {0.0, 0.3, 0.5, 0.9, 1.0})
        EXPECT_EQ(seen.value_at(fraction), wanted.value_at(fraction));
}

}  // namespace
}  // namespace parley::load
