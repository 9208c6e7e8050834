// What only the memory store promises: when it answers, and whom it forgets.
#include "store/memory_store.h"

#include <gtest/gtest.h>
#include <string>

#include "recorder.h"

namespace parley::store {
namespace {

class Memory : public testing::Test {
protected:
    Answer sign_in(std::string_view user) {
        store_.user_signed_in(recorder_, Ticket{1}, user, "phone");
        return recorder_.answers.back();
    }
    void come_and_go(std::string_view user) {
        sign_in(user);
        store_.user_signed_out(user);
    }
    Answer join(std::string_view user) {
        store_.add_member(recorder_, Ticket{2}, user, "fire");
        return recorder_.answers.back();
    }
    bool remembers(std::string_view user) {
        return sign_in(user).signed_in->previous_device.has_value();
    }

    Recorder recorder_;
    MemoryStore store_{MemoryStoreOptions{3, HashKey{}}};
};

TEST_F(Memory, AnswersWithinTheCall) {
    store_.user_signed_in(recorder_, Ticket{1}, "ann", "phone");
    EXPECT_EQ(recorder_.answers.size(), 1U);
}

TEST_F(Memory, ForgetsTheLongestIdleUserToMakeRoom) {
    come_and_go("ann");
    come_and_go("bob");
    come_and_go("cid");
    come_and_go("dan");
    EXPECT_EQ(store_.user_count(), 3U);
    EXPECT_EQ(store_.forgotten_count(), 1U);
    EXPECT_TRUE(remembers("bob"));
    EXPECT_TRUE(remembers("cid"));
    EXPECT_TRUE(remembers("dan"));
}

TEST_F(Memory, NeverForgetsWhoIsSignedInOrInAGroup) {
    sign_in("ann");
    come_and_go("bob");
    join("bob");
    come_and_go("cid");
    come_and_go("dan");
    EXPECT_TRUE(remembers("ann"));
    EXPECT_TRUE(remembers("bob"));
    EXPECT_EQ(store_.forgotten_count(), 1U);
}

TEST_F(Memory, NeverForgetsWhoIsSignedInWhateverBecomesOfItsGroups) {
    const std::vector<std::string> groups = {"police"};
    for (const bool all_at_once : {false, true}) {
        sign_in("ann");
        join("ann");
        if (all_at_once) {
            store_.set_groups(recorder_, Ticket{3}, "ann", groups);
            store_.set_groups(recorder_, Ticket{3}, "ann", {});
        } else {
            store_.remove_member(recorder_, Ticket{3}, "ann", "fire");
        }
        for (const char* user : {"bob", "cid", "dan"})
            come_and_go(user);
        EXPECT_TRUE(remembers("ann"));
        store_.user_signed_out("ann");
    }
}

TEST_F(Memory, RefusesANewUserWhenNobodyIsIdle) {
    join("ann");
    join("bob");
    sign_in("cid");
    const Error refused = limit_error(Limit::users);
    const std::vector<std::string> groups = {"fire"};
    EXPECT_EQ(sign_in("dan").error, refused);
    EXPECT_EQ(join("dan").error, refused);
    store_.set_groups(recorder_, Ticket{3}, "dan", groups);
    EXPECT_EQ(recorder_.answers.back().error, refused);
    EXPECT_EQ(sign_in("ann").error, std::nullopt);
    EXPECT_EQ(join("cid").error, std::nullopt);
    EXPECT_EQ(store_.forgotten_count(), 0U);

    store_.user_signed_out("cid");
    EXPECT_EQ(sign_in("dan").error, refused) << "cid is still in a group";
    store_.remove_member(recorder_, Ticket{4}, "cid", "fire");
    EXPECT_EQ(sign_in("dan").error, std::nullopt);
}

TEST_F(Memory, CountsAUserAsUsedAgainWhenItReturns) {
    come_and_go("ann");
    come_and_go("bob");
    come_and_go("cid");
    come_and_go("ann");
    sign_in("dan");
    EXPECT_TRUE(remembers("ann"));
    EXPECT_EQ(store_.forgotten_count(), 1U);
}

TEST_F(Memory, KeepsNothingOfAnUnknownUserWhoLosesItsGroups) {
    store_.set_groups(recorder_, Ticket{1}, "ann", {});
    store_.remove_member(recorder_, Ticket{1}, "ann", "fire");
    store_.user_signed_out("ann");
    EXPECT_EQ(store_.user_count(), 0U);
}

}  // namespace
}  // namespace parley::store
