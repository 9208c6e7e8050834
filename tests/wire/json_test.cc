// JSON: values as JSON.stringify() writes them.
#include "wire/json.h"

#include <gtest/gtest.h>
#include <string>

#include "frames.h"
#include "wire/limits.h"
#include "wire/value.h"

namespace parley::wire {
namespace {

TEST(Json, IsWrittenAsJavaScriptDoes) {
    const struct {
        const char *value, *expected;
    } rows[] = {
        {"", ""},
        {"d40000", ""},
        {"c0", "null"},
        {"c2", "false"},
        {"c3", "true"},
        {"07", "7"},
        {"ff", "-1"},
        {"cf001fffffffffffff", "9007199254740991"},
        {"cb3ff8000000000000", "1.5"},
        {"cb3e7ad7f29abcaf48", "1e-7"},
        {"a0", R"("")"},
        {"a57072657373", R"("press")"},
        {"c400", R"({"type":"Buffer","data":[]})"},
        {"c40301ff00", R"({"type":"Buffer","data":[1,255,0]})"},
        {"90", "[]"},
        {"80", "{}"},
        {"9301a178c0", R"([1,"x",null])"},
        {"91d40000", "[null]"},
        {"82a16101a1629102", R"({"a":1,"b":[2]})"},
        {"82a161d40000a16201", R"({"b":1})"},
        {"81a161d40000", "{}"},
        {"81a161c4010a", R"({"a":{"type":"Buffer","data":[10]}})"},
        {"d70000000000000003e8", R"("1970-01-01T00:00:01.000Z")"},
        {"d7000000018bcfe5687b", R"("2023-11-14T22:13:20.123Z")"},
        {"d700ffffffffffffffff", R"("1969-12-31T23:59:59.999Z")"},
        {"d7007fffffffffffffff", "null"},
        {"9281a16180"
         "c0",
         R"([{"a":{}},null])"},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(json_of(from_hex(row.value)), row.expected) << row.value;
    }
}

TEST(JsonString, EscapesWhatJavaScriptEscapes) {
    std::string all, out;
    for (int c = 0; c < 0x80; ++c)
        all += static_cast<char>(c);
    append_json_string(all + "\xc3\xa9\xe2\x80\xa8", out);
    EXPECT_EQ(out,
              "\"\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000b\\f\\r"
              "\\u000e\\u000f\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\\u0018"
              "\\u0019\\u001a\\u001b\\u001c\\u001d\\u001e\\u001f !\\\"#$%&'()*+,-./0123456789:;<=>?"
              "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\x7f"
              "\xc3\xa9\xe2\x80\xa8\"");
}

// A parser that recursed would end the process here (V18).
TEST(JsonTextMember, IsNotLookedForBelow32Levels) {
    const auto nested = [](std::size_t levels) {
        return R"({"text":)" + std::string(levels, '[') + std::string(levels, ']') + '}';
    };
    EXPECT_TRUE(json_text_member(nested(depth_max - 1)).has_value());
    EXPECT_FALSE(json_text_member(nested(depth_max)).has_value());
    EXPECT_FALSE(json_text_member(nested(10'000)).has_value());
    EXPECT_FALSE(json_text_member(std::string(10'000, '[')).has_value());
}

TEST(JsonTextMember, HasObjectsOf64KeysAndNoneMore) {
    const auto text = [](int keys) {
        std::string object = "{";
        for (int i = 0; i < keys; ++i)
            object += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":1";
        return object + '}';
    };
    const auto member = [](const std::string& json) {
        return json_text_member(R"({"text":)" + json + '}');
    };
    EXPECT_EQ(member(text(63)), text(63));
    EXPECT_EQ(member(text(64)), text(64));
    EXPECT_EQ(member(text(65)), std::nullopt);
    EXPECT_EQ(member('[' + text(64) + ',' + text(65) + ']'), std::nullopt);
    const std::string beside = text(65);  // what is not read does not count
    EXPECT_EQ(json_text_member(beside.substr(0, beside.size() - 1) + R"(,"text":2})"), "2");
}

TEST(Json, KeysAreEscapedToo) {
    EXPECT_EQ(json_of(from_hex("81a2220a01")), R"({"\"\n":1})");
}

}  // namespace
}  // namespace parley::wire
