// The contract of store::Store: users, devices, memberships, settings.
#include <algorithm>

#include "backends.h"
#include "store/limits.h"

namespace parley::store {
namespace {

std::vector<std::string> numbered(std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i)
        names.push_back("group " + std::to_string(i));
    return names;
}

TEST_P(Contract, KnowsNothingOfAUserAtTheFirstSignIn) {
    const SignedIn known = get(SignIn{"ann", "phone"});
    EXPECT_FALSE(known.previous_device.has_value());
    EXPECT_TRUE(known.groups.empty());
}

TEST_P(Contract, AnswersThePreviousDeviceAndStoresTheNewOne) {
    get(SignIn{"ann", "phone"});
    EXPECT_EQ(get(SignIn{"ann", "tablet"}).previous_device, "phone");
    EXPECT_EQ(get(SignIn{"ann", "tablet"}).previous_device, "tablet");
    EXPECT_EQ(get(SignIn{"ann", "phone"}).previous_device, "tablet");
    EXPECT_EQ(get(GetUser{"ann"}).previous_device, "phone");
}

TEST_P(Contract, KeepsDeviceAndGroupsAcrossASignOut) {
    get(SignIn{"ann", "phone"});
    get(AddMember{"ann", "fire"});
    store().user_signed_out("ann");
    const SignedIn known = get(SignIn{"ann", "phone"});
    EXPECT_EQ(known.previous_device, "phone");
    EXPECT_EQ(known.groups, Strings{"fire"});
}

TEST_P(Contract, TakesASignOutOfAnUnknownUser) {
    store().user_signed_out("nobody");
    store().user_signed_out("");
    EXPECT_TRUE(groups_of("nobody").empty());
}

TEST_P(Contract, AddsAndRemovesMembers) {
    EXPECT_TRUE(get(AddMember{"ann", "fire"}).changed);
    EXPECT_TRUE(get(AddMember{"ann", "police"}).changed);
    EXPECT_EQ(groups_of("ann"), (Strings{"fire", "police"}));
    EXPECT_TRUE(get(RemoveMember{"ann", "fire"}).changed);
    EXPECT_EQ(groups_of("ann"), Strings{"police"});
}

TEST_P(Contract, CountsAMembershipOnceHoweverOftenItIsAdded) {
    get(AddMember{"ann", "fire", Role::admin});
    EXPECT_FALSE(get(AddMember{"ann", "fire"}).changed);
    EXPECT_EQ(get(GetRole{"ann", "fire"}).role, Role::admin);
    get(RemoveMember{"ann", "fire"});
    EXPECT_TRUE(groups_of("ann").empty());
}

TEST_P(Contract, RemovesAMemberWhoIsNoneWithoutComplaint) {
    EXPECT_FALSE(get(RemoveMember{"ann", "fire"}).changed);
    get(SignIn{"ann", "phone"});
    EXPECT_FALSE(get(RemoveMember{"ann", "fire"}).changed);
}

TEST_P(Contract, ReplacesAllGroupsAtOnce) {
    get(AddMember{"ann", "fire"});
    EXPECT_TRUE(get(SetGroups{"ann", {"police", "harbour", "police"}}).changed);
    EXPECT_EQ(groups_of("ann"), (Strings{"harbour", "police"}));
    EXPECT_FALSE(get(SetGroups{"ann", {"harbour", "police"}}).changed);
    EXPECT_TRUE(get(SetGroups{"ann", {}}).changed);
    EXPECT_TRUE(groups_of("ann").empty());
    EXPECT_FALSE(get(SetGroups{"nobody", {}}).changed);
}

TEST_P(Contract, WhoStaysInAGroupKeepsTheRole) {
    get(AddMember{"ann", "fire", Role::owner});
    get(SetGroups{"ann", {"fire", "police"}});
    EXPECT_EQ(get(GetRole{"ann", "fire"}).role, Role::owner);
    EXPECT_EQ(get(GetRole{"ann", "police"}).role, Role::member);
}

TEST_P(Contract, GivesRolesToMembersOnly) {
    EXPECT_EQ(error_of(SetRole{"ann", "fire", Role::admin}), trouble(Trouble::not_found));
    EXPECT_EQ(get(GetRole{"ann", "fire"}).role, std::nullopt);
    get(AddMember{"ann", "fire"});
    EXPECT_EQ(get(GetRole{"ann", "fire"}).role, Role::member);
    get(SetRole{"ann", "fire", Role::admin});
    EXPECT_EQ(get(GetRole{"ann", "fire"}).role, Role::admin);
}

TEST_P(Contract, ListsMembersByNamePageByPage) {
    for (const char* user : {"cid", "ann", "eve", "bob", "dan"})
        get(AddMember{user, "fire"});
    get(SetRole{"bob", "fire", Role::admin});
    get(AddMember{"zoe", "police"});
    const Members first = get(GetMembers{"fire", "", 2});
    EXPECT_EQ(first.members, (std::vector<Member>{{"ann", {}}, {"bob", Role::admin}}));
    EXPECT_TRUE(first.more);
    const Members rest = get(GetMembers{"fire", "bob", 3});
    ASSERT_EQ(rest.members.size(), 3U);
    EXPECT_EQ(rest.members[0].user, "cid");
    EXPECT_EQ(rest.members[2].user, "eve");
    EXPECT_FALSE(rest.more);
    EXPECT_TRUE(get(GetMembers{"nobody's", "", 2}).members.empty());
}

TEST_P(Contract, KeepsUsersApart) {
    get(AddMember{"ann", "fire"});
    get(AddMember{"bob", "police"});
    get(SignIn{"ann", "phone"});
    EXPECT_EQ(groups_of("bob"), Strings{"police"});
    EXPECT_EQ(groups_of("ann"), Strings{"fire"});
    EXPECT_TRUE(groups_of("Ann").empty());
}

TEST_P(Contract, TakesAnyBytesAsANameAndConfusesNone) {
    const Strings names = {"__proto__",
                           "constructor",
                           std::string("a\0b", 3),
                           "a",
                           "a ",
                           "a*",
                           "\r\nSET x y",
                           "'; DROP TABLE users;--",
                           "\xff\xfe",
                           "u.1",
                           "%",
                           "\xe2\x80\xae",
                           "[a]"};
    for (const std::string& name : names)
        get(AddMember{name, "group of " + name});
    for (const std::string& name : names)
        EXPECT_EQ(groups_of(name), Strings{"group of " + name});
    for (const std::string& name : names) {
        get(AddMember{"ann", name});
        get(SignIn{"bob", name});
        EXPECT_EQ(get(GetUser{"bob"}).previous_device, name);
        get(SetSettings{name, name});
    }
    Strings sorted = names;
    std::ranges::sort(sorted);
    EXPECT_EQ(groups_of("ann"), sorted);
    for (const std::string& name : names)
        EXPECT_EQ(get(GetSettings{name}).json, name);
}

TEST_P(Contract, RefusesEmptyAndOverlongNames) {
    const std::string longest(name_size_max, 'n');
    const Error refused = limit_error(Limit::name);
    get(SignIn{longest, longest});
    get(AddMember{longest, longest});
    EXPECT_EQ(groups_of(longest), Strings{longest});
    for (const std::string& bad : {std::string(), longest + 'n'}) {
        EXPECT_EQ(error_of(SignIn{bad, "phone"}), refused);
        EXPECT_EQ(error_of(SignIn{"ann", bad}), refused);
        EXPECT_EQ(error_of(AddMember{bad, "fire"}), refused);
        EXPECT_EQ(error_of(AddMember{"ann", bad}), refused);
        EXPECT_EQ(error_of(RemoveMember{bad, "fire"}), refused);
        EXPECT_EQ(error_of(RemoveMember{"ann", bad}), refused);
        EXPECT_EQ(error_of(SetGroups{bad, {"fire"}}), refused);
        EXPECT_EQ(error_of(SetGroups{"ann", {"fire", bad}}), refused);
    }
    EXPECT_FALSE(get(SignIn{"ann", "phone"}).previous_device.has_value());
    EXPECT_TRUE(groups_of("ann").empty());
}

TEST_P(Contract, RefusesOneGroupTooManyAndChangesNothing) {
    const Strings full = numbered(groups_per_user_max);
    get(SetGroups{"ann", full});
    EXPECT_EQ(error_of(AddMember{"ann", "one more"}), limit_error(Limit::groups));
    EXPECT_EQ(error_of(AddMember{"ann", full.front()}), std::nullopt);
    EXPECT_EQ(error_of(SetGroups{"ann", numbered(groups_per_user_max + 1)}),
              limit_error(Limit::groups));
    EXPECT_EQ(groups_of("ann").size(), groups_per_user_max);
    get(RemoveMember{"ann", full.front()});
    EXPECT_EQ(error_of(AddMember{"ann", "one more"}), std::nullopt);
}

TEST_P(Contract, CountsRepeatedNamesOnceTowardsTheLimit) {
    Strings names = numbered(groups_per_user_max);
    names.push_back(names.front());
    get(SetGroups{"ann", names});
    EXPECT_EQ(groups_of("ann").size(), groups_per_user_max);
}

TEST_P(Contract, KeepsAGroupsSettingsUntilTheyAreEmptied) {
    get(AddMember{"ann", "fire"});
    EXPECT_FALSE(get(GetSettings{"fire"}).json.has_value());
    get(SetSettings{"fire", "{\"record\":true}"});
    get(SetSettings{"fire", "{\"record\":false}"});
    EXPECT_EQ(get(GetSettings{"fire"}).json, "{\"record\":false}");
    get(SetSettings{"fire", ""});
    EXPECT_FALSE(get(GetSettings{"fire"}).json.has_value());
    EXPECT_EQ(error_of(SetSettings{"fire", std::string(settings_size_max + 1, 'x')}),
              limit_error(Limit::size));
}

PARLEY_ASK_ALL_BACKENDS();

}  // namespace
}  // namespace parley::store
