// The table of hashed entries: what it finds, what erasing moves, and how full it gets.
#include "base/flat_table.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <vector>

namespace parley {
namespace {

struct Item {
    std::uint32_t hash_value = 0;
    std::uint32_t number = 0;  // 0: the place is free

    std::uint32_t hash() const noexcept { return hash_value; }
    bool used() const noexcept { return number != 0; }
};
using Table = FlatTable<Item>;
using Numbers = std::vector<std::uint32_t>;

// All entries of a hash, as one who looks for several finds them.
Numbers of(const Table& table, std::uint32_t hash) {
    const auto all = [](const Item&) { return true; };
    Numbers found;
    for (auto place = table.find(hash, all); place != Table::none;
         place = table.find_from(table.after(place), hash, all)) {
        found.push_back(table.at(place).number);
    }
    std::ranges::sort(found);
    return found;
}

bool erase(Table& table, const Item& item) {
    const auto place = table.find(item.hash_value,
                                  [&item](const Item& each) { return each.number == item.number; });
    if (place == Table::none) return false;
    table.erase(place);
    return true;
}

TEST(FlatTable, IsEmptyAtFirstAndTakesNoMemory) {
    const Table table;
    EXPECT_TRUE(table.empty());
    EXPECT_EQ(table.capacity(), 0U);
    EXPECT_EQ(of(table, 7), Numbers{});
}

TEST(FlatTable, TellsEntriesOfOneHashApart) {
    Table table;
    for (std::uint32_t number = 1; number <= 5; ++number)
        table.insert({.hash_value = 7, .number = number});
    EXPECT_EQ(of(table, 7), (Numbers{1, 2, 3, 4, 5}));
    EXPECT_TRUE(erase(table, {7, 3}));
    EXPECT_FALSE(erase(table, {7, 3}));
    EXPECT_FALSE(erase(table, {8, 1}));
    EXPECT_EQ(of(table, 7), (Numbers{1, 2, 4, 5}));
    EXPECT_EQ(table.size(), 4U);
}

// The last home of an array: its entries wrap around to the beginning.
constexpr std::uint32_t last = UINT32_MAX;

TEST(FlatTable, WrapsAroundItsEnd) {
    Table table;
    for (std::uint32_t number = 1; number <= 4; ++number)
        table.insert({.hash_value = last - number, .number = number});
    table.insert({.hash_value = 0, .number = 5});  // its home is taken
    table.insert({.hash_value = 0, .number = 6});
    ASSERT_EQ(table.capacity(), 8U);  // nothing grew in between
    EXPECT_EQ(of(table, 0), (Numbers{5, 6}));
    for (std::uint32_t number = 1; number <= 4; ++number) {
        EXPECT_TRUE(erase(table, {last - number, number}));
        for (std::uint32_t other = number + 1; other <= 4; ++other)
            EXPECT_EQ(of(table, last - other), Numbers{other}) << number;
        EXPECT_EQ(of(table, 0), (Numbers{5, 6})) << number;
    }
    EXPECT_EQ(table.at(0).number, 5U);  // back at home
    EXPECT_EQ(table.at(1).number, 6U);
}

TEST(FlatTable, LeavesAnEntryAtHomeWhenOneBeforeItGoes) {
    Table table;
    table.insert({.hash_value = last, .number = 1});  // in the last place
    table.insert({.hash_value = 0, .number = 2});     // at home in the first
    table.insert({.hash_value = last, .number = 3});  // in the second
    EXPECT_TRUE(erase(table, {last, 1}));
    EXPECT_EQ(table.at(7).number, 3U);  // passed over the one that is at home
    EXPECT_EQ(table.at(0).number, 2U);
    EXPECT_FALSE(table.at(1).used());
}

TEST(FlatTable, NeverFillsMoreThanFourFifthsAndNeverShrinks) {
    Table table;
    std::size_t capacity = 0;
    for (std::uint32_t number = 1; number <= 100'000; ++number) {
        table.insert({.hash_value = number * 2'654'435'761U, .number = number});
        ASSERT_LE(table.size() * 5, table.capacity() * 4);
        ASSERT_GE(table.capacity(), capacity);
        capacity = table.capacity();
    }
    EXPECT_LE(capacity, table.size() * 19 / 10);
    for (std::uint32_t number = 1; number <= 100'000; ++number)
        ASSERT_TRUE(erase(table, {number * 2'654'435'761U, number}));
    EXPECT_TRUE(table.empty());
    EXPECT_EQ(table.capacity(), capacity);
}

TEST(FlatTable, MayBeWalkedWhileTheEntryAtHandIsErased) {
    std::mt19937_64 bits{5};
    const auto random = [&bits] { return static_cast<std::uint32_t>(bits()); };
    for (int round = 0; round < 2000; ++round) {
        Table table;
        const std::uint32_t base = random() % 2 == 0 ? last - 3 : random();
        for (std::uint32_t number = 1; number <= 12; ++number)
            table.insert({.hash_value = base + random() % 4, .number = number});
        Numbers expected = of(table, base);
        Numbers seen;
        const auto all = [](const Item&) { return true; };
        for (auto place = table.find(base, all); place != Table::none;) {
            seen.push_back(table.at(place).number);
            if (random() % 2 == 0) {
                table.erase(place);
            } else {
                place = table.after(place);
            }
            place = table.find_from(place, base, all);
        }
        std::ranges::sort(seen);
        ASSERT_EQ(seen, expected) << "round " << round;
    }
}

// Against a multimap, with so few homes that most entries lie away from theirs, at both ends of
// the array.
TEST(FlatTable, DoesWhatAMultimapWouldDo) {
    for (const std::uint32_t seed : {1U, 2U, 3U}) {
        std::mt19937_64 bits{seed};
        const auto random = [&bits] { return static_cast<std::uint32_t>(bits()); };
        Table table;
        std::multimap<std::uint32_t, std::uint32_t> expected;
        std::uint32_t next_number = 1;
        for (int step = 0; step < 100'000; ++step) {
            const std::uint32_t hash = (random() % 24 - 12) << 26 | random() % 2;
            // Grows and empties again, several times.
            const bool grows = (step / 300) % 2 == 0;
            if (random() % 3 == 0 ? !grows : grows) {
                table.insert({.hash_value = hash, .number = next_number});
                expected.emplace(hash, next_number++);
            } else if (const auto old = expected.find(hash); old != expected.end()) {
                ASSERT_TRUE(erase(table, {hash, old->second}));
                expected.erase(old);
            }
            Numbers numbers;
            const auto [first, end] = expected.equal_range(hash);
            for (auto each = first; each != end; ++each)
                numbers.push_back(each->second);
            std::ranges::sort(numbers);
            ASSERT_EQ(of(table, hash), numbers) << "seed " << seed << ", step " << step;
            ASSERT_EQ(table.size(), expected.size());
        }
    }
}

TEST(FlatTableDeathTest, AbortsOnWhatWouldCorruptIt) {
    Table table;
    EXPECT_DEATH(table.insert({}), "assertion failed");
    table.insert({.hash_value = 0, .number = 1});
    EXPECT_DEATH(table.erase(5), "assertion failed");
    EXPECT_DEATH(table.erase(Table::none), "assertion failed");
}

}  // namespace
}  // namespace parley
