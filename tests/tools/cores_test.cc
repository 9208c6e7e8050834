// Cores: lists, and staying out of the server's way.
#include "parley_load/cores.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace parley::load {
namespace {

TEST(Cores, AreReadAsTasksetReadsThem) {
    EXPECT_EQ(parse_cores("0"), Cores{0});
    EXPECT_EQ(parse_cores("0-3,6"), (Cores{0, 1, 2, 3, 6}));
    EXPECT_EQ(parse_cores("7,2-2"), (Cores{7, 2}));
    for (const char* text : {"", ",", "1,", "-1", "3-1", "1-", "x", "1 2", "0-99999", "1,,2"})
        EXPECT_FALSE(parse_cores(text)) << text;
}

TEST(Cores, AreThoseWishedWhateverTheServerDoes) {
    EXPECT_EQ(choose_cores({1}, {0, 1}, {1}), Cores{1});
}

TEST(Cores, AreBesideAPinnedServer) {
    EXPECT_EQ(choose_cores({}, {0, 1, 2}, {0, 2}), Cores{1});
}

TEST(Cores, AreAnyIfTheServerIsNotPinnedOrElsewhereOrEverywhere) {
    EXPECT_EQ(choose_cores({}, {0, 1}, {}), Cores{});
    EXPECT_EQ(choose_cores({}, {0, 1}, {2, 3}), Cores{});
    EXPECT_EQ(choose_cores({}, {0, 1}, {0, 1}), Cores{});
}

TEST(Cores, OfThisProcessCanBeReadAndSet) {
    const Cores own = own_cores();
    ASSERT_FALSE(own.empty());
    EXPECT_TRUE(run_on({own.front()}));
    EXPECT_EQ(own_cores(), Cores{own.front()});
    if (sysconf(_SC_NPROCESSORS_ONLN) > 1) {
        EXPECT_EQ(pinned_cores(getpid()), Cores{own.front()});
    }
    EXPECT_TRUE(run_on(own));
    EXPECT_TRUE(run_on({}));
    EXPECT_FALSE(run_on({1023}));
}

}  // namespace
}  // namespace parley::load
