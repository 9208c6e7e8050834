// Conversations recorded with the two routers: bytes sent by a client, bytes others received.
#include <gtest/gtest.h>
#include <string>

#include "frames.h"
#include "wire/value.h"

namespace parley::wire {
namespace {

using voiceping::Dialect;

constexpr Dialect both[] = {Dialect::router_2023, Dialect::router_2026};

struct Pair {
    const char* sent;
    const char* received;
};

void expect_relayed(Dialect dialect, std::span<const Pair> pairs) {
    for (const Pair& pair : pairs) {
        EXPECT_EQ(relayed(dialect, pair.sent), pair.received) << pair.sent;
    }
}

// Talks with START_ACK: what the talker hears, with the same ids.
std::string start_answer(Dialect dialect, std::string_view hex) {
    voiceping::Decoder decoder{dialect};
    const auto message = from_hex(hex);
    auto command = decoder.decode(message);
    if (!command) return "error";
    std::vector<std::byte> payload;
    append_start_answer((*command).scope, (*command).payload, payload);
    Event event = event_of(*command);
    event.kind = Kind::floor_granted;
    event.payload = payload;
    if (event.scope == Scope::group) event.message_id = {};
    return to_hex(encoded(event));
}

TEST(Conversation, NoncanonicalInts) {
    const Pair pairs[] = {
        {"95cc01cd0003a454613961a454613962c40101", "950103a454613961a454613962c40101"},
        {"95ce00000001cf0000000000000003a454613961a454613962c40102",
         "950103a454613961a454613962c40102"},
        {"95d001d10003a454613961a454613962c40103", "950103a454613961a454613962c40103"},
        {"95d30000000000000001d200000003a454613961a454613962c40104",
         "950103a454613961a454613962c40104"},
        {"95cb3ff0000000000000cb4008000000000000a454613961a454613962c40105",
         "950103a454613961a454613962c40105"},
        {"95ca3f800000ca40400000a454613961a454613962c40106", "950103a454613961a454613962c40106"},
    };
    for (Dialect dialect : both)
        expect_relayed(dialect, pairs);
}

TEST(Conversation, PayloadReencoding) {
    const Pair pairs[] = {
        {"950115a454613961a454613962ca3f000000", "950115a454613961a454613962cb3fe0000000000000"},
        {"950115a454613961a454613962cb3fb999999999999a",
         "950115a454613961a454613962cb3fb999999999999a"},
        {"950115a454613961a454613962cb4008000000000000", "950115a454613961a45461396203"},
        {"950115a454613961a454613962d903616263", "950115a454613961a454613962a3616263"},
        {"950115a454613961a454613962da0003616263", "950115a454613961a454613962a3616263"},
        {"950115a454613961a454613962c5000101", "950115a454613961a454613962c40101"},
        {"950115a454613961a45461396282a16201a16102", "950115a454613961a45461396282a16201a16102"},
        {"950115a454613961a45461396283a132a178a131a179a16ba17a",
         "950115a454613961a45461396283a131a179a132a178a16ba17a"},
        {"950115a454613961a454613962d70000000000000003e8",
         "950115a454613961a454613962d70000000000000003e8"},
        {"950115a454613961a454613962d40000", "950115a454613961a454613962d40000"},
        {"950115a454613961a454613962d4000a", "950115a454613961a454613962d40000"},
        {"950115a454613961a454613962cf001fffffffffffff",
         "950115a454613961a454613962cf001fffffffffffff"},
        {"950115a454613961a454613962a2c328", "950115a454613961a454613962a4efbfbd28"},
        // The routers relayed these as empty frames; now they are dropped (error 11).
        {"950115a454613961a454613962cf0020000000000001", "error 11"},
        {"950115a454613961a454613962d3ffdfffffffffffff", "error 11"},
        {"950115a454613961a454613962cb7ff0000000000000", "error 11"},
    };
    for (Dialect dialect : both)
        expect_relayed(dialect, pairs);
    const Pair only_2023[] = {
        {"950115a454613961a454613962dc000101", "950115a454613961a4546139629101"},
        {"950115a454613961a4546139628105a7696e74206b6579",
         "950115a454613961a45461396281a135a7696e74206b6579"},
        {"950115a454613961a454613962d5050102", "950115a454613961a4546139629205c4020102"},
    };
    expect_relayed(Dialect::router_2023, only_2023);
    const Pair only_2026[] = {
        {"950115a454613961a454613962dc000101", "950115a454613961a454613962c40101"},
        {"950115a454613961a4546139628105a7696e74206b6579", "950115a454613961a454613962c40100"},
        {"950115a454613961a454613962d5050102", "950115a454613961a454613962c4020500"},
    };
    expect_relayed(Dialect::router_2026, only_2026);
}

TEST(Conversation, PrivateStartPayloads) {
    const Pair answers[] = {
        {"950101a454613961a454613962cf0000018bcfe5687b",
         "950106a454613961a454613962cf0000018bcfe5687b"},
        {"950101a454613961a45461396205", "950106a454613961a45461396205"},
        {"950101a454613961a45461396200", "950106a454613961a454613962ac41636b6e6f776c6564676564"},
        {"950101a454613961a454613962f9", "950106a454613961a454613962f9"},
        {"950101a454613961a454613962a474657874", "950106a454613961a454613962a474657874"},
        {"950101a454613961a454613962a0", "950106a454613961a454613962ac41636b6e6f776c6564676564"},
        {"950101a454613961a454613962c0", "950106a454613961a454613962ac41636b6e6f776c6564676564"},
        {"950101a454613961a454613962c3", "950106a454613961a454613962c3"},
        {"950101a454613961a454613962c2", "950106a454613961a454613962ac41636b6e6f776c6564676564"},
        {"950101a454613961a454613962c403c0ffee", "950106a454613961a454613962c403c0ffee"},
        {"950101a454613961a45461396282a16ba176a16e03",
         "950106a454613961a45461396282a16ba176a16e03"},
        {"940101a454613961a454613962", "950106a454613961a454613962ac41636b6e6f776c6564676564"},
    };
    for (Dialect dialect : both) {
        for (const Pair& pair : answers) {
            EXPECT_EQ(start_answer(dialect, pair.sent), pair.received) << pair.sent;
        }
    }
    EXPECT_EQ(start_answer(Dialect::router_2026, "950101a454613961a4546139629301a178c0"),
              "950106a454613961a454613962c403010000");
}

TEST(Conversation, GroupStartPayloads) {
    const Pair answers[] = {
        {"950001a454613961a454613967cf0000018bcfe5687b",
         "950006a454613961a454613967ad31373030303030303030313233"},
        {"950001a454613961a45461396700", "950006a454613961a454613967ac41636b6e6f776c6564676564"},
        {"950001a454613961a454613967a3616263", "950006a454613961a454613967a3616263"},
        {"950001a454613961a454613967c0", "950006a454613961a454613967ac41636b6e6f776c6564676564"},
        {"950001a454613961a454613967c3", "950006a454613961a454613967a474727565"},
        {"950001a454613961a454613967c4024142", "950006a454613961a454613967a24142"},
        {"950001a454613961a454613967cb4002000000000000", "950006a454613961a454613967a4322e3235"},
        {"950001a454613961a45461396781a16101",
         "950006a454613961a454613967af5b6f626a656374204f626a6563745d"},
        {"940001a454613961a454613967", "950006a454613961a454613967ac41636b6e6f776c6564676564"},
        {"960001a454613961a454613967a36369644d", "950006a454613961a454613967a23737"},
    };
    for (Dialect dialect : both) {
        for (const Pair& pair : answers) {
            EXPECT_EQ(start_answer(dialect, pair.sent), pair.received) << pair.sent;
        }
    }
    const char* list = "950001a454613961a45461396793010203";
    EXPECT_EQ(start_answer(Dialect::router_2023, list), "950006a454613961a454613967a5312c322c33");
    EXPECT_EQ(start_answer(Dialect::router_2026, list), "950006a454613961a454613967a3010203");
    const Pair relay[] = {
        {"960001a454613961a454613967a36369644d", "960001a454613961a454613967a36369644d"}};
    for (Dialect dialect : both)
        expect_relayed(dialect, relay);
}

TEST(Conversation, BrowserDispatchSession) {
    const Pair pairs[] = {
        {"950001a454613961a454613967a86469737061746368",
         "950001a454613961a454613967a86469737061746368"},
        {"950003a454613961a45461396784a13058a131ccffa13201a13302",
         "950003a454613961a454613967c40458ff0102"},
        {"950003a454613961a45461396783a1320ca1300aa1310b", "950003a454613961a454613967c4030a0b0c"},
    };
    for (Dialect dialect : both)
        expect_relayed(dialect, pairs);
}

TEST(Conversation, MissingFields) {
    for (Dialect dialect : both) {
        EXPECT_EQ(relayed(dialect, "90"), error_text(DecodeError::bad_channel));
        EXPECT_EQ(relayed(dialect, "9101"), error_text(DecodeError::bad_type));
        EXPECT_EQ(start_answer(dialect, "950001a454613961a0cf0000018bcfe5687b"),
                  "950006a45461396100ad31373030303030303030313233");
        EXPECT_EQ(start_answer(dialect, "950001a454613961c0cf0000018bcfe5687b"),
                  "950006a45461396100ad31373030303030303030313233");
        EXPECT_EQ(start_answer(dialect, "950101a454613961c2cf0000018bcfe5687b"),
                  "950106a45461396100cf0000018bcfe5687b");
    }
}

TEST(Conversation, MixedIdTypes) {
    const Pair pairs[] = {
        {"950001ce28c1c6e1a9363833373838303138cf0000018bcfe5687b",
         "950001ce28c1c6e1a9363833373838303138cf0000018bcfe5687b"},
        {"950103a9363833373838303031a9363833373838303032c40101",
         "950103a9363833373838303031a9363833373838303032c40101"},
    };
    for (Dialect dialect : both)
        expect_relayed(dialect, pairs);
}

TEST(Conversation, TextFrame) {
    std::vector<std::byte> bytes;
    ASSERT_TRUE(
        voiceping::bytes_of_text(from_hex("c2950115c2a454613961c2a454613962c2a3747874"), bytes));
    EXPECT_EQ(relayed(Dialect::router_2026, to_hex(bytes)), "950115a454613961a454613962a3747874");
}

// The texts of one sender, with the id the router gave each.
std::string content_hex(std::string_view hex, std::string_view id) {
    voiceping::Decoder decoder{Dialect::router_2023};
    const auto message = from_hex(hex);
    auto command = decoder.decode(message);
    if (!command) return "error";
    std::vector<std::byte> payload;
    if ((*command).verb == Verb::text) {
        append_text_content(id, (*command).payload, payload);
    } else {
        append_interactive_content(id, (*command).payload, payload);
    }
    Event event = event_of(*command);
    event.payload = payload;
    return to_hex(encoded(event));
}

TEST(Conversation, PrivateText) {
    const struct {
        const char *sent, *id, *received;
    } rows[] = {
        {"950111a454613961a454613962d9227b226d6573736167655f6964223a226d30222c2274657874223a224865"
         "6c6c6f227d",
         "1_17_Ta9b_Ta9a_1795245445024.txt",
         "950111a454613961a454613962d9407b226d6573736167655f6964223a22315f31375f546139625f54613961"
         "5f313739353234353434353032342e747874222c2274657874223a2248656c6c6f227d"},
        {"950111a454613961a454613962ab706c61696e20776f726473", "1_17_Ta9b_Ta9a_1795245445180.txt",
         "950111a454613961a454613962d9467b226d6573736167655f6964223a22315f31375f546139625f54613961"
         "5f313739353234353434353138302e747874222c2274657874223a22706c61696e20776f726473227d"},
        {"950111a454613961a454613962a46e756c6c", "1_17_Ta9b_Ta9a_1795245445993.txt",
         "950111a454613961a454613962d93f7b226d6573736167655f6964223a22315f31375f546139625f54613961"
         "5f313739353234353434353939332e747874222c2274657874223a226e756c6c227d"},
        {"950111a454613961a454613962b37b2274657874223a7b2264656570223a317d7d",
         "1_17_Ta9b_Ta9a_1795245446154.txt",
         "950111a454613961a454613962d9437b226d6573736167655f6964223a22315f31375f546139625f54613961"
         "5f313739353234353434363135342e747874222c2274657874223a7b2264656570223a317d7d"},
        {"950111a454613961a454613962b268c3a96c6c6f20f09f988020e4bda0e5a5bd",
         "1_17_Ta9b_Ta9a_1795245446315.txt",
         "950111a454613961a454613962d94d7b226d6573736167655f6964223a22315f31375f546139625f54613961"
         "5f313739353234353434363331352e747874222c2274657874223a2268c3a96c6c6f20f09f988020e4bda0e5"
         "a5bd227d"},
        {"950111a454613961a454613962a0", "1_17_Ta9b_Ta9a_1795245446476.txt",
         "950111a454613961a454613962d93b7b226d6573736167655f6964223a22315f31375f546139625f54613961"
         "5f313739353234353434363437362e747874222c2274657874223a22227d"},
        {"950111a454613961a454613962c40e7b2274657874223a2262696e227d",
         "1_17_Ta9b_Ta9a_1795245455111.txt",
         "950111a454613961a454613962d93e7b226d6573736167655f6964223a22315f31375f546139625f54613961"
         "5f313739353234353435353131312e747874222c2274657874223a2262696e227d"},
        {"950111a454613961a45461396281a474657874a16d", "1_17_Ta9b_Ta9a_1795245455313.txt",
         "950111a454613961a454613962d94a7b226d6573736167655f6964223a22315f31375f546139625f54613961"
         "5f313739353234353435353331332e747874222c2274657874223a225b6f626a656374204f626a6563745d22"
         "7d"},
        {"950117a454613961a454613962a57072657373", "1_23_Ta9b_Ta9a_1795245450095.txt",
         "950117a454613961a454613962d9447b226d6573736167655f6964223a22315f32335f546139625f54613961"
         "5f313739353234353435303039352e747874222c2274657874223a225c2270726573735c22227d"},
        {"950117a454613961a45461396282a6627574746f6e01a56c6162656ca26f6b",
         "1_23_Ta9b_Ta9a_1795245450349.txt",
         "950117a454613961a454613962d95a7b226d6573736167655f6964223a22315f32335f546139625f54613961"
         "5f313739353234353435303334392e747874222c2274657874223a227b5c22627574746f6e5c223a312c5c22"
         "6c6162656c5c223a5c226f6b5c227d227d"},
        {"950117a454613961a45461396207", "1_23_Ta9b_Ta9a_1795245450604.txt",
         "950117a454613961a454613962d93c7b226d6573736167655f6964223a22315f32335f546139625f54613961"
         "5f313739353234353435303630342e747874222c2274657874223a2237227d"},
    };
    for (const auto& row : rows)
        EXPECT_EQ(content_hex(row.sent, row.id), row.received) << row.sent;
}

// Both routers sent an object without `text` for texts that happen to be JSON, so
// that 123, true and "quoted" arrived empty. They arrive now.
TEST(Conversation, TextThatIsJsonArrivesWhole) {
    EXPECT_EQ(content_hex("950111a161a162a3313233", "m"),
              "950111a161a162"
              "bf" +
                  to_hex(bytes_of(R"({"message_id":"m","text":"123"})")));
    EXPECT_EQ(content_hex("950111a161a162ad7b226e6f5f74657874223a317d", "m"),
              "950111a161a162"
              "d92b" +
                  to_hex(bytes_of(R"({"message_id":"m","text":"{\"no_text\":1}"})")));
    EXPECT_EQ(content_hex("940111a161a162", "m"),
              "950111a161a162"
              "bc" +
                  to_hex(bytes_of(R"({"message_id":"m","text":""})")));
}

TEST(Conversation, StopSummary) {
    std::vector<std::byte> payload;
    append_talk_summary("0_3_Ta9g_Ta9a_1795245522763_599ms.opus", std::chrono::milliseconds{599},
                        payload);
    EXPECT_EQ(
        to_hex(payload),
        "d9467b226475726174696f6e223a3539392c226d6573736167655f6964223a22305f335f546139675f5461"
        "39615f313739353234353532323736335f3539396d732e6f707573227d");
    payload.clear();
    append_talk_summary(std::nullopt, std::chrono::milliseconds{0}, payload);
    EXPECT_EQ(to_hex(payload), "d920" + to_hex(bytes_of(R"({"duration":0,"message_id":null})")));
}

}  // namespace
}  // namespace parley::wire
