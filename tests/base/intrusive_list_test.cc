#include "base/intrusive_list.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <vector>

namespace parley {
namespace {

struct Item {
    explicit Item(int n) : number(n) {}

    int number;
    ListHook hook;
    ListHook other_hook;
};
using List = IntrusiveList<Item, &Item::hook>;
using OtherList = IntrusiveList<Item, &Item::other_hook>;
using Numbers = std::vector<int>;

template <class AnyList>
Numbers numbers(AnyList& list) {
    Numbers found;
    for (const Item& item : list)
        found.push_back(item.number);
    return found;
}

TEST(IntrusiveList, KeepsTheOrderOfPushing) {
    Item a{1};
    Item b{2};
    Item c{3};
    List list;
    EXPECT_TRUE(list.empty());
    list.push_back(a);
    list.push_back(b);
    list.push_back(c);
    EXPECT_EQ(numbers(list), (Numbers{1, 2, 3}));
    EXPECT_EQ(&list.front(), &a);
    EXPECT_EQ(&list.back(), &c);
    EXPECT_EQ(&list.pop_front(), &a);
    EXPECT_FALSE(a.hook.linked());
    EXPECT_EQ(numbers(list), (Numbers{2, 3}));
}

TEST(IntrusiveList, ForgetsAnObjectThatDies) {
    List list;
    Item first{1};
    Item last{3};
    list.push_back(first);
    {
        Item middle{2};
        list.push_back(middle);
        list.push_back(last);
        EXPECT_EQ(numbers(list), (Numbers{1, 2, 3}));
    }
    EXPECT_EQ(numbers(list), (Numbers{1, 3}));
}

TEST(IntrusiveList, LeavesItsObjectsUnlinkedWhenItDies) {
    Item a{1};
    Item b{2};
    {
        List list;
        list.push_back(a);
        list.push_back(b);
    }
    EXPECT_FALSE(a.hook.linked());
    EXPECT_FALSE(b.hook.linked());
    List another;
    another.push_back(a);  // so it may be pushed again
    EXPECT_EQ(numbers(another), (Numbers{1}));
}

TEST(IntrusiveList, UnlinkingTwiceDoesNothing) {
    List list;
    Item a{1};
    Item b{2};
    list.push_back(a);
    list.push_back(b);
    a.hook.unlink();
    a.hook.unlink();
    EXPECT_EQ(numbers(list), (Numbers{2}));
}

TEST(IntrusiveList, HoldsAnObjectOncePerHook) {
    List list;
    OtherList other;
    Item a{1};
    Item b{2};
    list.push_back(a);
    other.push_back(b);
    other.push_back(a);
    a.hook.unlink();
    EXPECT_EQ(numbers(list), (Numbers{}));
    EXPECT_EQ(numbers(other), (Numbers{2, 1}));
}

TEST(IntrusiveList, TakesAllOfAnotherBehindItsOwn) {
    Item a{1};
    Item b{2};
    Item c{3};
    List list;
    List other;
    list.push_back(a);
    other.push_back(b);
    other.push_back(c);
    list.take_all(other);
    EXPECT_TRUE(other.empty());
    EXPECT_EQ(numbers(list), (Numbers{1, 2, 3}));
    list.take_all(other);  // nothing
    EXPECT_EQ(numbers(list), (Numbers{1, 2, 3}));
    other.take_all(list);
    EXPECT_TRUE(list.empty());
    EXPECT_EQ(numbers(other), (Numbers{1, 2, 3}));
    b.hook.unlink();
    EXPECT_EQ(numbers(other), (Numbers{1, 3}));
    list.push_back(b);  // the emptied list works on
    EXPECT_EQ(numbers(list), (Numbers{2}));
}

TEST(IntrusiveList, LetsTheCurrentObjectLeaveWhileIterating) {
    std::vector<std::unique_ptr<Item>> items;
    List list;
    for (int i = 0; i < 6; ++i) {
        items.push_back(std::make_unique<Item>(i));
        list.push_back(*items.back());
    }
    Numbers seen;
    for (Item& item : list) {
        seen.push_back(item.number);
        if (item.number % 2 == 0) item.hook.unlink();
    }
    EXPECT_EQ(seen, (Numbers{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(numbers(list), (Numbers{1, 3, 5}));
}

TEST(IntrusiveList, LetsTheCurrentObjectMoveToAnotherListOrDieWhileIterating) {
    std::vector<std::unique_ptr<Item>> items;
    List list;
    List moved;
    for (int i = 0; i < 6; ++i) {
        items.push_back(std::make_unique<Item>(i));
        list.push_back(*items.back());
    }
    for (Item& item : list) {
        const auto index = static_cast<std::size_t>(item.number);
        if (index % 3 == 0) items[index].reset();
        if (index % 3 == 1) {
            item.hook.unlink();
            moved.push_back(item);
        }
    }
    EXPECT_EQ(numbers(list), (Numbers{2, 5}));
    EXPECT_EQ(numbers(moved), (Numbers{1, 4}));
}

TEST(IntrusiveListDeathTest, AbortsOnWhatWouldCorruptIt) {
    List list;
    List other;
    Item item{1};
    EXPECT_DEATH(list.front(), "assertion failed");
    list.push_back(item);
    EXPECT_DEATH(other.push_back(item), "assertion failed");
}

// Histories of push, unlink, pop and take_all, against vectors.
TEST(IntrusiveList, DoesWhatAVectorWouldDo) {
    std::mt19937_64 random{7};
    constexpr int count = 24;
    std::vector<std::unique_ptr<Item>> items;
    for (int i = 0; i < count; ++i)
        items.push_back(std::make_unique<Item>(i));
    List lists[2];
    Numbers expected[2];
    for (int step = 0; step < 100'000; ++step) {
        const std::size_t which = random() % 2;
        const auto chosen = static_cast<std::size_t>(random() % count);
        const int number = static_cast<int>(chosen);
        switch (random() % 8) {
            case 0:
                lists[which].take_all(lists[1 - which]);
                expected[which].insert(expected[which].end(), expected[1 - which].begin(),
                                       expected[1 - which].end());
                expected[1 - which].clear();
                break;
            case 1:
                if (expected[which].empty()) break;
                ASSERT_EQ(lists[which].pop_front().number, expected[which].front());
                expected[which].erase(expected[which].begin());
                break;
            case 2:
                for (Numbers& each : expected)
                    std::erase(each, number);
                items[chosen] = std::make_unique<Item>(number);
                break;
            case 3:
                for (Numbers& each : expected)
                    std::erase(each, number);
                items[chosen]->hook.unlink();
                break;
            default:
                if (items[chosen]->hook.linked()) break;
                lists[which].push_back(*items[chosen]);
                expected[which].push_back(number);
        }
        ASSERT_EQ(numbers(lists[which]), expected[which]) << "step " << step;
    }
}

}  // namespace
}  // namespace parley
