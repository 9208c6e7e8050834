// The map of users and groups, against the standard library's.
#include "base/flat_map.h"

#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <unordered_map>
#include <vector>

namespace parley {
namespace {

using Map = FlatMap<UserKey, int>;

TEST(FlatMap, FindsWhatWasPutIn) {
    Map map;
    EXPECT_EQ(map.find(UserKey{1}), nullptr);
    map.insert(UserKey{1}, 10);
    map.find_or_insert(UserKey{2}) = 20;
    EXPECT_EQ(map.size(), 2U);
    EXPECT_EQ(*map.find(UserKey{1}), 10);
    EXPECT_EQ(map.find_or_insert(UserKey{1}), 10);
    EXPECT_EQ(*std::as_const(map).find(UserKey{2}), 20);
    EXPECT_EQ(map.find_or_insert(UserKey{3}), 0);
    EXPECT_TRUE(map.erase(UserKey{1}));
    EXPECT_FALSE(map.erase(UserKey{1}));
    EXPECT_EQ(map.find(UserKey{1}), nullptr);
    EXPECT_EQ(map.size(), 2U);
}

TEST(FlatMap, TellsKeysOfTheSamePlaceApart) {
    FlatMap<GroupKey, int> map;
    for (std::uint64_t i = 1; i <= 6; ++i)
        map.insert(static_cast<GroupKey>(i), static_cast<int>(i));  // all hash to 0
    for (std::uint64_t i = 1; i <= 6; ++i)
        EXPECT_EQ(*map.find(static_cast<GroupKey>(i)), static_cast<int>(i));
    EXPECT_EQ(map.find(GroupKey{7}), nullptr);
    EXPECT_EQ(map.find(GroupKey{0}), nullptr);  // nobody
}

TEST(FlatMap, OwnsItsValues) {
    const auto watched = std::make_shared<int>(0);
    {
        FlatMap<UserKey, std::shared_ptr<int>> map;
        for (std::uint64_t i = 1; i <= 100; ++i)
            map.insert(static_cast<UserKey>(i << 40), watched);
        EXPECT_EQ(watched.use_count(), 101);
        for (std::uint64_t i = 1; i <= 50; ++i)
            map.erase(static_cast<UserKey>(i << 40));
        EXPECT_EQ(watched.use_count(), 51);
    }
    EXPECT_EQ(watched.use_count(), 1);
}

// The keys of one shard of several share lower bits, and still spread over all places. If they did
// not, this would take minutes.
TEST(FlatMap, SpreadsKeysThatShareTheirLowerBits) {
    FlatMap<UserKey, std::unique_ptr<int>> map;
    std::mt19937_64 random{9};
    std::vector<UserKey> keys;
    for (int i = 0; i < 200'000; ++i) {
        keys.push_back(static_cast<UserKey>(random() << 32 | 5));
        auto& value = map.find_or_insert(keys.back());
        if (value) {  // drawn before
            keys.pop_back();
        } else {
            value = std::make_unique<int>(static_cast<int>(keys.size() - 1));
        }
    }
    for (std::size_t i = 0; i < keys.size(); ++i)
        ASSERT_EQ(**map.find(keys[i]), static_cast<int>(i));
}

TEST(FlatMap, DoesWhatAnUnorderedMapWouldDo) {
    for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
        std::mt19937_64 random{seed};
        FlatMap<UserKey, std::uint64_t> map;
        std::unordered_map<UserKey, std::uint64_t> expected;
        // Many keys, few keys, and keys whose places are all at the ends of the table.
        const std::uint64_t key_count = seed == 1 ? 20'000 : 100;
        std::vector<UserKey> keys;
        for (std::uint64_t i = 0; i < key_count; ++i) {
            std::uint64_t key = random();
            if (seed > 2) key = (key % 8 - 4) << 32 | key >> 40;
            keys.push_back(static_cast<UserKey>(key | 1));
        }
        for (int step = 0; step < 1'000'000; ++step) {
            const UserKey key = keys[random() % keys.size()];
            switch (random() % 4) {
                case 0:
                    ASSERT_EQ(map.erase(key), expected.erase(key) == 1);
                    break;
                case 1:
                    map.find_or_insert(key) = expected[key] = random();
                    break;
                default: {
                    const auto known = expected.find(key);
                    const std::uint64_t* value = map.find(key);
                    ASSERT_EQ(value != nullptr, known != expected.end());
                    if (value != nullptr) {
                        ASSERT_EQ(*value, known->second);
                    }
                }
            }
            ASSERT_EQ(map.size(), expected.size());
        }
        std::size_t visited = 0;
        map.for_each([&](UserKey key, std::uint64_t& value) {
            ++visited;
            ASSERT_EQ(value, expected.at(key));
        });
        EXPECT_EQ(visited, expected.size());
    }
}

TEST(FlatMapDeathTest, AbortsOnAKeyThatIsThereOrIsNobodys) {
    Map map;
    map.insert(UserKey{1}, 1);
    EXPECT_DEATH(map.insert(UserKey{1}, 2), "assertion failed");
    EXPECT_DEATH(map.insert(UserKey{0}, 2), "assertion failed");
}

}  // namespace
}  // namespace parley
