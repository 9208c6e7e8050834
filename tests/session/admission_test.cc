#include "session/admission.h"

#include <gtest/gtest.h>
#include <random>
#include <string>

namespace parley::session {
namespace {

class AdmissionTest : public testing::Test {
protected:
    std::string text(std::size_t size_max) {
        std::string made(random() % (size_max + 1), '\0');
        for (char& each : made)
            each = static_cast<char>(random());
        return made;
    }
    Admission any() {
        Admission made;
        made.identity.user = text(random() % 8 == 0 ? 4096 : 20);
        made.identity.user_is_integer = random() % 2 == 0;
        made.identity.groups_given = random() % 2 == 0;
        if (random() % 2 == 0)
            made.identity.good_until = WallTime{std::chrono::seconds{random() >> 20}};
        for (std::size_t i = random() % 130; i > 0; --i)
            made.identity.groups.push_back(text(30));
        made.device = text(200);
        made.reply = text(500);
        if (random() % 2 == 0) {
            made.deflate = ws::DeflateTerms{.send_window_bits = std::uint8_t(9 + random() % 7),
                                            .receive_window_bits = std::uint8_t(9 + random() % 7),
                                            .send_takeover = random() % 2 == 0,
                                            .receive_takeover = random() % 2 == 0};
        }
        const std::string behind = text(16'384);
        const auto bytes = std::as_bytes(std::span{behind});
        made.received.assign(bytes.begin(), bytes.end());
        return made;
    }

    std::mt19937_64 random{11};
};

void expect_same(const Admission& a, const Admission& b) {
    EXPECT_EQ(a.identity.user, b.identity.user);
    EXPECT_EQ(a.identity.user_is_integer, b.identity.user_is_integer);
    EXPECT_EQ(a.identity.groups_given, b.identity.groups_given);
    EXPECT_EQ(a.identity.good_until, b.identity.good_until);
    EXPECT_EQ(a.identity.groups, b.identity.groups);
    EXPECT_EQ(a.device, b.device);
    EXPECT_EQ(a.reply, b.reply);
    EXPECT_EQ(a.deflate, b.deflate);
    EXPECT_EQ(a.received, b.received);
}

TEST_F(AdmissionTest, ComesOutOfItsRecordAsItWentIn) {
    for (int i = 0; i < 500; ++i) {
        const Admission before = any();
        const int descriptor = static_cast<int>(random() % 1'000'000);
        const std::vector<std::byte> record = pack(before, descriptor);
        int unpacked = -1;
        const Admission after = unpack(record, unpacked);
        EXPECT_EQ(unpacked, descriptor);
        expect_same(before, after);
        ASSERT_FALSE(HasFailure()) << "round " << i;
    }
}

TEST_F(AdmissionTest, MayBeEmpty) {
    int descriptor = -1;
    expect_same(unpack(pack({}, 0), descriptor), {});
    EXPECT_EQ(descriptor, 0);
}

TEST_F(AdmissionTest, TellsItsTwoFlagsApart) {
    for (const bool flag : {true, false}) {
        Admission before;
        before.identity.user_is_integer = flag;
        before.identity.groups_given = !flag;
        int descriptor = -1;
        expect_same(unpack(pack(before, 7), descriptor), before);
    }
}

using AdmissionDeathTest = AdmissionTest;

TEST_F(AdmissionDeathTest, AbortsOnARecordThatIsCutOff) {
    std::vector<std::byte> record = pack(any(), 7);
    record.pop_back();
    int descriptor = -1;
    EXPECT_DEATH(unpack(record, descriptor), "size");
}

}  // namespace
}  // namespace parley::session
