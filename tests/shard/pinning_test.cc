#include "shard/pinning.h"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <string>
#include <thread>
#include <vector>

namespace parley {
namespace {

using Cores = std::vector<int>;

Cores parsed(std::string_view text) {
    std::string error;
    Cores cores = parse_cpulist(text, error);
    EXPECT_EQ(error, "") << text;
    return cores;
}

TEST(CpuList, ReadsTheKernelsSyntax) {
    EXPECT_EQ(parsed("0"), (Cores{0}));
    EXPECT_EQ(parsed("0-3,6"), (Cores{0, 1, 2, 3, 6}));
    EXPECT_EQ(parsed("5-5"), (Cores{5}));
    EXPECT_EQ(parsed("0-7:2/4"), (Cores{0, 1, 4, 5}));
    EXPECT_EQ(parsed("0-9:1/3"), (Cores{0, 3, 6, 9}));
    EXPECT_EQ(parsed("2-5:4/4"), (Cores{2, 3, 4, 5}));
    EXPECT_EQ(parsed("1022-1023"), (Cores{1022, 1023}));
}

TEST(CpuList, KeepsTheOrderItIsWrittenInWithoutRepeats) {
    EXPECT_EQ(parsed("6,0-2"), (Cores{6, 0, 1, 2}));
    EXPECT_EQ(parsed("3,1,3,0-4"), (Cores{3, 1, 0, 2, 4}));
}

TEST(CpuList, SaysWhatIsWrong) {
    const char* table[] = {"",      ",",        "0,",      ",0",      "0,,1",    "a",
                           "-1",    "1-",       "3-1",     "0-3,x",   "0 1",     "0, 1",
                           " 0",    "0x1",      "1.5",     "65536",   "0-65536", "99999999999",
                           "0-3:",  "0-3:2",    "0-3:2/",  "0-3:0/2", "0-3:3/2", "0-3:2/0",
                           "0-3/2", "0-3:-1/2", "0-3:1/2x"};
    for (const char* bad : table) {
        std::string error;
        EXPECT_TRUE(parse_cpulist(bad, error).empty()) << bad;
        EXPECT_NE(error.find("0-3,6"), std::string::npos) << bad;  // what is right
    }
    std::string error;
    EXPECT_TRUE(parse_cpulist("0-3,oops,7", error).empty());
    EXPECT_NE(error.find("'oops'"), std::string::npos) << error;
}

TEST(Pinning, KnowsTheCoresThisProcessMayUse) {
    const Cores cores = allowed_cores();
    ASSERT_FALSE(cores.empty());
    EXPECT_TRUE(std::ranges::is_sorted(cores));
    EXPECT_EQ(std::ranges::adjacent_find(cores), cores.end());
}

TEST(Pinning, BindsTheCallingThreadAlone) {
    const Cores before = allowed_cores();
    const int core = before.back();
    Cores there;
    std::thread{[&] {
        EXPECT_TRUE(pin_this_thread(core));
        EXPECT_EQ(sched_getcpu(), core);
        there = allowed_cores();
    }}.join();
    EXPECT_EQ(there, (Cores{core}));
    EXPECT_EQ(allowed_cores(), before);
}

TEST(Pinning, FailsForACoreThatIsNotThere) {
    EXPECT_FALSE(pin_this_thread(1023));
    EXPECT_FALSE(pin_this_thread(100'000));
}

TEST(Pinning, NamesAThreadWithAsMuchAsFits) {
    std::thread{[] {
        std::array<char, 16> name{};
        name_this_thread("parley-0");
        pthread_getname_np(pthread_self(), name.data(), name.size());
        EXPECT_STREQ(name.data(), "parley-0");
        name_this_thread("a name that is too long");
        pthread_getname_np(pthread_self(), name.data(), name.size());
        EXPECT_STREQ(name.data(), "a name that is ");
    }}.join();
}

}  // namespace
}  // namespace parley
