// The contract of store::Store: messages in order, edits, receipts, reactions.
#include "backends.h"
#include "store/limits.h"

namespace parley::store {
namespace {

using Direction = GetHistory::Direction;

const std::string fire = group_conversation("fire");

std::vector<std::uint64_t> orders(const History& history) {
    std::vector<std::uint64_t> all;
    for (const Message& each : history.messages)
        all.push_back(each.order);
    return all;
}
using Orders = std::vector<std::uint64_t>;

TEST_P(Contract, CountsMessagesWithinTheirConversation) {
    EXPECT_EQ(say(fire, "a"), 1U);
    EXPECT_EQ(say(fire, "b"), 2U);
    EXPECT_EQ(say("g:police", "a"), 1U);
    EXPECT_EQ(say(fire, "c"), 3U);
}

TEST_P(Contract, GivesBackAMessageAsItWas) {
    Message message{.id = std::string("\0\xff", 2),
                    .conversation = direct_conversation("ann", "bob"),
                    .sender = "ann",
                    .kind = MessageKind::image,
                    .sent = at(5),
                    .body = std::string("a\0b", 3)};
    get(KeepMessage{.message = message});
    message.order = 1;
    EXPECT_EQ(get(GetMessage{message.conversation, message.id}).message, message);
    EXPECT_EQ(get(GetHistory{.conversation = message.conversation}).messages,
              std::vector<Message>{message});
    EXPECT_FALSE(get(GetMessage{message.conversation, "other"}).message.has_value());
    EXPECT_FALSE(get(GetMessage{"g:other", message.id}).message.has_value());
}

TEST_P(Contract, KeepsAMessageOnceHoweverOftenItIsSent) {
    get(AddMember{"bob", "fire"});
    get(KeepMessage{text(fire, "a", "first"), QueueFor::members, {}});
    say(fire, "b");
    const Kept again = get(KeepMessage{text(fire, "a", "second"), QueueFor::members, {}});
    EXPECT_TRUE(again.repeated);
    EXPECT_EQ(again.order, 1U);
    EXPECT_EQ(get(GetMessage{fire, "a"}).message->body, "first");
    EXPECT_EQ(get(GetQueue{"bob"}).entries.size(), 1U);
    EXPECT_EQ(say(fire, "c"), 3U);
}

TEST_P(Contract, KnowsAMessageThatIsSentAgainForADay) {
    const auto send = [this](const char* conversation, const char* id, const char* key,
                             int seconds) {
        Message message = text(conversation, id);
        message.sent = at(seconds);
        return get(KeepMessage{std::move(message), QueueFor::nobody, {}, key});
    };
    constexpr int day = 24 * 60 * 60;
    const Kept first = send("g:fire", "a", "ann 1", 0);
    EXPECT_FALSE(first.repeated);
    EXPECT_EQ(first.id, "a");
    const Kept again = send("g:fire", "b", "ann 1", day - 1);
    EXPECT_TRUE(again.repeated);
    EXPECT_EQ(again.id, "a");
    EXPECT_EQ(again.order, 1U);
    EXPECT_FALSE(send("g:police", "c", "ann 1", 1).repeated) << "another conversation";
    EXPECT_FALSE(send("g:fire", "d", "ann 2", 1).repeated) << "another key";
    EXPECT_FALSE(send("g:fire", "e", "", 1).repeated);
    EXPECT_FALSE(send("g:fire", "f", "", 1).repeated) << "no key is nobody's";
    const Kept later = send("g:fire", "g", "ann 1", day);
    EXPECT_FALSE(later.repeated) << "a day later it is another";
    EXPECT_EQ(send("g:fire", "h", "ann 1", day + 1).id, "g");
}

TEST_P(Contract, ForgetsWhatWasSentAgainAfterADay) {
    Message message = text(fire, "a");
    message.sent = at(0);
    get(KeepMessage{message, QueueFor::nobody, {}, "ann 1"});
    constexpr int day = 24 * 60 * 60;
    EXPECT_FALSE(get(Expire{.now = at(day - 1)}).changed);
    EXPECT_TRUE(get(Expire{.now = at(day)}).changed);
    EXPECT_FALSE(get(Expire{.now = at(day)}).changed);
}

TEST_P(Contract, QueuesForTheMembersOfAGroupThatIsNotTooLarge) {
    const auto add = [this](std::size_t n) { get(AddMember{"user" + std::to_string(n), "fire"}); };
    get(AddMember{"ann", "fire"});
    for (std::size_t n = 0; n < queued_users_max; ++n)
        add(n);
    const auto say_to_members = [this](const char* id) {
        Message message = text(fire, id);
        message.sender = "ann";
        return get(KeepMessage{std::move(message), QueueFor::members, {}}).queued;
    };
    EXPECT_TRUE(say_to_members("a"));
    EXPECT_EQ(get(GetQueue{"user7"}).entries.size(), 1U);
    add(queued_users_max);
    EXPECT_FALSE(say_to_members("b"));
    EXPECT_EQ(get(GetQueue{"user7"}).entries.size(), 1U);
    EXPECT_EQ(get(GetHistory{.conversation = fire}).messages.size(), 2U);
}

TEST_P(Contract, PagesThroughHistoryInBothDirections) {
    for (int i = 1; i <= 7; ++i)
        say(fire, std::to_string(i));
    const auto page = [this](std::uint64_t from, Direction direction) {
        return get(GetHistory{fire, from, direction, 3});
    };
    EXPECT_EQ(orders(page(0, Direction::backwards)), (Orders{5, 6, 7}));
    EXPECT_TRUE(page(0, Direction::backwards).more);
    EXPECT_EQ(orders(page(5, Direction::backwards)), (Orders{2, 3, 4}));
    EXPECT_EQ(orders(page(2, Direction::backwards)), Orders{1});
    EXPECT_FALSE(page(2, Direction::backwards).more);
    EXPECT_TRUE(page(1, Direction::backwards).messages.empty());
    EXPECT_EQ(orders(page(0, Direction::forwards)), (Orders{1, 2, 3}));
    EXPECT_TRUE(page(0, Direction::forwards).more);
    EXPECT_EQ(orders(page(4, Direction::forwards)), (Orders{5, 6, 7}));
    EXPECT_FALSE(page(4, Direction::forwards).more);
    EXPECT_TRUE(page(UINT64_MAX, Direction::forwards).messages.empty());
    EXPECT_EQ(orders(page(UINT64_MAX, Direction::backwards)), (Orders{5, 6, 7}));
    EXPECT_TRUE(get(GetHistory{.conversation = "g:nobody's"}).messages.empty());
}

TEST_P(Contract, EndsAPageForWantOfRoomAndSaysSo) {
    const std::string large(body_size_max - 1024, 'x');  // sealing adds less than that
    for (const char* id : {"1", "2", "3", "4"})
        say(fire, id, large);
    const History page = get(GetHistory{.conversation = fire});
    EXPECT_TRUE(page.more);
    ASSERT_EQ(orders(page), (Orders{3, 4}));
    EXPECT_EQ(page.messages[0].body, large);
    EXPECT_EQ(orders(get(GetHistory{.conversation = fire, .from = 3})), (Orders{1, 2}));
}

TEST_P(Contract, RefusesWhatIsTooLarge) {
    EXPECT_EQ(
        error_of(KeepMessage{.message = text(fire, "1", std::string(body_size_max + 1, 'x'))}),
        limit_error(Limit::size));
    EXPECT_EQ(error_of(KeepMessage{.message = text(fire, "")}), limit_error(Limit::size));
    EXPECT_EQ(error_of(KeepMessage{.message = text(fire, std::string(id_size_max + 1, 'i'))}),
              limit_error(Limit::size));
    EXPECT_EQ(error_of(KeepMessage{.message = text("", "1")}), limit_error(Limit::name));
    EXPECT_EQ(say(fire, "1"), 1U);
}

TEST_P(Contract, ChangesTheTextOfAMessageAndNotItsPlace) {
    say(fire, "a");
    say(fire, "b");
    get(EditMessage{fire, "a", "better", at(9)});
    const auto message = get(GetMessage{fire, "a"}).message;
    EXPECT_EQ(message->body, "better");
    EXPECT_EQ(message->edited, at(9));
    EXPECT_EQ(message->order, 1U);
    EXPECT_EQ(error_of(EditMessage{fire, "c", "x", at(9)}), trouble(Trouble::not_found));
}

TEST_P(Contract, LeavesOnlyThePlaceOfADeletedMessage) {
    get(AddMember{"bob", "fire"});
    get(KeepMessage{text(fire, "a"), QueueFor::members, {}});
    get(SetReaction{fire, "a", "bob", "+1", true});
    get(SetReceipt{fire, "a", "bob", ReceiptKind::read, at(1)});
    EXPECT_TRUE(get(DeleteMessage{fire, "a"}).changed);
    EXPECT_FALSE(get(DeleteMessage{fire, "a"}).changed);
    const auto message = get(GetMessage{fire, "a"}).message;
    EXPECT_TRUE(message->deleted);
    EXPECT_EQ(message->body, "");
    EXPECT_EQ(message->order, 1U);
    EXPECT_TRUE(get(GetReactions{fire, "a"}).reactions.empty());
    EXPECT_TRUE(get(GetReceipts{fire, "a"}).receipts.empty());
    EXPECT_TRUE(get(GetQueue{"bob"}).entries.empty());
    EXPECT_EQ(error_of(EditMessage{fire, "a", "x", at(9)}), trouble(Trouble::not_found));
    EXPECT_EQ(error_of(DeleteMessage{fire, "b"}), trouble(Trouble::not_found));
    EXPECT_TRUE(get(KeepMessage{.message = text(fire, "a")}).repeated);
    EXPECT_EQ(say(fire, "b"), 2U);
}

TEST_P(Contract, KeepsTheFirstReceiptOfEachKindAndUser) {
    say(fire, "a");
    EXPECT_TRUE(get(SetReceipt{fire, "a", "cid", ReceiptKind::delivered, at(3)}).changed);
    EXPECT_TRUE(get(SetReceipt{fire, "a", "bob", ReceiptKind::read, at(2)}).changed);
    EXPECT_TRUE(get(SetReceipt{fire, "a", "bob", ReceiptKind::delivered, at(1)}).changed);
    EXPECT_FALSE(get(SetReceipt{fire, "a", "bob", ReceiptKind::read, at(9)}).changed);
    EXPECT_EQ(get(GetReceipts{fire, "a"}).receipts,
              (std::vector<Receipt>{{"bob", ReceiptKind::delivered, at(1)},
                                    {"bob", ReceiptKind::read, at(2)},
                                    {"cid", ReceiptKind::delivered, at(3)}}));
    EXPECT_EQ(error_of(SetReceipt{fire, "b", "bob", ReceiptKind::read, at(2)}),
              trouble(Trouble::not_found));
    EXPECT_EQ(error_of(GetReceipts{fire, "b"}), trouble(Trouble::not_found));
}

TEST_P(Contract, KeepsReactionsUntilTheyAreTakenBack) {
    say(fire, "a");
    EXPECT_TRUE(get(SetReaction{fire, "a", "bob", "+1", true}).changed);
    EXPECT_FALSE(get(SetReaction{fire, "a", "bob", "+1", true}).changed);
    get(SetReaction{fire, "a", "bob", "heart", true});
    get(SetReaction{fire, "a", "ann", "+1", true});
    EXPECT_EQ(get(GetReactions{fire, "a"}).reactions,
              (std::vector<Reaction>{{"ann", "+1"}, {"bob", "+1"}, {"bob", "heart"}}));
    EXPECT_TRUE(get(SetReaction{fire, "a", "bob", "+1", false}).changed);
    EXPECT_FALSE(get(SetReaction{fire, "a", "bob", "+1", false}).changed);
    EXPECT_EQ(get(GetReactions{fire, "a"}).reactions.size(), 2U);
    EXPECT_EQ(error_of(SetReaction{fire, "b", "bob", "+1", true}), trouble(Trouble::not_found));
    EXPECT_EQ(error_of(SetReaction{fire, "a", "bob", std::string(emoji_size_max + 1, 'x'), true}),
              limit_error(Limit::size));
}

TEST_P(Contract, RestoresMessagesUnderTheirOrder) {
    Message message = text(fire, "old");
    message.order = 7;
    message.edited = at(3);
    EXPECT_EQ(get(KeepMessage{.message = message}).order, 7U);
    Message gone = text(fire, "gone", "");
    gone.order = 9;
    gone.deleted = true;
    get(KeepMessage{.message = gone});
    EXPECT_EQ(get(GetHistory{.conversation = fire}).messages,
              (std::vector<Message>{message, gone}));
    EXPECT_EQ(say(fire, "new"), 10U);
    message.id = "too early";
    EXPECT_EQ(error_of(KeepMessage{.message = message}), limit_error(Limit::order));
}

PARLEY_ASK_ALL_BACKENDS();

}  // namespace
}  // namespace parley::store
