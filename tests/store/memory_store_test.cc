// What a store in memory adds to the contract: it answers within the call, and strangers with ever
// new names cannot fill it.
#include "store/memory_store.h"

#include <gtest/gtest.h>

#include "recorder.h"
#include "store/sqlite_database.h"

namespace parley::store {
namespace {

class Memory : public testing::Test {
protected:
    static constexpr std::size_t users_max = 3;

    Memory() {
        std::string error;
        auto made = SqliteDatabase::in_memory(users_max, std::uint64_t{1} << 20, error);
        EXPECT_NE(made, nullptr) << error;
        database = made.get();
        shared.database = std::move(made);
    }
    template <class Q>
    std::optional<Error> ask(Q question) {
        recorder.heard.clear();
        store.ask(recorder, Ticket{1}, std::move(question));
        EXPECT_EQ(recorder.heard.size(), 1U);
        if (recorder.heard[0].answer) return {};
        return recorder.heard[0].answer.error();
    }
    void come(const std::string& user) { EXPECT_EQ(ask(SignIn{user, "phone"}), std::nullopt); }
    void come_and_go(const std::string& user) {
        come(user);
        store.user_signed_out(user);
    }
    bool remembers(const std::string& user) {
        ask(GetUser{user});
        return std::get<SignedIn>(*recorder.heard[0].answer).previous_device.has_value();
    }

    SharedDatabase shared;
    SqliteDatabase* database = nullptr;
    MemoryStore store{shared};
    Recorder recorder;
};

TEST_F(Memory, ForgetsTheLongestIdleUserToMakeRoom) {
    for (const char* user : {"ann", "bob", "cid"})
        come_and_go(user);
    come_and_go("ann");
    come_and_go("dan");
    EXPECT_EQ(database->users(), users_max);
    EXPECT_FALSE(remembers("bob"));
    for (const char* user : {"ann", "cid", "dan"})
        EXPECT_TRUE(remembers(user)) << user;
}

TEST_F(Memory, NeverForgetsWhoIsSignedInOrInAGroup) {
    come("ann");
    come_and_go("bob");
    EXPECT_EQ(ask(AddMember{"bob", "fire"}), std::nullopt);
    come_and_go("cid");
    come_and_go("dan");
    EXPECT_TRUE(remembers("ann"));
    EXPECT_TRUE(remembers("bob"));
    EXPECT_FALSE(remembers("cid"));
}

TEST_F(Memory, RefusesANewUserWhenNobodyIsIdleAndGoesOnForTheOthers) {
    for (const char* user : {"ann", "bob", "cid"})
        come(user);
    EXPECT_EQ(ask(SignIn{"dan", "phone"}), limit_error(Limit::users));
    EXPECT_EQ(ask(AddMember{"dan", "fire"}), limit_error(Limit::users));
    EXPECT_EQ(ask(SetGroups{"dan", {"fire"}}), limit_error(Limit::users));
    EXPECT_EQ(database->users(), users_max);
    EXPECT_FALSE(remembers("dan"));
    come("ann");
    store.user_signed_out("bob");
    come("dan");
    EXPECT_FALSE(remembers("bob"));
}

TEST_F(Memory, WhoLeavesTheLastGroupIsIdle) {
    EXPECT_EQ(ask(AddMember{"ann", "fire"}), std::nullopt);
    EXPECT_EQ(ask(SetGroups{"bob", {"fire"}}), std::nullopt);
    come("cid");
    EXPECT_EQ(ask(SignIn{"dan", "phone"}), limit_error(Limit::users));
    EXPECT_EQ(ask(RemoveMember{"ann", "fire"}), std::nullopt);
    come("dan");
    EXPECT_EQ(ask(SignIn{"eve", "phone"}), limit_error(Limit::users));
    EXPECT_EQ(ask(SetGroups{"bob", {}}), std::nullopt);
    come("eve");
}

TEST_F(Memory, AHundredThousandStrangersTakeNoMoreThanThree) {
    for (int i = 0; i < 100'000; ++i)
        come_and_go("stranger " + std::to_string(i));
    EXPECT_EQ(database->users(), users_max);
    EXPECT_EQ(store.state(), StoreState::healthy);
}

TEST_F(Memory, IsFullAtItsBoundAndSaysSoAndGoesOn) {
    const std::string body(800, 'x');
    std::optional<Error> error;
    std::uint64_t kept = 0;
    for (; !error && kept < 10'000; ++kept) {
        error = ask(KeepMessage{.message = {.id = std::to_string(kept),
                                            .conversation = "g:fire",
                                            .sender = "ann",
                                            .body = body}});
    }
    ASSERT_TRUE(error.has_value());
    EXPECT_TRUE(is_failure(*error));
    EXPECT_GT(kept, 300U);  // of 1 MiB, 800 bytes and what goes with them each
    EXPECT_LT(kept, 1300U);
    EXPECT_EQ(store.state(), StoreState::down);
    EXPECT_EQ(database->users(), 0U);
    EXPECT_EQ(ask(DeleteMessage{"g:fire", "0"}), std::nullopt);
    EXPECT_EQ(store.state(), StoreState::healthy);
}

}  // namespace
}  // namespace parley::store
