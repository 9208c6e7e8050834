#include "base/small_vector.h"

#include <gtest/gtest.h>
#include <random>
#include <vector>

#include "support/allocations.h"

namespace parley {
namespace {

struct Pair {
    std::uint64_t a = 0;
    std::uint32_t b = 7;
};
using List = SmallVector<Pair>;
static_assert(sizeof(List) == 24);

// Of the heap, in use.
std::uint64_t blocks() noexcept {
    return test::allocations() - test::frees();
}

TEST(SmallVector, KeepsItsFirstElementWithoutABlock) {
    const std::uint64_t before = blocks();
    List list;
    EXPECT_TRUE(list.empty());
    list.push_back({1, 2});
    EXPECT_EQ(list.size(), 1U);
    EXPECT_EQ(list.back().a, 1U);
    EXPECT_EQ(list.begin()->b, 2U);
    list.pop_back();
    list.push_back({3, 4});
    EXPECT_EQ(list.back().a, 3U);
    EXPECT_EQ(blocks(), before);
}

TEST(SmallVector, GivesItsBlockUpWhenOneIsLeft) {
    const std::uint64_t before = blocks();
    List list;
    for (std::uint64_t i = 0; i < 5; ++i)
        list.push_back({i, 0});
    EXPECT_EQ(blocks(), before + 1);
    while (list.size() > 1)
        list.pop_back();
    EXPECT_EQ(blocks(), before);
    EXPECT_EQ(list.back().a, 0U);
    {
        List another;
        another.push_back({1, 1});
        another.push_back({2, 2});
    }
    EXPECT_EQ(blocks(), before);
}

TEST(SmallVector, TakesACopyOfItsOwn) {
    List list;
    list.push_back({1, 2});
    for (int i = 0; i < 6; ++i)
        list.push_back(list.back());  // which the growing moves
    for (const Pair& each : list)
        EXPECT_EQ(each.a, 1U);
}

TEST(SmallVector, DoesWhatAVectorWouldDo) {
    std::mt19937_64 random{3};
    List list;
    std::vector<std::uint64_t> expected;
    for (int step = 0; step < 200'000; ++step) {
        const bool grows = (step / 50) % 2 == 0;
        if (random() % 4 == 0 ? !grows : grows) {
            expected.push_back(random());
            list.push_back({expected.back(), 0});
        } else if (!expected.empty()) {
            expected.pop_back();
            list.pop_back();
        }
        ASSERT_EQ(list.size(), expected.size());
        std::size_t i = 0;
        for (const Pair& each : list)
            ASSERT_EQ(each.a, expected[i++]);
        ASSERT_EQ(i, expected.size());
        if (!expected.empty()) {
            ASSERT_EQ(list.back().a, expected.back());
        }
    }
}

TEST(SmallVectorDeathTest, AbortsOnWhatItDoesNotHave) {
    List list;
    EXPECT_DEATH(list.pop_back(), "assertion failed");
    EXPECT_DEATH(list.back(), "assertion failed");
}

TEST(SmallVectorDeathTest, AbortsWhenItIsFull) {
    List list;
    for (int i = 0; i < 65'535; ++i)
        list.push_back({});
    EXPECT_EQ(list.size(), 65'535U);
    EXPECT_DEATH(list.push_back({}), "assertion failed");
}

}  // namespace
}  // namespace parley
