// Text must be UTF-8, and a message that cannot become so is refused at the byte that spoils it:
// the cases of Autobahn 6.*, fail-fast ones included.
#include <array>
#include <gtest/gtest.h>

#include "frames.h"

namespace parley::ws {
namespace {

const Event spoiled = failed(CloseCode::invalid_payload);

constexpr std::array<std::string_view, 20> valid = {
    "",
    "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!",
    "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5",  // 6.5, kosme
    std::string_view{"\x00", 1},                     // 6.6: first of each length
    "\xc2\x80",
    "\xe0\xa0\x80",
    "\xf0\x90\x80\x80",
    "\x7f",  // last of each length
    "\xdf\xbf",
    "\xef\xbf\xbf",
    "\xf4\x8f\xbf\xbf",
    "\xed\x9f\xbf",  // 6.9: around the surrogates
    "\xee\x80\x80",
    "\xef\xbf\xbd",
    "\xef\xbf\xbe",  // 6.22: non-characters are characters
    "\xf0\x9f\xbf\xbe",
    "\xf3\xaf\xbf\xbf",
    "\xef\xbb\xbfx",  // a byte order mark
    "\xf0\x9f\x98\x80\xf0\x9f\x98\x81",
    "0123456789012345678901234567890123456789012345678901234567890123456789\xe2\x82\xac",
};

struct Spoiled {
    std::string_view text;
    std::size_t prefix;  ///< bytes up to and with the one that spoils it; 0: it only ends too early
};

constexpr std::array<Spoiled, 30> invalid = {{
    {"\x80", 1},  // 6.10: lonely continuations
    {"\xbf", 1},
    {"a\x80\x62", 2},
    {"\xc0 ", 1},  // 6.12: lonely starts
    {"\xe0 ", 2},
    {"\xf0 ", 2},
    {"\xf8", 1},
    {"\xfc", 1},
    {"\xfe", 1},  // 6.14: impossible bytes
    {"\xff", 1},
    {"\xc3", 0},  // 6.15: too early an end
    {"\xe2\x82", 0},
    {"\xf0\x9f\x98", 0},
    {"\xc3\xc3\x9f", 2},
    {"\xe2\x82x", 3},
    {"\xf0\x9f\x98x", 4},
    {"\xc0\xaf", 1},  // 6.18: overlong forms
    {"\xc1\xbf", 1},
    {"\xe0\x80\xaf", 2},
    {"\xe0\x9f\xbf", 2},
    {"\xf0\x80\x80\xaf", 2},
    {"\xf0\x8f\xbf\xbf", 2},
    {"\xed\xa0\x80", 2},  // 6.20: surrogates
    {"\xed\xad\xbf", 2},
    {"\xed\xa0\x80\xed\xb0\x80", 2},
    {"\xf4\x90\x80\x80", 2},  // 6.4: beyond U+10FFFF
    {"\xf7\xbf\xbf\xbf", 1},
    {"\xf5\x80\x80\x80", 1},
    {"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80 edited", 13},
    {"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80 edited", 13},
}};

TEST(FrameReaderText, ValidTextIsRead) {
    for (const std::string_view payload : valid) {
        const std::string copy{payload};
        const Events expected{{What::text, copy}};
        EXPECT_EQ(read(text(copy)), expected);
        EXPECT_EQ(read_slowly(text(copy)), expected);
    }
}

TEST(FrameReaderText, CharactersMaySpanFragments) {  // 6.2
    for (const std::string_view payload : valid) {
        for (std::size_t cut = 0; cut <= payload.size(); ++cut) {
            const std::string head{payload.substr(0, cut)};
            const std::string tail{payload.substr(cut)};
            const Events expected{{What::ping, "\xff"}, {What::text, std::string{payload}}};
            EXPECT_EQ(read(begin(0x1, head) + ping("\xff") + end(tail)), expected);
            EXPECT_EQ(read_slowly(begin(0x1, head) + ping("\xff") + end(tail)), expected);
        }
    }
}

TEST(FrameReaderText, InvalidTextIsRefused) {  // 6.3, 6.10-6.21
    for (const Spoiled& each : invalid) {
        const std::string payload{each.text};
        EXPECT_EQ(read(text(payload) + ping("")), Events{spoiled})
            << testing::PrintToString(payload);
        EXPECT_EQ(read_slowly(text(payload)), Events{spoiled}) << testing::PrintToString(payload);
        EXPECT_EQ(read(begin(0x1, payload) + end("")), Events{spoiled});
        EXPECT_EQ(read(begin(0x1, "") + end(payload)), Events{spoiled});
    }
}

TEST(FrameReaderText, InvalidFragmentsAreRefusedBeforeTheMessageEnds) {  // 6.4.1, 6.4.2
    for (const Spoiled& each : invalid) {
        if (each.prefix == 0) continue;
        const std::string good{each.text.substr(0, each.prefix - 1)};
        const std::string bad{each.text.substr(each.prefix - 1, 1)};
        EXPECT_EQ(read(begin(0x1, good)), Events{}) << testing::PrintToString(good);
        EXPECT_EQ(read(begin(0x1, good) + middle(bad)), Events{spoiled});
    }
}

TEST(FrameReaderText, InvalidBytesAreRefusedBeforeTheFrameEnds) {  // 6.4.3, 6.4.4
    for (const Spoiled& each : invalid) {
        if (each.prefix == 0) continue;
        const Bytes bytes = text(std::string{each.text} + std::string(1000, 'x'));
        const std::size_t head_size = 8;
        for (const std::size_t piece : {std::size_t{1}, head_size, head_size + each.prefix}) {
            FrameReader reader{Role::server, MessageLimits{}};
            const auto up_to = std::span{bytes}.first(head_size + each.prefix);
            EXPECT_EQ(read_cut(reader, up_to.first(up_to.size() - 1), piece), Events{});
            EXPECT_EQ(read_cut(reader, up_to.last(1), 1), Events{spoiled});
        }
        FrameReader reader{Role::server, MessageLimits{}};
        EXPECT_EQ(read_cut(reader, std::span{bytes}.first(head_size + each.prefix), 10'000),
                  Events{spoiled});
    }
}

TEST(FrameReaderText, BinaryMayBeAnything) {
    for (const Spoiled& each : invalid) {
        const std::string payload{each.text};
        const Events expected{{What::binary, payload}};
        EXPECT_EQ(read(binary(payload)), expected);
        EXPECT_EQ(read_slowly(binary(payload)), expected);
        EXPECT_EQ(read(begin(0x2, payload) + end("")), expected);
    }
}

TEST(FrameReaderText, EachMessageBeginsAnew) {
    EXPECT_EQ(
        read(begin(0x2, "\xe2\x82") + end("") + text("\xc2\xb5") + begin(0x1, "a") + end("b")),
        (Events{{What::binary, "\xe2\x82"}, {What::text, "\xc2\xb5"}, {What::text, "ab"}}));
    EXPECT_EQ(read_slowly(text("\xe2\x82\xac") + text("\xac")),
              (Events{{What::text, "\xe2\x82\xac"}, spoiled}));
}

}  // namespace
}  // namespace parley::ws
