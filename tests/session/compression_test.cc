// Compression in whole servers: who gets it, what is compressed how often, and what is left of it.
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "support/radio.h"

namespace parley::session {
namespace {

using test::Message;
using test::Radio;
using test::Town;
using test::Type;

// With its envelope long enough to be worth it.
const std::string words = [] {
    std::string made;
    for (int i = 0; i < 16; ++i)
        made += "unit " + std::to_string(i) + " over, ";
    return made;
}();

class CompressionInTownTest : public testing::Test {
protected:
    explicit CompressionInTownTest(ws::Deflate deflate)
        : town({.shards = 2, .worker = {.deflate = deflate}}) {}
    CompressionInTownTest() : CompressionInTownTest(ws::Deflate::on) {}

    // Who arrives at the other shard brings what was agreed on along.
    Radio member(std::size_t n, std::string_view offer) {
        Radio radio{
            town.port(1 - home),
            {town.user_at(home, n), "phone\r\nSec-WebSocket-Extensions: " + std::string{offer}}};
        EXPECT_TRUE(test::join(town, radio, group));
        return radio;
    }
    Radio plain(std::size_t n) {
        Radio radio{town.port(home), {town.user_at(home, n)}};
        EXPECT_TRUE(test::join(town, radio, group));
        return radio;
    }
    const ws::Compression& compression() { return town.worker(home).context().compression(); }
    std::uint64_t deflated() { return compression().counters().deflated; }

    static constexpr std::size_t home = 1;
    static constexpr std::string_view deflate_offer = "permessage-deflate";
    Town town;
    const std::string group = town.group_at(home, 0);
};

TEST_F(CompressionInTownTest, WordsAreCompressedOnceForAllWhoAgreed) {
    std::vector<Radio> listeners;
    for (std::size_t n = 1; n <= 5; ++n)
        listeners.push_back(member(n, deflate_offer));
    Radio other = plain(6);
    Radio talker = plain(0);
    const std::size_t before = town.shard(home).frames().outstanding();
    talker.send_text(Type::text, group, words);
    ASSERT_TRUE(town.run_until([this] { return deflated() == 5; }));
    ASSERT_TRUE(test::hears(town, other, Type::text, 1));
    EXPECT_NE(other.last(Type::text).payload.find(words), std::string::npos);
    // Held for this turn at most: the plain frame, the compressed one, and the acknowledgement.
    EXPECT_LE(town.shard(home).frames().outstanding(), before + 3);
    EXPECT_EQ(compression().counters().agreed, 5U);
    EXPECT_EQ(compression().contexts(), 0U);
}

TEST_F(CompressionInTownTest, VoiceAndShortWordsAreNot) {
    Radio listener = member(1, deflate_offer);
    Radio talker = plain(0);
    talker.send(Type::start, group);
    ASSERT_TRUE(test::hears(town, talker, Type::start_ack, 1));
    talker.send_voice(group, words);
    talker.send_text(Type::text, group, "over");
    ASSERT_TRUE(test::hears(town, listener, Type::text, 1));  // it reads plain frames only
    EXPECT_EQ(listener.last(Type::audio).payload, words);
    EXPECT_EQ(deflated(), 0U);
}

TEST_F(CompressionInTownTest, DirectWordsAreCompressedAsWell) {
    Radio listener = member(1, deflate_offer);
    Radio talker = plain(0);
    talker.send_direct(Type::text, listener.user(), words);
    ASSERT_TRUE(town.run_until([this] { return deflated() > 0; }));
}

class TakeoverTest : public CompressionInTownTest {
protected:
    TakeoverTest() : CompressionInTownTest(ws::Deflate::takeover) {}
};

TEST_F(TakeoverTest, AContextEndsWithItsConnection) {
    {
        Radio both = member(1, deflate_offer);
        Radio one = member(2, "permessage-deflate; server_no_context_takeover");
        Radio none = member(3,
                            "permessage-deflate; server_no_context_takeover; "
                            "client_no_context_takeover");
        EXPECT_EQ(compression().contexts(), 2U);
        Radio talker = plain(0);
        talker.send_text(Type::text, group, words);
        ASSERT_TRUE(town.run_until([this] { return deflated() == 3; }));
        one.reset();
        ASSERT_TRUE(town.run_until([this] { return compression().contexts() == 1; }));
    }
    ASSERT_TRUE(town.run_until([this] { return compression().contexts() == 0; }));
}

class NoCompressionTest : public CompressionInTownTest {
protected:
    NoCompressionTest() : CompressionInTownTest(ws::Deflate::off) {}
};

TEST_F(NoCompressionTest, NothingIsAgreedOnWhereItIsOff) {
    Radio listener = member(1, deflate_offer);
    EXPECT_EQ(listener.answer().find("Extensions"), std::string::npos);
    Radio talker = plain(0);
    talker.send_text(Type::text, group, words);
    ASSERT_TRUE(test::hears(town, listener, Type::text, 1));
    EXPECT_EQ(compression().counters().agreed, 0U);
}

}  // namespace
}  // namespace parley::session
