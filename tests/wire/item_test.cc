// Heads: their shortest form, and what is read from every form.
#include "wire/item.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <string>

#include "frames.h"
#include "wire/errors.h"
#include "wire/limits.h"

namespace parley::wire {
namespace {

std::string hex(const Head& head) {
    return to_hex(head.bytes());
}
std::string hex(const std::optional<Head>& head) {
    return head ? hex(*head) : "unencodable";
}

TEST(Head, WritesNumbersAsTheOriginalDoes) {
    const struct {
        double value;
        const char* expected;
    } rows[] = {
        {0, "00"},
        {-0.0, "00"},
        {127, "7f"},
        {128, "cc80"},
        {255, "ccff"},
        {256, "cd0100"},
        {65535, "cdffff"},
        {65536, "ce00010000"},
        {4294967295.0, "ceffffffff"},
        {4294967296.0, "cf0000000100000000"},
        {1700000000123.0, "cf0000018bcfe5687b"},
        {9007199254740991.0, "cf001fffffffffffff"},
        {9007199254740992.0, "unencodable"},
        {1152921504606846976.0, "unencodable"},
        {-1, "ff"},
        {-32, "e0"},
        {-33, "d0df"},
        {-128, "d080"},
        {-129, "d1ff7f"},
        {-32768, "d18000"},
        {-32769, "d2ffff7fff"},
        {-2147483648.0, "d280000000"},
        {-2147483649.0, "d3ffffffff7fffffff"},
        {-9007199254740991.0, "d3ffe0000000000001"},
        {-9007199254740992.0, "unencodable"},
        {1.5, "cb3ff8000000000000"},
        {0.1, "cb3fb999999999999a"},
        {1e300, "unencodable"},
        {std::nan(""), "unencodable"},
        {std::numeric_limits<double>::infinity(), "unencodable"},
    };
    for (const auto& row : rows)
        EXPECT_EQ(hex(Head::real(row.value)), row.expected) << row.value;
}

TEST(Head, WritesTheShortestLength) {
    EXPECT_EQ(hex(Head::nil()), "c0");
    EXPECT_EQ(hex(Head::boolean(0)), "c2");
    EXPECT_EQ(hex(Head::boolean(1)), "c3");
    EXPECT_EQ(hex(Head::str(0)), "a0");
    EXPECT_EQ(hex(Head::str(31)), "bf");
    EXPECT_EQ(hex(Head::str(32)), "d920");
    EXPECT_EQ(hex(Head::str(255)), "d9ff");
    EXPECT_EQ(hex(Head::str(256)), "da0100");
    EXPECT_EQ(hex(Head::str(65536)), "db00010000");
    EXPECT_EQ(hex(Head::bin(0)), "c400");
    EXPECT_EQ(hex(Head::bin(255)), "c4ff");
    EXPECT_EQ(hex(Head::bin(256)), "c50100");
    EXPECT_EQ(hex(Head::bin(65535)), "c5ffff");
    EXPECT_EQ(hex(Head::bin(65536)), "c600010000");
    EXPECT_EQ(hex(Head::array(15)), "9f");
    EXPECT_EQ(hex(Head::array(16)), "dc0010");
    EXPECT_EQ(hex(Head::array(65536)), "dd00010000");
    EXPECT_EQ(hex(Head::map(0)), "80");
    EXPECT_EQ(hex(Head::map(16)), "de0010");
    EXPECT_EQ(hex(Head::map(65536)), "df00010000");
}

TEST(Reader, ReadsEveryNumberFormat) {
    const struct {
        const char* bytes;
        double expected;
    } rows[] = {
        {"05", 5},
        {"cc05", 5},
        {"cd0005", 5},
        {"ce00000005", 5},
        {"cf0000000000000005", 5},
        {"d005", 5},
        {"d105dc", 1500},
        {"ff", -1},
        {"e0", -32},
        {"d0ff", -1},
        {"d1ffff", -1},
        {"d2ffffffff", -1},
        {"d3ffffffffffffffff", -1},
        {"d080", -128},
        {"d18000", -32768},
        {"ca3fc00000", 1.5},
        {"ca3dcccccd", 0.10000000149011612},
        {"cb3ff8000000000000", 1.5},
        {"cfffffffffffffffff", 18446744073709551615.0},
        {"d38000000000000000", -0x1p63},
    };
    for (const auto& row : rows) {
        const auto bytes = from_hex(row.bytes);
        auto item = Reader{bytes}.next();
        ASSERT_TRUE(item.ok()) << row.bytes;
        EXPECT_EQ(number_of(*item), row.expected) << row.bytes;
        EXPECT_EQ((*item).encoded.size(), bytes.size());
    }
}

TEST(Reader, TellsNegativeNumbersByTheirSign) {
    for (const char* hex : {"05", "d005", "d1007f", "d200000000", "d30000000000000001"}) {
        const auto bytes = from_hex(hex);
        EXPECT_EQ((*Reader{bytes}.next()).type, Type::natural) << hex;
    }
    for (const char* hex : {"e0", "ff", "d0ff", "d18000", "d3ffffffffffffffff"}) {
        const auto bytes = from_hex(hex);
        EXPECT_EQ((*Reader{bytes}.next()).type, Type::negative) << hex;
    }
}

TEST(Reader, RefusesWhatEndsTooEarly) {
    for (const char* hex :
         {"",     "92",           "a3",           "a36162",     "c40361",     "d9",
          "cd00", "cf00000000",   "dbffffffff61", "ddffffffff", "dfffffffff", "c6ffffffff00",
          "c7",   "c703",         "c70305",       "d4",         "d400",       "d800",
          "da00", "c9ffffffff00", "81",           "8101"}) {
        const auto bytes = from_hex(hex);
        auto value = Reader{bytes}.value(depth_max);
        ASSERT_FALSE(value.ok()) << hex;
        EXPECT_EQ(value.error(), error_of(DecodeError::truncated)) << hex;
    }
}

TEST(Reader, RefusesTheUnusedFormat) {
    const auto bytes = from_hex("91c1");
    auto value = Reader{bytes}.value(depth_max);
    ASSERT_FALSE(value.ok());
    EXPECT_EQ(value.error(), error_of(DecodeError::bad_format));
}

TEST(Reader, CountsEveryLevel) {
    for (const char* level : {"91", "8100", "dc0001", "de000100"}) {
        std::string hex;
        for (std::size_t i = 0; i + 1 < depth_max; ++i)
            hex += level;
        const auto deepest = from_hex(hex + "90");
        EXPECT_TRUE(Reader{deepest}.value(depth_max).ok()) << level;
        const auto too_deep = from_hex(hex + level + "80");
        auto value = Reader{too_deep}.value(depth_max);
        ASSERT_FALSE(value.ok()) << level;
        EXPECT_EQ(value.error(), error_of(DecodeError::too_deep)) << level;
    }
}

TEST(Reader, TakesOneValueAndLeavesTheRest) {
    const auto bytes = from_hex("9201a16182a16b9091c007");
    Reader reader{bytes};
    auto list = reader.value(depth_max);
    ASSERT_TRUE(list.ok());
    EXPECT_EQ(to_hex((*list).encoded), "9201a161");
    auto map = reader.value(depth_max);
    ASSERT_TRUE(map.ok());
    EXPECT_EQ(to_hex((*map).encoded), "82a16b9091c007");
    EXPECT_TRUE(reader.at_end());
}

TEST(Item, IsTrueWhenJavaScriptSaysSo) {
    for (const char* hex :
         {"c0", "c2", "00", "cc00", "d000", "cb0000000000000000", "cb8000000000000000",
          "ca00000000", "cb7ff8000000000000", "a0", "d900", "d40000", "d4007f"}) {
        const auto bytes = from_hex(hex);
        auto item = Reader{bytes}.next();
        EXPECT_FALSE(is_truthy(*item)) << hex;
    }
    for (const char* hex : {"c3", "01", "ff", "cb3ff8000000000000", "cb7ff0000000000000", "a130",
                            "c400", "90", "80", "d40100", "d70000000000000000000"}) {
        const auto bytes = from_hex(hex);
        auto item = Reader{bytes}.next();
        EXPECT_TRUE(is_truthy(*item)) << hex;
    }
}

}  // namespace
}  // namespace parley::wire
