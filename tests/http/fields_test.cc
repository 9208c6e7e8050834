#include "http/fields.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace parley::http {
namespace {

TEST(Fields, TokensHaveNoSeparators) {
    EXPECT_TRUE(is_token("Sec-WebSocket-Key"));
    EXPECT_TRUE(is_token("!#$%&'*+-.^_`|~09azAZ"));
    EXPECT_FALSE(is_token(""));
    for (const char c : std::string{"\"(),/:;<=>?@[\\]{} \t\r\n\x01\x7f\x80\xff"} + '\0') {
        EXPECT_FALSE(is_token(std::string{"a"} + c + "b")) << static_cast<int>(c);
    }
}

TEST(Fields, ValuesHaveNoControlCharacterButTheTab) {
    EXPECT_TRUE(is_field_value(""));
    EXPECT_TRUE(is_field_value("a b\tc \x80\xff~"));
    for (int c = 0; c < 0x20; ++c) {
        EXPECT_EQ(is_field_value(std::string(1, static_cast<char>(c))), c == '\t') << c;
    }
    EXPECT_FALSE(is_field_value("\x7f"));
}

TEST(Fields, VisibleTextHasNoBlank) {
    EXPECT_TRUE(is_visible("!~"));
    EXPECT_FALSE(is_visible(""));
    EXPECT_FALSE(is_visible("a b"));
    EXPECT_FALSE(is_visible("\x7f"));
    EXPECT_FALSE(is_visible("\x80"));
}

TEST(Fields, OnlyAsciiLettersCompareWithoutCase) {
    EXPECT_TRUE(equals_ignoring_case("WebSocket", "wEBsOCKET"));
    EXPECT_FALSE(equals_ignoring_case("websocket", "websockets"));
    EXPECT_FALSE(equals_ignoring_case("@", "`"));  // these differ by the bit of the case
    EXPECT_FALSE(equals_ignoring_case("[", "{"));
    EXPECT_FALSE(equals_ignoring_case("\xc4", "\xe4"));
}

TEST(Fields, BlanksAroundAreTrimmed) {
    EXPECT_EQ(trim_blanks(" \t a b\t "), "a b");
    EXPECT_EQ(trim_blanks(" \t "), "");
}

std::vector<std::string> elements(std::string_view list) {
    std::vector<std::string> found;
    for (auto e = take_list_element(list); !e.empty(); e = take_list_element(list)) {
        found.emplace_back(e);
    }
    return found;
}

TEST(Fields, ListsAreCutAtCommasAndEmptyElementsSkipped) {
    EXPECT_EQ(elements("a, b ,c"), (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(elements(" ,, a b\t,"), (std::vector<std::string>{"a b"}));
    EXPECT_TRUE(elements("").empty());
    EXPECT_TRUE(elements(" , ,").empty());
}

}  // namespace
}  // namespace parley::http
