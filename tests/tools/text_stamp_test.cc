// A stamp for texts: found wherever a server puts it, and not believed once it is damaged.
#include "parley_load/text_stamp.h"

#include <gtest/gtest.h>

namespace parley::load {
namespace {

constexpr Stamp stamp{0x12345678, 9, 0x123456789abcdef0};

TEST(TextStamp, HasTheWantedSize) {
    for (const std::size_t size : {text_stamp_bytes_min, std::size_t{64}, std::size_t{4096}})
        EXPECT_EQ(stamped_text(stamp, size).size(), size);
}

TEST(TextStamp, IsFoundAsItIsAndInJson) {
    for (const std::size_t size : {text_stamp_bytes_min, std::size_t{100}}) {
        const std::string text = stamped_text(stamp, size);
        EXPECT_EQ(read_text_stamp(text), stamp);
        EXPECT_EQ(read_text_stamp(R"({"message_id":"0_17_18_~lice","text":")" + text + "\"}"),
                  stamp);
    }
}

TEST(TextStamp, NoticesEveryChangedLetter) {
    const std::string text = stamped_text(stamp, 80);
    for (std::size_t at = 0; at < text.size(); ++at) {
        for (const char c : {'0', 'f', 'z', ' ', '~'}) {
            if (text[at] == c) continue;
            std::string changed = text;
            changed[at] = c;
            EXPECT_FALSE(read_text_stamp(changed)) << at << c;
        }
    }
}

TEST(TextStamp, NoticesEveryCut) {
    const std::string text = stamped_text(stamp, 80);
    for (std::size_t size = 0; size < text.size(); ++size) {
        EXPECT_FALSE(read_text_stamp(std::string_view{text}.substr(0, size))) << size;
        EXPECT_FALSE(read_text_stamp(std::string_view{text}.substr(text.size() - size))) << size;
    }
}

}  // namespace
}  // namespace parley::load
