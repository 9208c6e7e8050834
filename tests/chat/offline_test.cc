// What waits for who is not there, and when it counts as received.
#include "chatter.h"
#include "store/limits.h"

namespace parley::chat {
namespace {

class OfflineTest : public Chatter {
protected:
    // Answers the pings that have come since the last call.
    void answer(Radio& radio) {
        for (; answered < radio.control_frames().size(); ++answered) {
            const sim::WebSocketFrame& each = radio.control_frames()[answered];
            if (each.opcode == Opcode::ping) radio.send_control(Opcode::pong, each.payload);
        }
    }
    std::size_t answered = 0;
};

TEST_F(OfflineTest, GivesWhoComesBackWhatWasSaidMeanwhileInOrder) {
    Radio alice = sign_in(alice_id);
    for (const char* each : {"one", "two", "three"})
        write(alice, bob_id, each);
    Radio bob = sign_in(bob_id);
    EXPECT_EQ(texts(bob), (Texts{"one", "two", "three"}));
    write(alice, bob_id, "four");
    EXPECT_EQ(texts(bob), (Texts{"one", "two", "three", "four"}));
    EXPECT_EQ(bob.last(Type::text).from, alice_id);
}

TEST_F(OfflineTest, GivesAgainWhatNobodyHasProvenToHaveReceived) {
    Radio alice = sign_in(alice_id);
    write(alice, bob_id, "waited");
    {
        Radio bob = sign_in(bob_id);
        write(alice, bob_id, "live");
        EXPECT_EQ(texts(bob), (Texts{"waited", "live"}));
        bob.reset();
    }
    Radio bob = sign_in(bob_id);
    EXPECT_EQ(texts(bob), (Texts{"waited", "live"}));
}

TEST_F(OfflineTest, GivesNothingTwiceThatAPongHasProven) {
    Radio alice = sign_in(alice_id);
    write(alice, bob_id, "waited");
    {
        Radio bob = sign_in(bob_id);
        EXPECT_EQ(texts(bob), Texts{"waited"});
        EXPECT_GE(answer_pings(bob), 1U) << "it is asked as soon as its queue is empty";
    }
    Radio bob = sign_in(bob_id);
    EXPECT_EQ(texts(bob), Texts{});
}

TEST_F(OfflineTest, GivesNothingTwiceThatWasDelivered) {
    Radio alice = sign_in(alice_id);
    {
        Radio bob = sign_in(bob_id);
        write(alice, bob_id, "first");
        write(alice, bob_id, "second");
        ASSERT_TRUE(hears(town, bob, Type::text, 2));
        const std::string second = id_in(bob.last(Type::text));
        say(bob, {.type = delivered, .to = alice_id, .payload = second});
        ASSERT_TRUE(hears(town, alice, delivered, 1));
        EXPECT_EQ(alice.last(delivered).payload, second);
        town.settle();
    }
    Radio bob = sign_in(bob_id);
    EXPECT_EQ(texts(bob), Texts{"first"});
}

TEST_F(OfflineTest, ASingleReceiptMayNameSeveral) {
    Radio alice = sign_in(alice_id);
    {
        Radio bob = sign_in(bob_id);
        for (const char* each : {"first", "second", "third"})
            write(alice, bob_id, each);
        ASSERT_TRUE(hears(town, bob, Type::text, 3));
        std::vector<std::string> ids;
        for (const Message& each : bob.heard())
            ids.push_back(id_in(each));
        say(bob, {.type = read_receipt,
                  .to = alice_id,
                  .payload = "[\"" + ids[0] + "\",\"" + ids[2] + "\"]"});
        ASSERT_TRUE(hears(town, alice, read_receipt, 1));
        town.settle();
    }
    Radio bob = sign_in(bob_id);
    EXPECT_EQ(texts(bob), Texts{"second"});
}

TEST_F(OfflineTest, KeepsReceiptsForASenderWhoIsAway) {
    std::string id;
    {
        Radio alice = sign_in(alice_id);
        write(alice, bob_id, "are you there");
        ASSERT_TRUE(done_with(town, alice));
        alice.reset();
    }
    Radio bob = sign_in(bob_id);
    ASSERT_EQ(texts(bob), Texts{"are you there"});
    id = id_in(bob.last(Type::text));
    ASSERT_TRUE(town.run_until([this] { return town.sessions() == 1; }));
    say(bob, {.type = delivered, .to = alice_id, .payload = id});
    say(bob, {.type = read_receipt, .to = alice_id, .payload = id});
    ASSERT_TRUE(done_with(town, bob));
    {
        Radio alice = sign_in(alice_id);
        ASSERT_TRUE(done_with(town, alice));
        ASSERT_EQ(alice.count(delivered), 1U);
        ASSERT_EQ(alice.count(read_receipt), 1U);
        EXPECT_EQ(alice.last(read_receipt).payload, id);
        EXPECT_EQ(alice.heard().front().type, 20) << "in the order in which they were said";
        answer_pings(alice);
    }
    Radio alice = sign_in(alice_id);
    ASSERT_TRUE(done_with(town, alice));
    EXPECT_EQ(alice.count(delivered) + alice.count(read_receipt), 0U);
}

TEST_F(OfflineTest, PassesOnAReceiptForWhatWasNeverKept) {
    Radio alice = sign_in(alice_id);
    Radio bob = sign_in(bob_id);
    say(bob, {.type = delivered, .to = alice_id, .payload = "an id of its own"});
    EXPECT_TRUE(hears(town, alice, delivered, 1));
}

TEST_F(OfflineTest, GivesAbsentMembersOfAGroupWhatWasSaid) {
    const std::string group = town.group_at(1, 0);
    Radio alice = sign_in(alice_id);
    ASSERT_TRUE(join(town, alice, group));
    {
        Radio bob = sign_in(bob_id);
        ASSERT_TRUE(join(town, bob, group));
        town.settle();
    }
    ASSERT_TRUE(town.run_until([this] { return town.sessions() == 1; }));
    for (const char* each : {"one", "two"}) {
        say(alice, {.scope = Words::To::group, .to = group, .payload = each});
    }
    ASSERT_TRUE(hears(town, alice, Type::text_ack, 2));
    Radio bob = sign_in(bob_id);
    EXPECT_EQ(texts(bob), (Texts{"one", "two"}));
    EXPECT_EQ(bob.last(Type::text).to, group);
    EXPECT_EQ(bob.last(Type::text).channel, 0);
    EXPECT_EQ(texts(alice), Texts{}) << "not to who said it";
}

TEST_F(OfflineTest, WhoSignsInHearsWhatIsSaidRightThen) {
    const std::string group = town.group_at(0, 0);
    Radio alice = sign_in(alice_id);
    ASSERT_TRUE(join(town, alice, group));
    {
        Radio bob = sign_in(bob_id);
        ASSERT_TRUE(join(town, bob, group));
    }
    ASSERT_TRUE(town.run_until([this] { return town.sessions() == 1; }));
    Radio bob{town.port(0), {bob_id}};
    // At every step of the sign-in something is said.
    Texts said;
    for (int i = 0; i < 40; ++i) {
        said.push_back(std::to_string(i));
        say(alice, {.scope = Words::To::group, .to = group, .payload = "\"" + said.back() + "\""});
        town.turn(static_cast<std::size_t>(i % 2));
    }
    ASSERT_TRUE(hears(town, alice, Type::text_ack, said.size()));
    ASSERT_TRUE(let_in(town, bob));
    town.settle();
    ASSERT_TRUE(done_with(town, bob));
    EXPECT_EQ(bob.count(Type::text), said.size());
}

TEST_F(OfflineTest, TheOldestOfMoreThanAThousandGivesWay) {
    const auto gaps = [this] { return town.worker(1).chat().delivery().counters().gaps; };
    Radio alice = sign_in(alice_id);
    const std::size_t most = store::queue_per_user_max;
    for (std::size_t i = 0; i <= most; i += 100) {
        for (std::size_t each = i; each < std::min(i + 100, most + 1); ++each)
            say(alice, {.to = bob_id, .payload = "n" + std::to_string(each)});
        ASSERT_TRUE(hears(town, alice, Type::text_ack, std::min(i + 100, most + 1)));
    }
    {
        Radio bob = sign_in(bob_id);
        ASSERT_TRUE(town.run_until([&] {
            answer(bob);
            return bob.count(Type::text) >= most;
        }));
        const Texts all = texts(bob);
        ASSERT_EQ(all.size(), most);
        EXPECT_EQ(all.front(), "n1");
        EXPECT_EQ(all.back(), "n" + std::to_string(most));
        EXPECT_EQ(gaps(), 1U);
        answer(bob);
        town.settle();
    }
    ASSERT_TRUE(town.run_until([this] { return town.sessions() == 1; }));
    write(alice, bob_id, "and later");
    Radio bob = sign_in(bob_id);
    EXPECT_EQ(texts(bob), Texts{"and later"});
    EXPECT_EQ(gaps(), 1U) << "counted once";
}

TEST_F(OfflineTest, TheLineEndsWithTheLastUserIfTheStoreAnswersAtOnce) {
    Radio alice = sign_in(alice_id);
    store.mode = HeldStore::Mode::refusing;
    Radio bob = sign_in(bob_id);
    {
        Radio carol = sign_in(town.user_at(1, 1));  // behind him in the line of their shard
        carol.reset();
    }
    town.settle();
    store.mode = HeldStore::Mode::passing;
    write(alice, bob_id, "words");
    ASSERT_TRUE(hears(town, bob, Type::text, 1)) << "once his queue was read";
    EXPECT_EQ(texts(bob), Texts{"words"});
}

TEST_F(OfflineTest, WaitsForProofBeforeItSendsMoreThanAQueueTakes) {
    Radio alice = sign_in(alice_id);
    const std::string picture(60'000, 'p');
    constexpr std::size_t pictures = 10;
    constexpr std::size_t at_once = (std::size_t{256} << 10) / 60'100;
    for (std::size_t i = 0; i < pictures; ++i) {
        say(alice, {.type = image, .to = bob_id, .payload = picture + std::to_string(i)});
        ASSERT_TRUE(done_with(town, alice));
    }
    town.settle();
    Radio bob = sign_in(bob_id);
    ASSERT_TRUE(hears(town, bob, image, at_once));
    town.run_for(std::chrono::milliseconds{20});
    ASSERT_TRUE(done_with(town, bob));
    EXPECT_EQ(bob.count(image), at_once);
    ASSERT_TRUE(town.run_until([&] {
        answer(bob);
        return bob.count(image) == pictures;
    }));
    EXPECT_EQ(bob.last(image).payload, picture + std::to_string(pictures - 1));
}

}  // namespace
}  // namespace parley::chat
