// Values: building them, and the answers made of them.
#include "wire/value.h"

#include <array>
#include <gtest/gtest.h>
#include <string>

#include "frames.h"

namespace parley::wire {
namespace {

std::string content(std::string_view text) {
    std::vector<std::byte> value, out;
    append_str(text, value);
    append_text_content("i", value, out);
    const std::string json = text_of(out);
    constexpr std::string_view head = R"({"message_id":"i","text":)";
    EXPECT_TRUE(json.starts_with(head) && json.ends_with('}')) << json;
    return json.substr(head.size(), json.size() - head.size() - 1);
}

TEST(Value, IsBuiltInItsShortestForm) {
    std::vector<std::byte> out;
    append_nil(out);
    append_undefined(out);
    append_int(-1, out);
    append_int(300, out);
    append_str("ab", out);
    append_bin(from_hex("0102"), out);
    EXPECT_EQ(to_hex(out),
              "c0"
              "d40000"
              "ff"
              "cd012c"
              "a26162"
              "c4020102");
}

TEST(Value, OfTextFitsAFixedBufferOrWritesNothing) {
    std::array<std::byte, 4> out{};
    EXPECT_EQ(encode_str("abc", out), 4U);
    EXPECT_EQ(to_hex(out), "a3616263");
    out = {};
    EXPECT_EQ(encode_str("abcd", out), 0U);
    EXPECT_EQ(encode_str("", std::span{out}.first(0)), 0U);
    EXPECT_EQ(to_hex(out), "00000000");
    std::array<std::byte, 40> large{};
    EXPECT_EQ(encode_str(std::string(32, 'x'), large), 34U);
    EXPECT_EQ(to_hex(std::span{large}.first(3)), "d92078");
}

TEST(Value, IsTruthyAsInJavaScript) {
    for (const char* hex : {"", "c0", "c2", "00", "a0", "d40000", "cb0000000000000000"}) {
        EXPECT_FALSE(truthy(from_hex(hex))) << hex;
    }
    for (const char* hex : {"c3", "01", "a130", "c400", "90", "80"}) {
        EXPECT_TRUE(truthy(from_hex(hex))) << hex;
    }
}

TEST(StartAnswer, OfAnEmptyListIsEmptyTextInAGroup) {
    std::vector<std::byte> out;
    append_start_answer(Scope::group, from_hex("90"), out);
    EXPECT_EQ(to_hex(out), "a0");
    out.clear();
    append_start_answer(Scope::direct, from_hex("90"), out);
    EXPECT_EQ(to_hex(out), "90");
}

TEST(TextContent, IsTheMemberOfAnObject) {
    EXPECT_EQ(content(R"({"text":"Hello"})"), R"("Hello")");
    EXPECT_EQ(content(R"( { "a" : 1 , "text" : "x" } )"), R"("x")");
    EXPECT_EQ(content(R"({"text":null})"), "null");
    EXPECT_EQ(content(R"({"text":true})"), "true");
    EXPECT_EQ(content(R"({"text":"first","text":"last"})"), R"("last")");
    EXPECT_EQ(content(R"({"text":"\u00e9\/\n\u0001"})"), "\"\xc3\xa9/\\n\\u0001\"");
}

TEST(TextContent, OfAMemberIsWrittenAsJavaScriptDoes) {
    EXPECT_EQ(content(R"({"text":[1, 2.50, 1e21, -0.0, {} , [] ]})"), "[1,2.5,1e+21,0,{},[]]");
    EXPECT_EQ(content(R"({"text":{"b":[{"z":null}],"2":1,"1":{"y":"\"","y":2},"b":3}})"),
              R"({"1":{"y":2},"2":1,"b":3})");
    EXPECT_EQ(content(R"({"text":9007199254740993})"), "9007199254740992");
    EXPECT_EQ(content(R"({"text":{"__proto__":1}})"), R"({"__proto__":1})");
    EXPECT_EQ(content(R"({"text":[[[1],2],{"a":{"b":{}}}]})"), R"([[[1],2],{"a":{"b":{}}}])");
}

TEST(TextContent, IsKeptWholeOtherwise) {
    for (std::string_view text : {"plain", "123", "true", "null", "[1]", "{}", "{text:1}", "", " ",
                                  R"({"text":"a"} b)", "\xef\xbb\xbf{}", R"({"TEXT":1})"}) {
        std::string quoted;
        append_json_string(text, quoted);
        EXPECT_EQ(content(text), quoted) << text;
    }
    std::string deep = R"({"text":)";
    for (int i = 0; i < 10000; ++i)
        deep += '[';
    EXPECT_EQ(content(deep).size(), deep.size() + 4);
    for (int i = 0; i < 10000; ++i)
        deep += ']';
    EXPECT_EQ(content(deep + '}').size(), deep.size() + 5);
}

TEST(Content, WithoutAPayloadIsTheEmptyText) {
    for (const auto append : {append_text_content, append_interactive_content}) {
        std::vector<std::byte> out;
        append("i\"d", {}, out);
        EXPECT_EQ(text_of(out), R"({"message_id":"i\"d","text":""})");
    }
}

TEST(TalkSummary, HasTwoMembersAndNoSpaces) {
    std::vector<std::byte> out;
    append_talk_summary("id", std::chrono::milliseconds{1234}, out);
    EXPECT_EQ(text_of(out), R"({"duration":1234,"message_id":"id"})");
}

}  // namespace
}  // namespace parley::wire
