// The contract of store::Store: each user's durable queue.
#include "backends.h"
#include "store/limits.h"

namespace parley::store {
namespace {

const std::string fire = group_conversation("fire");

using Seqs = std::vector<std::uint64_t>;

Seqs seqs(const Queue& queue) {
    Seqs all;
    for (const QueueEntry& each : queue.entries)
        all.push_back(each.seq);
    return all;
}

Enqueue note(const std::string& user, const std::string& body, int when = 0) {
    return {.user = user, .kind = "note", .body = body, .at = at(when)};
}

TEST_P(Contract, QueuesAMessageForEveryMemberButItsSender) {
    for (const char* user : {"ann", "bob", "cid"})
        get(AddMember{user, "fire"});
    get(AddMember{"dan", "police"});
    get(KeepMessage{text(fire, "a", "hello", "ann"), QueueFor::members, {}});
    get(KeepMessage{text(fire, "b", "there", "bob"), QueueFor::members, {}});
    EXPECT_EQ(seqs(get(GetQueue{"ann"})), Seqs{1});
    EXPECT_EQ(seqs(get(GetQueue{"cid"})), (Seqs{1, 2}));
    EXPECT_TRUE(get(GetQueue{"dan"}).entries.empty());
    const QueueEntry entry = get(GetQueue{"bob"}).entries.at(0);
    EXPECT_EQ(entry.kind, "message");
    EXPECT_EQ(entry.at, at(0));
    EXPECT_EQ(entry.body, "");
    EXPECT_EQ(entry.message, get(GetMessage{fire, "a"}).message);
}

TEST_P(Contract, QueuesAMessageForThoseNamedOnceEach) {
    const std::string direct = direct_conversation("ann", "bob");
    get(KeepMessage{text(direct, "a"), QueueFor::users, {"bob", "bob", "cid"}});
    EXPECT_EQ(seqs(get(GetQueue{"bob"})), Seqs{1});
    EXPECT_EQ(seqs(get(GetQueue{"cid"})), Seqs{1});
    EXPECT_TRUE(get(GetQueue{"ann"}).entries.empty());
    EXPECT_EQ(error_of(KeepMessage{text(direct, "b"), QueueFor::users, {"bob", ""}}),
              limit_error(Limit::name));
}

TEST_P(Contract, QueuesForNobodyUnlessAsked) {
    get(AddMember{"bob", "fire"});
    say(fire, "a");
    EXPECT_TRUE(get(GetQueue{"bob"}).entries.empty());
    EXPECT_EQ(get(GetQueue{"bob"}).last_seq, 0U);
}

TEST_P(Contract, NeverGivesASeqTwice) {
    EXPECT_EQ(get(note("bob", "one")).seq, 1U);
    EXPECT_EQ(get(note("bob", "two")).seq, 2U);
    EXPECT_EQ(get(note("ann", "one")).seq, 1U);
    get(SettleQueue{"bob", 2});
    EXPECT_TRUE(get(GetQueue{"bob"}).entries.empty());
    EXPECT_EQ(get(GetQueue{"bob"}).last_seq, 2U);
    EXPECT_EQ(get(note("bob", "three")).seq, 3U);
}

TEST_P(Contract, PagesThroughAQueue) {
    for (const char* body : {"1", "2", "3", "4", "5"})
        get(note("bob", body));
    const Queue first = get(GetQueue{"bob", 0, 2});
    EXPECT_EQ(seqs(first), (Seqs{1, 2}));
    EXPECT_TRUE(first.more);
    EXPECT_EQ(first.last_seq, 5U);
    const Queue last = get(GetQueue{"bob", 3, 2});
    EXPECT_EQ(seqs(last), (Seqs{4, 5}));
    EXPECT_FALSE(last.more);
    EXPECT_EQ(last.entries[1].body, "5");
}

TEST_P(Contract, SettlesUpToASeqAndByMessage) {
    get(AddMember{"bob", "fire"});
    for (const char* id : {"a", "b", "c", "d"})
        get(KeepMessage{text(fire, id), QueueFor::members, {}});
    get(KeepMessage{text("g:police", "b"), QueueFor::users, {"bob"}});
    EXPECT_TRUE(get(SettleQueue{"bob", 1}).changed);
    EXPECT_FALSE(get(SettleQueue{"bob", 1}).changed);
    EXPECT_TRUE(get(SettleMessage{"bob", fire, "b"}).changed);
    EXPECT_FALSE(get(SettleMessage{"bob", fire, "b"}).changed);
    EXPECT_FALSE(get(SettleMessage{"bob", fire, "nothing"}).changed);
    EXPECT_FALSE(get(SettleMessage{"ann", fire, "c"}).changed);
    EXPECT_EQ(seqs(get(GetQueue{"bob"})), (Seqs{3, 4, 5}));
}

TEST_P(Contract, ShowsAMessageAsItIsNow) {
    get(KeepMessage{text(fire, "a", "first"), QueueFor::users, {"bob"}});
    get(EditMessage{fire, "a", "second", at(1)});
    EXPECT_EQ(get(GetQueue{"bob"}).entries.at(0).message->body, "second");
}

TEST_P(Contract, QueuesAWordAboutAMessage) {
    say(fire, "a");
    Enqueue receipt{.user = "ann",
                    .kind = "read",
                    .body = "bob",
                    .at = at(2),
                    .conversation = fire,
                    .message = "a"};
    get(receipt);
    const QueueEntry entry = get(GetQueue{"ann"}).entries.at(0);
    EXPECT_EQ(entry.kind, "read");
    EXPECT_EQ(entry.body, "bob");
    EXPECT_EQ(entry.message->id, "a");
    receipt.message = "b";
    EXPECT_EQ(error_of(receipt), trouble(Trouble::not_found));
    EXPECT_EQ(get(GetQueue{"ann"}).last_seq, 1U);
}

TEST_P(Contract, LetsTheOldestEntriesGiveWayAndSaysSo) {
    get(AddMember{"bob", "fire"});
    constexpr std::size_t more = 5;
    constexpr std::size_t asked = queue_per_user_max + more;
    for (std::size_t i = 1; i <= asked; ++i) {
        const std::string id = std::to_string(i);
        Question entry = note("bob", id);
        if (i % 2 == 0) entry = KeepMessage{text(fire, id), QueueFor::members, {}};
        store().ask(recorder_, Ticket{2}, std::move(entry));
    }
    settle(1 + asked);
    const Queue first = get(GetQueue{"bob", 0, 1});
    EXPECT_EQ(seqs(first), Seqs{more + 1});
    EXPECT_EQ(first.lost_up_to, more);
    EXPECT_EQ(first.last_seq, queue_per_user_max + more);
    // What was settled is not lost.
    get(SettleQueue{"bob", 20});
    for (int i = 0; i < 10; ++i)
        get(note("bob", "more"));
    EXPECT_EQ(get(GetQueue{"bob"}).lost_up_to, more);
    EXPECT_EQ(get(GetQueue{"bob", 0, 1}).entries.at(0).seq, 21U);
}

TEST_P(Contract, LetsEntriesThatAreTooOldGiveWay) {
    get(note("bob", "old", 10));
    get(note("bob", "older", 5));
    get(note("bob", "new", 30));
    EXPECT_TRUE(get(Expire{.now = at(0), .queued_since = at(20)}).changed);
    EXPECT_FALSE(get(Expire{.now = at(0), .queued_since = at(20)}).changed);
    const Queue queue = get(GetQueue{"bob"});
    EXPECT_EQ(seqs(queue), Seqs{3});
    EXPECT_EQ(queue.lost_up_to, 2U);
}

TEST_P(Contract, RestoresEntriesUnderTheirSeq) {
    Enqueue entry = note("bob", "old");
    entry.seq = 41;
    EXPECT_EQ(get(entry).seq, 41U);
    EXPECT_EQ(get(note("bob", "new")).seq, 42U);
    EXPECT_EQ(error_of(entry), limit_error(Limit::order));
    EXPECT_EQ(get(GetQueue{"bob"}).lost_up_to, 0U);
}

PARLEY_ASK_ALL_BACKENDS();

}  // namespace
}  // namespace parley::store
