// Division: everybody is served, by a worker that has room for them.
#include "parley_load/division.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <vector>

namespace parley::load {
namespace {

Division division_of(const Division::Wishes& wishes) {
    auto division = Division::of(wishes);
    EXPECT_TRUE(division);
    return *division;
}

/// Checks that the shares are what worker_of() says, and gives the largest.
std::uint32_t largest_share(const Division& division, std::uint32_t connections) {
    std::vector<std::uint32_t> shares(division.worker_count());
    for (std::uint32_t number = 0; number < connections; ++number)
        ++shares.at(division.worker_of(number));
    for (std::uint32_t worker = 0; worker < shares.size(); ++worker)
        EXPECT_EQ(shares[worker], division.share_of(worker)) << worker;
    return *std::ranges::max_element(shares);
}

TEST(Division, IsInThreadsWhileOneProcessHasRoomForAll) {
    const Division division = division_of({1000, 10, 4, 1064, false});
    EXPECT_EQ(division.worker_count(), 4U);
    EXPECT_FALSE(division.in_processes());
    EXPECT_FALSE(division.spreads_groups());
    EXPECT_EQ(largest_share(division, 1000), 250U);
}

TEST(Division, IsInProcessesBeyondTheDescriptorsOfOne) {
    const Division division = division_of({1000, 10, 1, 1063, false});
    EXPECT_TRUE(division.in_processes());
    EXPECT_EQ(division.worker_count(), 2U);
    EXPECT_LE(largest_share(division, 1000), 999U);
}

TEST(Division, SpreadsGroupsThatAreFewerThanThreads) {
    const Division division = division_of({300, 100, 4, 20'000, false});
    EXPECT_TRUE(division.spreads_groups());
    EXPECT_EQ(largest_share(division, 300), 75U);
}

TEST(Division, UsesFewerThreadsRatherThanSpreadGroupsThatMustBeWhole) {
    const Division division = division_of({300, 100, 4, 20'000, true});
    EXPECT_FALSE(division.spreads_groups());
    EXPECT_EQ(division.worker_count(), 3U);
}

TEST(Division, SpreadsAGroupThatIsLargerThanAProcessUnlessItMustBeWhole) {
    const Division division = division_of({50'000, 50'000, 1, 20'000, false});
    EXPECT_TRUE(division.spreads_groups());
    EXPECT_LE(largest_share(division, 50'000), 20'000U - Division::other_descriptors);
    EXPECT_FALSE(Division::of({50'000, 50'000, 1, 20'000, true}));
}

TEST(Division, NeverHasMoreWorkersThanConnections) {
    EXPECT_EQ(division_of({2, 1, 8, 20'000, false}).worker_count(), 2U);
}

TEST(Division, RefusesALimitThatLeavesNoRoom) {
    EXPECT_FALSE(Division::of({10, 10, 1, 64, false}));
    EXPECT_TRUE(Division::of({10, 10, 1, 65, false}));
}

TEST(Division, NeverGivesAProcessMoreThanItsDescriptors) {
    for (const std::uint32_t limit : {74U, 100U, 1064U}) {
        for (const std::uint32_t size : {1U, 2U, 7U, 36U, 50U, 600U}) {
            for (std::uint32_t groups = 1; groups < 60; groups += 7) {
                for (const std::uint32_t threads : {1U, 3U}) {
                    const Division division =
                        division_of({size * groups, size, threads, limit, false});
                    const std::uint32_t room = limit - Division::other_descriptors;
                    if (division.in_processes()) {
                        EXPECT_LE(largest_share(division, size * groups), room)
                            << limit << " " << size << " " << groups;
                    } else {
                        EXPECT_LE(size * groups, room);
                    }
                }
            }
        }
    }
}

TEST(Division, KeepsAGroupOnOneWorkerUnlessItSpreads) {
    const Division division = division_of({120, 4, 7, 20'000, false});
    for (std::uint32_t number = 0; number < 120; ++number)
        EXPECT_EQ(division.worker_of(number), division.worker_of(number / 4 * 4));
}

}  // namespace
}  // namespace parley::load
