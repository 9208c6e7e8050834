#include "http/range.h"

#include <gtest/gtest.h>

namespace parley::http {
namespace {

struct Found {
    RangeAnswer answer;
    std::uint64_t begin;
    std::uint64_t size;

    friend bool operator==(const Found&, const Found&) = default;
};

Found find(std::string_view field, std::uint64_t size) {
    Range range;
    const RangeAnswer answer = find_range(field, size, range);
    return {answer, range.begin, range.size};
}

TEST(Range, FindsThePartThatIsAskedFor) {
    using enum RangeAnswer;
    EXPECT_EQ(find("bytes=0-0", 10), (Found{part, 0, 1}));
    EXPECT_EQ(find("bytes=2-5", 10), (Found{part, 2, 4}));
    EXPECT_EQ(find("bytes=2-", 10), (Found{part, 2, 8}));
    EXPECT_EQ(find("bytes=2-99", 10), (Found{part, 2, 8}));
    EXPECT_EQ(find("bytes=-3", 10), (Found{part, 7, 3}));
    EXPECT_EQ(find("bytes=-30", 10), (Found{part, 0, 10}));
    EXPECT_EQ(find("bytes=9-99999999999999999999999", 10), (Found{part, 9, 1}));
}

TEST(Range, SaysWhatLiesOutside) {
    EXPECT_EQ(find("bytes=10-", 10).answer, RangeAnswer::outside);
    EXPECT_EQ(find("bytes=99999999999999999999999-", 10).answer, RangeAnswer::outside);
    EXPECT_EQ(find("bytes=-0", 10).answer, RangeAnswer::outside);
    EXPECT_EQ(find("bytes=-5", 0).answer, RangeAnswer::outside);
    EXPECT_EQ(find("bytes=0-", 0).answer, RangeAnswer::outside);
}

TEST(Range, IsTheWholeWhereItIsNotUnderstood) {
    for (const char* field :
         {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=1-2,4-5", "bytes= 1-2",
          "bytes=1-2 ", "lines=1-2", "bytes=+1-2", "bytes=1--2"}) {
        EXPECT_EQ(find(field, 10), (Found{RangeAnswer::whole, 0, 10})) << field;
    }
}

}  // namespace
}  // namespace parley::http
