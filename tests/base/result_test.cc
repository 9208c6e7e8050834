#include "base/result.h"

#include <cerrno>
#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace parley {
namespace {

constexpr Error broken{Error::Domain::system, EPIPE};

Result<std::string> text_or(bool good) {
    if (good) return std::string{"text"};
    return broken;
}

Result<std::size_t> size_of_text(bool good, int& reached) {
    PARLEY_TRY(const std::string text, text_or(good));
    ++reached;
    return text.size();
}

Result<std::unique_ptr<int>> moved_through(Result<std::unique_ptr<int>> from) {
    PARLEY_TRY(auto owned, std::move(from));
    return owned;
}

Result<int> sum_of_two(Result<int> first, Result<int> second) {
    PARLEY_TRY(const int a, first);
    PARLEY_TRY(const int b, second);
    return a + b;
}

TEST(Result, HoldsAValueOrAnError) {
    Result<int> value{7};
    EXPECT_TRUE(value.ok());
    EXPECT_TRUE(static_cast<bool>(value));
    EXPECT_EQ(*value, 7);
    *value = 8;
    EXPECT_EQ(*value, 8);

    const Result<int> error{broken};
    EXPECT_FALSE(error.ok());
    EXPECT_FALSE(static_cast<bool>(error));
    EXPECT_EQ(error.error(), broken);
}

TEST(Result, OfAnErrorCodeIsStillAValue) {
    // A Result<int> that holds 0 is a success: nothing is read into the value.
    const Result<int> zero{0};
    EXPECT_TRUE(zero.ok());
    const Status done = Ok{};
    EXPECT_TRUE(done.ok());
}

TEST(Result, TellsErrorsApartByDomainAndCode) {
    EXPECT_NE((Error{Error::Domain::system, 1}), (Error{Error::Domain::limit, 1}));
    EXPECT_NE((Error{Error::Domain::system, 1}), (Error{Error::Domain::system, 2}));
}

TEST(Result, TryGoesOnWithTheValue) {
    int reached = 0;
    Result<std::size_t> size = size_of_text(true, reached);
    ASSERT_TRUE(size.ok());
    EXPECT_EQ(*size, 4U);
    EXPECT_EQ(reached, 1);
}

TEST(Result, TryReturnsTheErrorAndRunsNothingAfterIt) {
    int reached = 0;
    const Result<std::size_t> size = size_of_text(false, reached);
    ASSERT_FALSE(size.ok());
    EXPECT_EQ(size.error(), broken);
    EXPECT_EQ(reached, 0);
}

TEST(Result, TryMovesWhatCannotBeCopied) {
    Result<std::unique_ptr<int>> owned = moved_through(std::make_unique<int>(5));
    ASSERT_TRUE(owned.ok());
    EXPECT_EQ(**owned, 5);
}

TEST(Result, TryMayStandTwiceInOneFunction) {
    Result<int> sum = sum_of_two(1, 2);
    ASSERT_TRUE(sum.ok());
    EXPECT_EQ(*sum, 3);
    EXPECT_EQ(sum_of_two(1, broken).error(), broken);
    EXPECT_EQ(sum_of_two(broken, 2).error(), broken);
}

TEST(ResultDeathTest, AbortsWhereTheOtherHalfIsAskedFor) {
    Result<int> value{1};
    Result<int> error{broken};
    EXPECT_DEATH(static_cast<void>(*error), "assertion failed");
    EXPECT_DEATH(static_cast<void>(value.error()), "assertion failed");
}

}  // namespace
}  // namespace parley
