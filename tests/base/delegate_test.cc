#include "base/delegate.h"

#include <gtest/gtest.h>
#include <string>

namespace parley {
namespace {

struct Meter {
    int add(int amount) noexcept { return sum += amount; }
    int twice(int amount) const noexcept { return 2 * amount; }
    void change(std::string& text) noexcept { text += "!"; }

    int sum = 0;
};

TEST(Delegate, IsTwoWords) {
    EXPECT_EQ(sizeof(Delegate<void(int)>), 2 * sizeof(void*));
}

TEST(Delegate, CallsTheMethodOfItsObject) {
    Meter first;
    Meter second;
    const auto to_first = Delegate<int(int)>::to<&Meter::add>(first);
    const auto to_second = Delegate<int(int)>::to<&Meter::add>(second);
    EXPECT_EQ(to_first(3), 3);
    EXPECT_EQ(to_first(4), 7);
    EXPECT_EQ(to_second(10), 10);
    EXPECT_EQ(first.sum, 7);
    EXPECT_EQ(second.sum, 10);
}

TEST(Delegate, TellsMethodsOfOneTypeApart) {
    Meter meter;
    auto call = Delegate<int(int)>::to<&Meter::add>(meter);
    EXPECT_EQ(call(5), 5);
    call = Delegate<int(int)>::to<&Meter::twice>(meter);
    EXPECT_EQ(call(5), 10);
    EXPECT_EQ(meter.sum, 5);
}

TEST(Delegate, PassesReferencesOn) {
    Meter meter;
    std::string text = "so";
    Delegate<void(std::string&)>::to<&Meter::change>(meter)(text);
    EXPECT_EQ(text, "so!");
}

TEST(Delegate, CopiesCallTheSameObject) {
    Meter meter;
    const auto original = Delegate<int(int)>::to<&Meter::add>(meter);
    const auto copy = original;
    copy(1);
    original(1);
    EXPECT_EQ(meter.sum, 2);
}

}  // namespace
}  // namespace parley
