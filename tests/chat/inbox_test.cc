// What was sent to a user, what is proven, and what the store is asked.
#include "chat/inbox.h"

#include <gtest/gtest.h>

#include "chat/limits.h"

namespace parley::chat {
namespace {

class InboxTest : public testing::Test {
protected:
    ItemKey key(std::uint64_t number) const { return ItemKey{1000 + number}; }
    void live(std::uint64_t number) { add(number, 0); }
    void add(std::uint64_t number, std::uint64_t seq) {
        inbox.add({.key = key(number),
                   .number = number,
                   .seq = seq,
                   .about = {"g:fire", std::to_string(number)}});
    }
    Inbox inbox;
};

TEST_F(InboxTest, SettlesNothingThatIsNotProven) {
    live(1);
    EXPECT_TRUE(inbox.take_settlements().empty());
    EXPECT_EQ(inbox.last_unproven(), 1U);
    inbox.prove_up_to(0);
    EXPECT_TRUE(inbox.take_settlements().empty());
}

TEST_F(InboxTest, SettlesEachLiveMessageOnce) {
    live(1);
    live(2);
    live(3);
    inbox.prove_up_to(2);
    const auto asked = inbox.take_settlements();
    ASSERT_EQ(asked.size(), 2U);
    EXPECT_EQ(asked[1].about.id, "2");
    EXPECT_TRUE(inbox.take_settlements().empty()) << "it is on its way";
    inbox.settled(asked[0], {});
    inbox.not_settled(asked[1]);
    EXPECT_FALSE(inbox.knows(key(1)));
    EXPECT_TRUE(inbox.knows(key(2)));
    EXPECT_EQ(inbox.take_settlements().size(), 1U) << "asked again";
}

TEST_F(InboxTest, SettlesAQueueUpToWhereAllIsProven) {
    add(1, 11);
    add(2, 12);
    live(3);
    add(4, 13);
    add(5, 14);
    inbox.prove_up_to(4);
    const auto asked = inbox.take_settlements();
    ASSERT_EQ(asked.size(), 2U);
    EXPECT_EQ(asked[0].seq, 13U);
    EXPECT_EQ(asked[1].about.id, "3");
    // An entry in the middle is settled by itself: those before it are not proven.
    Inbox other;
    other.add({.key = key(1), .number = 1, .seq = 1, .about = {"g:fire", "a"}});
    other.add({.key = key(2), .number = 2, .seq = 2, .about = {"g:fire", "b"}});
    other.prove(key(2));
    const auto one = other.take_settlements();
    ASSERT_EQ(one.size(), 1U);
    EXPECT_EQ(one[0].seq, 0U);
    EXPECT_EQ(one[0].about.id, "b");
}

TEST_F(InboxTest, WaitsForAllThatIsAboutAMessage) {
    inbox.add({.key = key(1), .number = 1, .about = {"dm", "m"}});
    inbox.add({.key = key(2), .number = 2, .about = {"dm", "m"}});
    inbox.prove_up_to(1);
    EXPECT_TRUE(inbox.take_settlements().empty()) << "it would settle the second too";
    inbox.prove_up_to(2);
    EXPECT_EQ(inbox.take_settlements().size(), 2U);
}

TEST_F(InboxTest, RemembersForAWhileWhatCameFromTheQueue) {
    add(1, 11);
    inbox.prove_up_to(1);
    const Instant now{std::chrono::seconds{100}};
    inbox.settled(inbox.take_settlements()[0], now);
    EXPECT_TRUE(inbox.knows(key(1))) << "its live copy may still come";
    inbox.forget(now);
    EXPECT_TRUE(inbox.knows(key(1)));
    inbox.forget(now + Duration{1});
    EXPECT_TRUE(inbox.empty());
}

TEST_F(InboxTest, HoldsAsManyAsAQueueDoes) {
    for (std::uint64_t i = 1; i <= unsettled_max + 1; ++i)
        live(i);
    EXPECT_EQ(inbox.size(), unsettled_max);
    EXPECT_FALSE(inbox.knows(key(1)));
    EXPECT_TRUE(inbox.knows(key(2)));
}

}  // namespace
}  // namespace parley::chat
