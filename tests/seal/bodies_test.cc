#include "seal/bodies.h"

#include <gtest/gtest.h>

#include "seal/keys.h"

namespace parley::seal {
namespace {

const Context here{"g:18", "message-1"};

TEST(SealedBodies, OpenAsTheyWere) {
    const KeyRing keys = ring_of({"a"});
    for (const std::string& body :
         {std::string{}, std::string{"Hello"}, std::string(70'000, 'x')}) {
        const std::string sealed = seal_body(keys, body, here);
        EXPECT_TRUE(is_sealed(sealed));
        EXPECT_EQ(open_body(keys, sealed, here), body);
    }
}

TEST(SealedBodies, ShowNothingOfWhatTheySay) {
    const KeyRing keys = ring_of({"a"});
    const std::string body = "meet me at the north gate";
    const std::string once = seal_body(keys, body, here);
    EXPECT_EQ(once.find("north"), std::string::npos);
    EXPECT_NE(once, seal_body(keys, body, here));  // nor that the same was said again
}

TEST(SealedBodies, DoNotOpenInAnotherPlace) {
    const KeyRing keys = ring_of({"a"});
    const std::string sealed = seal_body(keys, "Hello", here);
    EXPECT_FALSE(open_body(keys, sealed, {"g:19", "message-1"}));
    EXPECT_FALSE(open_body(keys, sealed, {"g:18", "message-2"}));
    EXPECT_FALSE(open_body(keys, sealed, {"g:18m", "essage-1"}));
}

TEST(SealedBodies, DoNotOpenOnceAnyBitIsChanged) {
    const KeyRing keys = ring_of({"a"});
    const std::string sealed = seal_body(keys, "Hello", here);
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        std::string changed = sealed;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_FALSE(open_body(keys, changed, here)) << i;
        EXPECT_FALSE(open_body(keys, sealed.substr(0, i), here)) << i;
    }
}

TEST(SealedBodies, OpenWithEachKeyOfTheRingAndNoOther) {
    const std::string old_one = seal_body(ring_of({"2025"}), "Hello", here);
    const KeyRing rotated = ring_of({"2026", "2025"});
    EXPECT_EQ(open_body(rotated, old_one, here), "Hello");
    const std::string new_one = seal_body(rotated, "Hello", here);
    EXPECT_FALSE(open_body(ring_of({"2025"}), new_one, here));
    EXPECT_EQ(open_body(ring_of({"2026"}), new_one, here), "Hello");
}

TEST(SealedBodies, AreNotTakenForPlainOnes) {
    EXPECT_FALSE(is_sealed(""));
    EXPECT_FALSE(is_sealed("{\"text\":\"Hello\"}"));
    EXPECT_FALSE(open_body(ring_of({"a"}), "Hello", here));
}

}  // namespace
}  // namespace parley::seal
