#include "ws/utf8_stream.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include "frames.h"

namespace parley::ws {
namespace {

/// One byte of every class that UTF-8 tells apart, and the ends of each class.
constexpr unsigned char classes[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
                                     0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
                                     0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};

bool is_valid(const std::string& text) {
    return simdjson::validate_utf8(text);
}

/// Tries every continuation.
bool can_become_valid(const std::string& begun) {
    if (is_valid(begun)) return true;
    for (const unsigned char a : classes) {
        const std::string one = begun + static_cast<char>(a);
        if (is_valid(one)) return true;
        for (const char b : {'\x80', '\xbf'}) {
            if (is_valid(one + b) || is_valid(one + b + '\x80')) return true;
        }
    }
    return false;
}

bool feed_bytewise(Utf8Stream& stream, const std::string& text) {
    for (const char c : text) {
        if (!stream.feed(to_bytes({&c, 1}))) return false;
    }
    return true;
}

/// Calls `check` with every text of `size` class bytes.
template <class Check>
void for_every_text(std::size_t size, Check check) {
    std::size_t count = 1;
    for (std::size_t i = 0; i < size; ++i)
        count *= std::size(classes);
    for (std::size_t number = 0; number < count; ++number) {
        std::string text;
        for (std::size_t rest = number; text.size() < size; rest /= std::size(classes)) {
            text += static_cast<char>(classes[rest % std::size(classes)]);
        }
        check(text);
    }
}

TEST(Utf8Stream, FailsExactlyWhenNoContinuationHelps) {
    for (std::size_t size = 1; size <= 3; ++size) {
        for_every_text(size, [](const std::string& text) {
            const bool expected = can_become_valid(text);
            Utf8Stream whole;
            ASSERT_EQ(whole.feed(to_bytes(text)), expected) << testing::PrintToString(text);
            Utf8Stream cut;
            ASSERT_EQ(feed_bytewise(cut, text), expected) << testing::PrintToString(text);
            if (!expected) return;
            ASSERT_EQ(whole.is_complete(), is_valid(text)) << testing::PrintToString(text);
            ASSERT_EQ(cut.is_complete(), is_valid(text)) << testing::PrintToString(text);
        });
    }
}

TEST(Utf8Stream, AgreesOnWholeTextsHoweverTheyAreCut) {
    for_every_text(4, [](const std::string& text) {
        for (std::size_t cut = 0; cut <= text.size(); ++cut) {
            Utf8Stream stream;
            const bool is_accepted = stream.feed(to_bytes(text.substr(0, cut))) &&
                                     stream.feed(to_bytes(text.substr(cut))) &&
                                     stream.is_complete();
            ASSERT_EQ(is_accepted, is_valid(text)) << testing::PrintToString(text) << " at " << cut;
        }
    });
}

TEST(Utf8Stream, AnEmptyPieceChangesNothing) {
    Utf8Stream stream;
    EXPECT_TRUE(stream.feed({}));
    EXPECT_TRUE(stream.is_complete());
    EXPECT_TRUE(stream.feed(to_bytes("\xe2\x82")));
    EXPECT_TRUE(stream.feed({}));
    EXPECT_FALSE(stream.is_complete());
    EXPECT_TRUE(stream.feed(to_bytes("\xac")));
    EXPECT_TRUE(stream.is_complete());
}

}  // namespace
}  // namespace parley::ws
