#include "store/user_record.h"

#include <gtest/gtest.h>
#include <random>
#include <string>

namespace parley::store {
namespace {

using Views = std::vector<std::string_view>;

TEST(UserRecord, HoldsNothingAtFirst) {
    const UserRecord record;
    EXPECT_EQ(record.device(), "");
    EXPECT_EQ(record.groups(), Views{});
    EXPECT_FALSE(record.has_groups());
    EXPECT_FALSE(record.in_group(""));
    EXPECT_FALSE(record.signed_in());
}

TEST(UserRecord, HoldsADeviceWithoutGroupsAndGroupsWithoutADevice) {
    const UserRecord device{"phone", {}};
    EXPECT_EQ(device.device(), "phone");
    EXPECT_FALSE(device.has_groups());
    const Views groups{"fire", "police"};
    const UserRecord member{"", groups};
    EXPECT_EQ(member.device(), "");
    EXPECT_EQ(member.groups(), groups);
    EXPECT_TRUE(member.in_group("fire"));
    EXPECT_TRUE(member.in_group("police"));
    EXPECT_FALSE(member.in_group("fir"));
    EXPECT_FALSE(member.in_group(""));
}

TEST(UserRecord, KeepsWhetherSomebodyIsSignedInBesideTheNames) {
    UserRecord record{"phone", Views{"fire"}};
    EXPECT_FALSE(record.signed_in());
    record.set_signed_in(true);
    EXPECT_TRUE(record.signed_in());
    EXPECT_EQ(record.device(), "phone");
    EXPECT_EQ(record.groups(), Views{"fire"});
    record.set_signed_in(false);
    EXPECT_FALSE(record.signed_in());
}

TEST(UserRecord, MayBeMadeFromItself) {
    UserRecord record{"phone", Views{"fire", "police"}};
    const Views first{record.groups().front()};
    record = UserRecord{record.device(), first};
    EXPECT_EQ(record.device(), "phone");
    EXPECT_EQ(record.groups(), Views{"fire"});
}

// 127 bytes are the most whose size takes one byte.
TEST(UserRecord, TakesNamesOfEverySizeAndAnyBytes) {
    std::mt19937_64 random{1};
    for (const std::size_t size : {0U, 1U, 126U, 127U, 128U, 129U, 255U, 256U, 4095U, 4096U}) {
        std::string device(size, '\0');
        std::string group(4096 - size, '\0');
        for (std::string* each : {&device, &group}) {
            for (char& byte : *each)
                byte = static_cast<char>(random());
        }
        const UserRecord record{device, Views{group, "x", device}};
        EXPECT_EQ(record.device(), device) << size;
        EXPECT_EQ(record.groups(), (Views{group, "x", device})) << size;
        EXPECT_TRUE(record.in_group("x")) << size;
    }
}

TEST(UserRecord, TakesAsManyGroupsAsAUserMayHave) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < groups_per_user_max; ++i)
        names.push_back("group " + std::to_string(i));
    const Views groups(names.begin(), names.end());
    const UserRecord record{"phone", groups};
    EXPECT_EQ(record.group_count(), groups_per_user_max);
    EXPECT_EQ(record.groups(), groups);
    for (const std::string& name : names)
        EXPECT_TRUE(record.in_group(name));
}

}  // namespace
}  // namespace parley::store
