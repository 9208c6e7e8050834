// Text: values as JavaScript's String() writes them, numbers above all, and broken text repaired.
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <string>

#include "frames.h"
#include "wire/number.h"
#include "wire/utf8.h"
#include "wire/value.h"

namespace parley::wire {
namespace {

TEST(Text, IsWrittenAsJavaScriptDoes) {
    const struct {
        const char *value, *expected;
    } rows[] = {
        {"", ""},
        {"c0", "null"},
        {"d40000", "undefined"},
        {"c2", "false"},
        {"c3", "true"},
        {"07", "7"},
        {"f9", "-7"},
        {"cf0000018bcfe5687b", "1700000000123"},
        {"cb4002000000000000", "2.25"},
        {"a3616263", "abc"},
        {"c4024142", "AB"},
        {"c400", ""},
        {"c402c328", "\xef\xbf\xbd("},
        {"80", "[object Object]"},
        {"82a16101a16281a16391c0", "[object Object]"},
        {"90", ""},
        {"91c0", ""},
        {"93010203", "1,2,3"},
        {"9301a178c0", "1,x,"},
        {"93c0d40000c0", ",,"},
        {"92019202930304c0", "1,2,3,4,"},
        {"9290c3", ",true"},
        {"9281a1610102", "[object Object],2"},
        {"91c4024142", "AB"},
        {"9191919103", "3"},
        {"d70000000000000003e8", "1970-01-01T00:00:01.000Z"},
    };
    for (const auto& row : rows)
        EXPECT_EQ(text_of(from_hex(row.value)), row.expected) << row.value;
}

TEST(Number, IsPrintedAsJavaScriptDoes) {
    const struct {
        double value;
        const char* expected;
    } rows[] = {
        {0, "0"},
        {-0.0, "0"},
        {1, "1"},
        {-1, "-1"},
        {10, "10"},
        {123456789, "123456789"},
        {1700000000123.0, "1700000000123"},
        {9007199254740992.0, "9007199254740992"},
        {18446744073709551615.0, "18446744073709552000"},
        {-0x1p63, "-9223372036854776000"},
        {1e20, "100000000000000000000"},
        {1e21, "1e+21"},
        {1.5e21, "1.5e+21"},
        {1e300, "1e+300"},
        {-1.7976931348623157e308, "-1.7976931348623157e+308"},
        {5e-324, "5e-324"},
        {0.1, "0.1"},
        {1.5, "1.5"},
        {-2.25, "-2.25"},
        {0.10000000149011612, "0.10000000149011612"},
        {123456.789, "123456.789"},
        {0.000001, "0.000001"},
        {-0.0000012345678901234567, "-0.0000012345678901234567"},
        {1e-7, "1e-7"},
        {1.25e-7, "1.25e-7"},
        {123456789012345680000.0, "123456789012345680000"},
        {std::nan(""), "NaN"},
        {std::numeric_limits<double>::infinity(), "Infinity"},
        {-std::numeric_limits<double>::infinity(), "-Infinity"},
    };
    for (const auto& row : rows) {
        std::string text;
        append_number(row.value, text);
        EXPECT_EQ(text, row.expected);
    }
}

TEST(Number, IsCanonicalInOneWayOnly) {
    EXPECT_EQ(canonical_natural("0"), 0U);
    EXPECT_EQ(canonical_natural("10"), 10U);
    EXPECT_EQ(canonical_natural("9007199254740991"), 9007199254740991U);
    for (std::string_view text :
         {"", "00", "01", "-1", "+1", "1.0", "1e3", " 1", "1 ", "a", "9007199254740992",
          "99999999999999999", "18446744073709551616"}) {
        EXPECT_FALSE(canonical_natural(text).has_value()) << text;
    }
}

TEST(Utf8, IsRepairedAsBrowsersDo) {
    const struct {
        const char *broken, *repaired;
    } rows[] = {
        {"c328", "efbfbd28"},
        {"eda080", "efbfbdefbfbdefbfbd"},
        {"ff", "efbfbd"},
        {"80", "efbfbd"},
        {"c0af", "efbfbdefbfbd"},
        {"e08080", "efbfbdefbfbdefbfbd"},
        {"f0808080", "efbfbdefbfbdefbfbdefbfbd"},
        {"f4908080", "efbfbdefbfbdefbfbdefbfbd"},
        {"f09f98", "efbfbd"},
        {"f09f9841", "efbfbd41"},
        {"e4bd", "efbfbd"},
        {"e4", "efbfbd"},
        {"e4bd41", "efbfbd41"},
        {"f09f41", "efbfbd41"},
        {"f48fbfbf", "f48fbfbf"},
        {"41c3a9", "41c3a9"},
        {"c3", "efbfbd"},
        {"f5", "efbfbd"},
    };
    for (const auto& row : rows) {
        const auto bytes = from_hex(row.broken);
        std::string out = "x";
        append_repaired(as_text(bytes), out);
        EXPECT_EQ(to_hex(bytes_of(out)), std::string("78") + row.repaired) << row.broken;
        EXPECT_TRUE(is_utf8(out));
        EXPECT_EQ(is_utf8(as_text(bytes)), std::string_view{row.broken} == row.repaired);
    }
}

}  // namespace
}  // namespace parley::wire
