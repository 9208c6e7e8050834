// When a sender is told that a message is stored, and what it is told when it is not.
#include "chatter.h"
#include "store/store.h"

namespace parley::chat {
namespace {

class StoringTest : public Chatter {};

TEST_F(StoringTest, AcknowledgesAndPassesOnOnlyWhatIsStored) {
    Radio alice = sign_in(alice_id);
    Radio bob = sign_in(bob_id);
    store.mode = HeldStore::Mode::holding;
    say(alice, {.to = bob_id, .payload = "words"});
    ASSERT_TRUE(done_with(town, alice));
    town.settle();
    EXPECT_EQ(store.held(), 1U);
    EXPECT_EQ(alice.count(Type::text_ack), 0U);
    EXPECT_EQ(texts(bob), Texts{});
    store.release();
    ASSERT_TRUE(hears(town, alice, Type::text_ack, 1));
    EXPECT_EQ(texts(bob), Texts{"words"});
}

TEST_F(StoringTest, SaysSoWhenItCannotStore) {
    Radio alice = sign_in(alice_id);
    Radio bob = sign_in(bob_id);
    store.mode = HeldStore::Mode::refusing;
    say(alice, {.to = bob_id, .payload = "words", .message_id = "my id"});
    say(alice, {.type = image, .to = bob_id, .payload = "a picture"});
    ASSERT_TRUE(hears(town, alice, refused, 2));
    EXPECT_EQ(alice.heard()[0].payload, "Not Stored");
    EXPECT_EQ(alice.heard()[0].message_id, "my id");
    EXPECT_EQ(alice.heard()[0].to, bob_id);
    EXPECT_EQ(alice.heard()[1].payload, "Not Stored");
    EXPECT_EQ(alice.count(Type::text_ack), 0U);
    EXPECT_EQ(texts(bob), Texts{});
    EXPECT_EQ(bob.count(image), 0U);
    store.mode = HeldStore::Mode::passing;
    write(alice, bob_id, "it is back");
    EXPECT_EQ(texts(bob), Texts{"it is back"});
}

TEST_F(StoringTest, KnowsAMessageThatIsSentAgain) {
    Radio alice = sign_in(alice_id);
    Radio bob = sign_in(bob_id);
    const Words words{.to = bob_id, .payload = "words", .message_id = "7"};
    say(alice, words);
    say(alice, words);
    ASSERT_TRUE(hears(town, alice, Type::text_ack, 2));
    EXPECT_EQ(alice.heard()[0].message_id, alice.heard()[1].message_id) << "the same ack";
    EXPECT_EQ(texts(bob), Texts{"words"});
    // A radio that counts anew after a restart says something else under the same number.
    say(alice, {.to = bob_id, .payload = "others", .message_id = "7"});
    ASSERT_TRUE(hears(town, alice, Type::text_ack, 3));
    EXPECT_EQ(texts(bob), (Texts{"words", "others"}));
    // And what has no number is never the same.
    write(alice, bob_id, "words");
    write(alice, bob_id, "words");
    EXPECT_EQ(texts(bob).size(), 4U);
}

TEST_F(StoringTest, FindsOutWhatBecameOfAMessageWithoutAnAnswer) {
    Radio alice = sign_in(alice_id);
    Radio bob = sign_in(bob_id);
    const Words words{.to = bob_id, .payload = "words", .message_id = "7"};
    store.mode = HeldStore::Mode::losing;
    say(alice, words);
    ASSERT_TRUE(hears(town, alice, refused, 1));
    EXPECT_EQ(texts(bob), Texts{});
    store.mode = HeldStore::Mode::passing;
    ASSERT_TRUE(hears(town, bob, Type::text, 1)) << "it was stored, so it is delivered";
    say(alice, words);
    ASSERT_TRUE(hears(town, alice, Type::text_ack, 1));
    EXPECT_EQ(texts(bob), Texts{"words"}) << "once";
}

TEST_F(StoringTest, KeepsTheOrderAroundAMessageInDoubt) {
    Radio alice = sign_in(alice_id);
    Radio bob = sign_in(bob_id);
    store.mode = HeldStore::Mode::losing;
    say(alice, {.to = bob_id, .payload = "first"});
    ASSERT_TRUE(hears(town, alice, refused, 1));
    store.mode = HeldStore::Mode::passing;
    say(alice, {.to = bob_id, .payload = "second"});
    ASSERT_TRUE(hears(town, bob, Type::text, 2));
    EXPECT_EQ(texts(bob), (Texts{"first", "second"}));
}

TEST_F(StoringTest, RefusesAtOnceWhatItCannotRemember) {
    Radio alice = sign_in(alice_id);
    store.mode = HeldStore::Mode::holding;
    const std::string picture(60'000, 'p');
    constexpr std::size_t sent = 290;
    for (std::size_t i = 0; i < sent; ++i) {
        say(alice, {.type = image, .to = bob_id, .payload = picture});
        town.turn_all();
    }
    ASSERT_TRUE(hears(town, alice, refused, 1));
    ASSERT_TRUE(done_with(town, alice));
    town.settle();
    EXPECT_LT(store.held(), (std::size_t{16} << 20) / picture.size() + 1);
    EXPECT_GT(store.held(), (std::size_t{16} << 20) / (picture.size() + 200));
    EXPECT_EQ(alice.count(refused), sent - store.held());
    store.release();
}

TEST_F(StoringTest, TellsNobodyTwiceWhoIsRefusedInAGroup) {
    Radio alice = sign_in(alice_id);
    say(alice, {.scope = Words::To::group, .to = "not mine", .payload = "words"});
    ASSERT_TRUE(hears(town, alice, refused, 1));
    EXPECT_EQ(alice.last(refused).payload, "Unauthorized Group");
    EXPECT_EQ(store.held(), 0U);
}

TEST_F(StoringTest, TakesIdsThatAreTooLongForTheStore) {
    const std::string name(300, 'n');
    Radio alice = sign_in(alice_id);
    const Words words{.to = name, .payload = "words", .message_id = "7"};
    say(alice, words);
    say(alice, words);
    ASSERT_TRUE(hears(town, alice, Type::text_ack, 2));
    EXPECT_NE(alice.heard()[0].message_id.find("1_17_" + name), std::string::npos);
    EXPECT_EQ(alice.heard()[0].message_id, alice.heard()[1].message_id);
    Radio other = sign_in(name);
    EXPECT_EQ(texts(other), Texts{"words"});
}

}  // namespace
}  // namespace parley::chat
