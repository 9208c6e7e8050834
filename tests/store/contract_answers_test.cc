// The contract of store::Store: tickets, order, what lasts; tokens, recordings, lists.
#include <algorithm>

#include "backends.h"
#include "store/limits.h"

namespace parley::store {
namespace {

Recording recording(const std::string& id, const std::string& conversation, int began) {
    return {.id = id,
            .conversation = conversation,
            .sender = "ann",
            .began = at(began),
            .length = std::chrono::milliseconds{1500},
            .bytes = 4321,
            .file = "2023/" + id + ".opus"};
}

TEST_P(Contract, AnswersEachQuestionOnceWithItsTicketAndInOrder) {
    store().ask(recorder_, Ticket{10}, SignIn{"ann", "phone"});
    store().ask(recorder_, Ticket{~0ULL}, AddMember{"ann", "fire"});
    store().ask(recorder_, Ticket{0}, GetUser{"ann"});
    store().ask(recorder_, Ticket{7}, SignIn{"ann", ""});
    store().ask(recorder_, Ticket{7}, KeepMessage{.message = text("g:fire", "1")});
    settle(5);
    const Ticket expected[] = {Ticket{10}, Ticket{~0ULL}, Ticket{0}, Ticket{7}, Ticket{7}};
    for (std::size_t i = 0; i < 5; ++i)
        EXPECT_EQ(recorder_.heard[i].ticket, expected[i]);
    auto& user = recorder_.heard[2].answer;
    ASSERT_TRUE(user.ok());
    EXPECT_EQ(std::get<SignedIn>(*user).groups, Strings{"fire"});
    ASSERT_FALSE(recorder_.heard[3].answer.ok());
    EXPECT_EQ(recorder_.heard[3].answer.error(), limit_error(Limit::name));
    EXPECT_TRUE(recorder_.heard[4].answer.ok());
}

TEST_P(Contract, AnswersTheClientThatAsked) {
    Recorder other;
    store().ask(other, Ticket{1}, AddMember{"ann", "fire"});
    EXPECT_EQ(groups_of("ann"), Strings{"fire"});
    EXPECT_EQ(other.heard.size(), 1U);
}

/// Asks again from within an answer, as a sign-in that joins groups does.
class Joiner final : public StoreClient {
public:
    explicit Joiner(Store& store) : store_(store) {}
    void on_answer(Ticket ticket, Result<Answer> answer) noexcept override {
        if (!answer) return;
        auto* known = std::get_if<SignedIn>(&*answer);
        if (known == nullptr) return;
        for (const std::string& group : known->groups)
            store_.ask(*this, ticket, AddMember{"ann", group + " again"});
    }

private:
    Store& store_;
};

TEST_P(Contract, TakesQuestionsFromWithinAnAnswer) {
    get(SetGroups{"ann", {"one", "two", "three"}});
    Joiner joiner(store());
    store().ask(joiner, Ticket{1}, SignIn{"ann", "phone"});
    while (groups_of("ann").size() < 6) {
        ASSERT_LT(recorder_.heard.size(), 1000U);
    }
    EXPECT_EQ(groups_of("ann").size(), 6U);
}

TEST_P(Contract, CountsWhatItWasAsked) {
    get(SignIn{"ann", "phone"});
    EXPECT_EQ(error_of(SignIn{"", "phone"}), limit_error(Limit::name));
    const StoreCounters counters = store().counters();
    EXPECT_EQ(counters.asked, 2U);
    EXPECT_EQ(counters.answered, 2U);
    EXPECT_EQ(counters.refused + counters.failed + counters.waiting + counters.waiting_bytes, 0U);
    EXPECT_EQ(store().state(), StoreState::healthy);
}

TEST_P(Contract, KeepsWhatItAnsweredBeyondItsEndIfItLasts) {
    get(SignIn{"ann", "phone"});
    get(AddMember{"ann", "fire", Role::admin});
    get(SetSettings{"fire", "{}"});
    get(KeepMessage{text("g:fire", "1", "hello", "bob"), QueueFor::members, {}});
    get(KeepRecording{recording("r1", "g:fire", 0)});
    get(RevokeToken{"t1", at(60)});
    reopen();
    if (!lasts()) {
        EXPECT_TRUE(get(List{.what = List::What::users}).names.empty());
        return;
    }
    EXPECT_EQ(get(GetUser{"ann"}).previous_device, "phone");
    EXPECT_EQ(get(GetRole{"ann", "fire"}).role, Role::admin);
    EXPECT_EQ(get(GetSettings{"fire"}).json, "{}");
    EXPECT_EQ(get(GetHistory{.conversation = "g:fire"}).messages.at(0).body, "hello");
    EXPECT_EQ(get(GetQueue{"ann"}).entries.size(), 1U);
    EXPECT_EQ(get(GetRecording{"r1"}).recording, recording("r1", "g:fire", 0));
    EXPECT_EQ(get(GetRevoked{}).tokens, (std::vector<RevokedToken>{{"t1", at(60)}}));
    EXPECT_EQ(say("g:fire", "2"), 2U);
}

TEST_P(Contract, KeepsRevokedTokensUntilTheyWouldEnd) {
    get(RevokeToken{"a", at(10)});
    get(RevokeToken{"b", at(20)});
    get(RevokeToken{"b", at(15)});
    get(RevokeToken{"c", at(30)});
    EXPECT_EQ(get(GetRevoked{"a", 1}).tokens, (std::vector<RevokedToken>{{"b", at(20)}}));
    EXPECT_TRUE(get(GetRevoked{"a", 1}).more);
    EXPECT_TRUE(get(Expire{.now = at(20), .queued_since = at(0)}).changed);
    EXPECT_FALSE(get(Expire{.now = at(20), .queued_since = at(0)}).changed);
    EXPECT_EQ(get(GetRevoked{}).tokens, (std::vector<RevokedToken>{{"b", at(20)}, {"c", at(30)}}));
    EXPECT_FALSE(get(GetRevoked{}).more);
}

TEST_P(Contract, IndexesRecordingsByTime) {
    get(KeepRecording{recording("late", "g:fire", 9)});
    get(KeepRecording{recording("early", "g:fire", 1)});
    get(KeepRecording{recording("other", "g:police", 5)});
    get(KeepRecording{recording("same", "g:fire", 1)});
    const auto ids = [this](GetRecordings question) {
        Strings found;
        for (const Recording& each : get(std::move(question)).recordings)
            found.push_back(each.id);
        return found;
    };
    EXPECT_EQ(ids({.conversation = "g:fire"}), (Strings{"early", "same", "late"}));
    EXPECT_EQ(ids({}), (Strings{"early", "same", "other", "late"}));
    EXPECT_EQ(ids({.conversation = "g:fire", .limit = 2}), (Strings{"early", "same"}));
    EXPECT_EQ(ids({.conversation = "g:fire", .after = "same", .limit = 2}), Strings{"late"});
    EXPECT_EQ(ids({.conversation = {}, .after = "same"}), (Strings{"other", "late"}));
    EXPECT_EQ(error_of(GetRecordings{.conversation = {}, .after = "nothing"}),
              trouble(Trouble::not_found));
}

TEST_P(Contract, ReplacesAndForgetsARecording) {
    get(KeepRecording{recording("r1", "g:fire", 1)});
    get(KeepRecording{recording("r1", "g:police", 2)});
    EXPECT_EQ(get(GetRecording{"r1"}).recording, recording("r1", "g:police", 2));
    EXPECT_TRUE(get(GetRecordings{.conversation = "g:fire"}).recordings.empty());
    EXPECT_TRUE(get(ForgetRecording{"r1"}).changed);
    EXPECT_FALSE(get(ForgetRecording{"r1"}).changed);
    EXPECT_FALSE(get(GetRecording{"r1"}).recording.has_value());
}

TEST_P(Contract, ListsAllThereIs) {
    get(SignIn{"ann", "phone"});
    get(AddMember{"bob", "fire"});
    get(SetSettings{"police", "{}"});
    say("g:fire", "1");
    say(direct_conversation("bob", "ann"), "1");
    get(Enqueue{.user = "cid", .kind = "note", .body = "x", .at = at(0)});
    const auto list = [this](List::What what) { return get(List{what, "", 10}).names; };
    EXPECT_EQ(list(List::What::users), (Strings{"ann", "bob"}));
    EXPECT_EQ(list(List::What::groups), (Strings{"fire", "police"}));
    EXPECT_EQ(list(List::What::conversations), (Strings{"dm:3:annbob", "g:fire"}));
    EXPECT_EQ(list(List::What::queues), Strings{"cid"});
    const Names page = get(List{List::What::groups, "fire", 1});
    EXPECT_EQ(page.names, Strings{"police"});
    EXPECT_FALSE(page.more);
    EXPECT_TRUE(get(List{List::What::users, "", 1}).more);
}

TEST(Conversations, AreNamedWithoutConfusion) {
    EXPECT_EQ(group_conversation("fire"), "g:fire");
    EXPECT_EQ(group_of("g:fire"), "fire");
    EXPECT_EQ(direct_conversation("bob", "ann"), direct_conversation("ann", "bob"));
    EXPECT_NE(direct_conversation("a", "b:c"), direct_conversation("a:b", "c"));
    EXPECT_EQ(users_of(direct_conversation("9:b", "a:b")),
              (std::pair<std::string_view, std::string_view>{"9:b", "a:b"}));
    EXPECT_EQ(group_of("dm:1:ab"), std::nullopt);
    for (const char* bad : {"", "g:fire", "dm:", "dm:x:ab", "dm:3:ab", "dm:2ab", "dm:-1:ab"})
        EXPECT_EQ(users_of(bad), std::nullopt) << bad;
}

PARLEY_ASK_ALL_BACKENDS();

}  // namespace
}  // namespace parley::store
