// Decoder: envelopes, ids, message ids, and everything that is refused.
#include <gtest/gtest.h>
#include <string>
#include <utility>

#include "frames.h"

namespace parley::wire {
namespace {

using voiceping::Decoder;
using voiceping::Dialect;

std::string text_hex(std::string_view text) {
    return to_hex(bytes_of(text));
}

class DecoderTest : public ::testing::Test {
protected:
    // The command borrows from the bytes, which are kept until the next call.
    Command decode(const std::string& hex) {
        message_ = from_hex(hex);
        auto command = decoder_.decode(message_);
        EXPECT_TRUE(command.ok()) << hex;
        return command ? *command : Command{};
    }

    std::string error(const std::string& hex) {
        message_ = from_hex(hex);
        auto command = decoder_.decode(message_);
        return command ? "no error" : "error " + std::to_string(command.error().code);
    }

    bool borrows_from_message(std::span<const std::byte> view) const {
        return view.data() >= message_.data() &&
               view.data() + view.size() <= message_.data() + message_.size();
    }

    Decoder decoder_{Dialect::router_2023};
    std::vector<std::byte> message_;
};

TEST_F(DecoderTest, ReadsAudioWithoutCopyingIt) {
    const Command command = decode("950003a4416e6e61a26f70c4030102ff");
    EXPECT_EQ(command.scope, Scope::group);
    EXPECT_EQ(command.verb, Verb::audio);
    EXPECT_EQ(command.from.text, "Anna");
    EXPECT_EQ(to_hex(command.from.encoded), "a4416e6e61");
    EXPECT_EQ(command.to.text, "op");
    EXPECT_TRUE(command.message_id.empty());
    EXPECT_EQ(to_hex(command.payload), "c4030102ff");
    EXPECT_TRUE(borrows_from_message(bytes_of(command.from.text)));
    EXPECT_TRUE(borrows_from_message(command.from.encoded));
    EXPECT_TRUE(borrows_from_message(command.to.encoded));
    EXPECT_TRUE(borrows_from_message(command.payload));
}

TEST_F(DecoderTest, KnowsEveryTypeAndWhereItBelongs) {
    struct Row {
        int type;
        Verb verb;
        bool in_group, in_direct;
    };
    const Row rows[] = {
        {1, Verb::floor_request, true, true}, {2, Verb::floor_release, true, true},
        {3, Verb::audio, true, true},         {4, Verb::hello, true, false},
        {15, Verb::join, true, false},        {16, Verb::leave, true, false},
        {17, Verb::text, true, true},         {18, Verb::image, true, true},
        {20, Verb::delivered, false, true},   {21, Verb::read, false, true},
        {23, Verb::interactive, true, true},  {25, Verb::connection_test, true, true},
    };
    for (int type = 0; type < 128; ++type) {
        const Row* known = nullptr;
        for (const Row& row : rows)
            known = row.type == type ? &row : known;
        for (int channel = 0; channel < 2; ++channel) {
            const std::byte bytes[] = {std::byte{0x95}, std::byte(channel), std::byte(type),
                                       std::byte{0xc0}, std::byte{0xc0},    std::byte{0xc0}};
            auto command = decoder_.decode(bytes);
            const bool expected =
                known != nullptr && (channel == 0 ? known->in_group : known->in_direct);
            ASSERT_EQ(command.ok(), expected) << type << " on channel " << channel;
            if (expected) {
                EXPECT_EQ((*command).verb, known->verb) << type;
            } else {
                EXPECT_EQ(command.error(), error_of(DecodeError::ignored_type)) << type;
            }
        }
    }
}

TEST_F(DecoderTest, TakesChannelAndTypeInAnyNumberFormat) {
    for (const char* head : {"0103", "cc01cd0003", "ce00000001cf0000000000000003", "d001d10003",
                             "d30000000000000001d200000003", "cb3ff0000000000000cb4008000000000000",
                             "ca3f800000ca40400000"}) {
        const Command command = decode(std::string("95") + head + "a161a162c40105");
        EXPECT_EQ(command.scope, Scope::direct) << head;
        EXPECT_EQ(command.verb, Verb::audio) << head;
    }
    EXPECT_EQ(decode("95cb800000000000000003a161a162c0").scope, Scope::group);  // -0
}

TEST_F(DecoderTest, CountsElementsAsTheOriginalDoes) {
    EXPECT_TRUE(decode("930004a161").payload.empty());
    EXPECT_EQ(decode("930004a161").to.text, "0");
    EXPECT_EQ(decode("92000f").from.text, "");
    EXPECT_EQ(to_hex(decode("92000f").from.encoded), "c0");
    EXPECT_TRUE(decode("94000fa161a162").payload.empty());
    EXPECT_EQ(to_hex(decode("950101a161a16207").payload), "07");
    EXPECT_EQ(to_hex(decode("950101a161a162c0").payload), "c0");

    const Command six = decode("960101a161a162a16d07");
    EXPECT_EQ(to_hex(six.message_id), "a16d");
    EXPECT_EQ(to_hex(six.payload), "07");
    const Command eight = decode("980101a161a162a16d0791c0810102");
    EXPECT_EQ(to_hex(eight.message_id), "a16d");
    EXPECT_EQ(to_hex(eight.payload), "07");
    EXPECT_EQ(to_hex(decode("dc00050101a161a16207").payload), "07");
    EXPECT_EQ(to_hex(decode("dd000000060101a161a162a16d07").message_id), "a16d");
}

TEST_F(DecoderTest, TakesAFalseMessageIdForNone) {
    for (const char* id : {"c0", "c2", "00", "a0", "d40000", "cb7ff8000000000000"}) {
        const Command command = decode(std::string("960101a161a162") + id + "07");
        EXPECT_TRUE(command.message_id.empty()) << id;
        EXPECT_EQ(to_hex(command.payload), "07");
    }
}

TEST_F(DecoderTest, ReencodesMessageIdsLikePayloads) {
    EXPECT_EQ(to_hex(decode("960101a161a162cd000507").message_id), "05");
    EXPECT_EQ(to_hex(decode("960101a161a162dc000105cd0007").message_id), "9105");
    EXPECT_EQ(to_hex(decode("960101a161a162dc000105cd0007").payload), "07");
    EXPECT_EQ(to_hex(decode("960101a161a16282a16101a16102dc000109").message_id), "81a16102");
    EXPECT_EQ(error("960101a161a162cb7ff000000000000007"), error_text(DecodeError::unencodable));
}

TEST_F(DecoderTest, MakesAFalseReceiverTheNumberZero) {
    for (const char* to : {"c0", "c2", "00", "cc00", "a0", "d900", "d40000", "cb8000000000000000",
                           "cb7ff8000000000000"}) {
        const Command command = decode(std::string("950101a161") + to + "07");
        EXPECT_EQ(command.to.text, "0") << to;
        EXPECT_EQ(to_hex(command.to.encoded), "00") << to;
    }
}

TEST_F(DecoderTest, LeavesAFalseSenderAsItIs) {
    const std::pair<const char*, std::pair<const char*, const char*>> rows[] = {
        {"c2", {"false", "c2"}}, {"00", {"0", "00"}},    {"a0", {"", "a0"}},
        {"c0", {"", "c0"}},      {"d40000", {"", "c0"}}, {"cc00", {"0", "00"}},
    };
    for (const auto& [from, expected] : rows) {
        const Command command = decode(std::string("950101") + from + "a16207");
        EXPECT_EQ(command.from.text, expected.first) << from;
        EXPECT_EQ(to_hex(command.from.encoded), expected.second) << from;
    }
}

TEST_F(DecoderTest, NamesIdsByTheirStringForm) {
    struct Row {
        const char* bytes;
        const char* text;
        const char* canonical;
    };
    const Row rows[] = {
        {"01", "1", "01"},
        {"cc12", "18", "12"},
        {"ce28c1c6e1", "683788001", "ce28c1c6e1"},
        {"cf0000000028c1c6e1", "683788001", "ce28c1c6e1"},
        {"ff", "-1", "ff"},
        {"d1ff7f", "-129", "d1ff7f"},
        {"cf001fffffffffffff", "9007199254740991", "cf001fffffffffffff"},
        {"d3ffe0000000000001", "-9007199254740991", "d3ffe0000000000001"},
        {"cb3ff8000000000000", "1.5", "cb3ff8000000000000"},
        {"ca3fc00000", "1.5", "cb3ff8000000000000"},
        {"cb4008000000000000", "3", "03"},
        {"cb3eb0c6f7a0b5ed8d", "0.000001", "cb3eb0c6f7a0b5ed8d"},
        {"cb3e7ad7f29abcaf48", "1e-7", "cb3e7ad7f29abcaf48"},
        {"c3", "true", "c3"},
        {"c4026f70", "op", "c4026f70"},
        {"c500026f70", "op", "c4026f70"},
        {"d9026f70", "op", "a26f70"},
        {"db000000026f70", "op", "a26f70"},
        {"a3e4bda0", "\xe4\xbd\xa0", "a3e4bda0"},
        {"a2c328", "\xef\xbf\xbd(", "a4efbfbd28"},
        {"c402c328", "\xef\xbf\xbd(", "c402c328"},
    };
    for (const Row& row : rows) {
        const Command command = decode(std::string("950101") + row.bytes + row.bytes + "07");
        for (const Id& id : {command.from, command.to}) {
            EXPECT_EQ(id.text, row.text) << row.bytes;
            EXPECT_EQ(to_hex(id.encoded), row.canonical) << row.bytes;
        }
    }
}

TEST_F(DecoderTest, KeepsTwoRewrittenIdsApart) {
    const Command command = decode("950101d9026f70d902717207");
    EXPECT_EQ(to_hex(command.from.encoded), "a26f70");
    EXPECT_EQ(to_hex(command.to.encoded), "a27172");
    const Command numbers = decode("950101cc01cc0207");
    EXPECT_EQ(numbers.from.text, "1");
    EXPECT_EQ(numbers.to.text, "2");
}

TEST_F(DecoderTest, RefusesIdsThatAreNone) {
    for (const char* id :
         {"90", "9101", "80", "81a16101", "d70000000000000003e8", "d40501", "c70305616263"}) {
        EXPECT_EQ(error(std::string("950101") + id + "a16207"), error_text(DecodeError::bad_id));
        EXPECT_EQ(error(std::string("950101a161") + id + "07"), error_text(DecodeError::bad_id));
    }
    for (const char* id : {"cf0020000000000000", "cb7ff0000000000000", "cb7e37e43c8800759c"}) {
        EXPECT_EQ(error(std::string("950101a161") + id + "07"),
                  error_text(DecodeError::unencodable));
    }
}

TEST_F(DecoderTest, LimitsIds) {
    const auto message = [](std::string_view head, std::string text) {
        return "950101" + std::string(head) + text_hex(text) + "a16207";
    };
    const std::string longest(id_bytes_max, 'x');
    EXPECT_EQ(decode(message("da1000", longest)).from.text, longest);
    EXPECT_EQ(decode(message("db00001000", longest)).from.text, longest);
    EXPECT_EQ(to_hex(decode(message("db00001000", longest)).from.encoded),
              "da1000" + text_hex(longest));
    EXPECT_EQ(decode(message("c51000", longest)).from.text, longest);
    EXPECT_EQ(error(message("da1001", longest + 'x')), error_text(DecodeError::id_too_long));
    EXPECT_EQ(error(message("c51001", longest + 'x')), error_text(DecodeError::id_too_long));
    // Repaired text may be three times as long.
    EXPECT_EQ(decode(message("da0555", std::string(1365, '\xff'))).from.text.size(), 4095U);
    EXPECT_EQ(error(message("da0556", std::string(1366, '\xff'))),
              error_text(DecodeError::id_too_long));
}

TEST_F(DecoderTest, RefusesWhatIsNoMessage) {
    const std::pair<const char*, DecodeError> rows[] = {
        {"", DecodeError::truncated},
        {"95", DecodeError::truncated},
        {"9501", DecodeError::truncated},
        {"c1", DecodeError::bad_format},
        {"95c1", DecodeError::bad_format},
        {"ddffffffff", DecodeError::truncated},
        {"dfffffffff", DecodeError::not_an_array},
        {"dbffffffff61", DecodeError::truncated},
        {"c6ffffffff00", DecodeError::truncated},
        {"950101a161a162dbffffffff61", DecodeError::truncated},
        {"950101a161a162ddffffffff", DecodeError::truncated},
        {"950101a161a162dfffffffffc0", DecodeError::truncated},
        {"9101ff", DecodeError::trailing_bytes},
        {"0101", DecodeError::not_an_array},
        {"950115a161a162c0c0", DecodeError::trailing_bytes},
        {"950115a161a162c0950115a161a162c0", DecodeError::trailing_bytes},
        // Anything but an array, among them what made the original exit (c0, d40000) and what it
        // took for an array (a map with keys 0 to 5, bytes).
        {"c0", DecodeError::not_an_array},
        {"d40000", DecodeError::not_an_array},
        {"c0c0", DecodeError::not_an_array},
        {"05", DecodeError::not_an_array},
        {"a3616263", DecodeError::not_an_array},
        {"c3", DecodeError::not_an_array},
        {"c2", DecodeError::not_an_array},
        {"cb3ff8000000000000", DecodeError::not_an_array},
        {"d70000000000000003e8", DecodeError::not_an_array},
        {"860001011502a45461396103a45461396204a5666966746805a57369787468",
         DecodeError::not_an_array},
        {"c4050115616263", DecodeError::not_an_array},
        {"82ab6368616e6e656c5479706501ab6d6573736167655479706515", DecodeError::not_an_array},
        {"90", DecodeError::bad_channel},
        {"9101", DecodeError::bad_type},
        {"950215a161a162a3636832", DecodeError::bad_channel},
        {"95ff15a161a162a463682d31", DecodeError::bad_channel},
        {"95c015a161a162a6", DecodeError::truncated},
        {"95c015a161a162a0", DecodeError::bad_channel},
        {"95c315a161a162a0", DecodeError::bad_channel},
        {"95cb3ff800000000000003a161a162c0", DecodeError::bad_channel},
        {"95cb7ff800000000000003a161a162c0", DecodeError::bad_channel},
        {"95a13103a161a162c40107", DecodeError::bad_channel},
        {"9501c0a161a162a0", DecodeError::bad_type},
        {"9501a3616263a161a162a0", DecodeError::bad_type},
        {"9501d40000a161a162a178", DecodeError::bad_type},
        {"95019115a161a162a0", DecodeError::bad_type},
        {"9501a133a161a162c0", DecodeError::bad_type},
        {"9501c3a161a162c0", DecodeError::bad_type},
        {"9501cb3ff8000000000000a161a162c0", DecodeError::ignored_type},
        {"9501cb7ff8000000000000a161a162c0", DecodeError::ignored_type},
        {"9501cfffffffffffffffffa161a162c0", DecodeError::ignored_type},
        {"9501ffa161a162c0", DecodeError::ignored_type},
    };
    for (const auto& [hex, expected] : rows)
        EXPECT_EQ(error(hex), error_text(expected)) << hex;
}

TEST_F(DecoderTest, RefusesNestingBeyondTheLimitWherever) {
    const auto nested = [](std::size_t levels) {
        std::string hex;
        for (std::size_t i = 1; i < levels; ++i)
            hex += "91";
        return hex + "90";
    };
    const std::size_t inside = depth_max - 1;  // the message is a level itself
    EXPECT_EQ(to_hex(decode("950101a161a162" + nested(inside)).payload), nested(inside));
    const std::string too_deep = error_text(DecodeError::too_deep);
    EXPECT_EQ(error("950101a161a162" + nested(inside + 1)), too_deep);
    EXPECT_EQ(error("970101a161a162a16d07" + nested(inside + 1)), too_deep);
    EXPECT_EQ(error("95" + nested(inside + 1)), too_deep);

    std::string levels;
    for (int i = 0; i < 10000; ++i)
        levels += "91";
    EXPECT_EQ(error(levels), too_deep);
    EXPECT_EQ(error(levels + "01"), too_deep);
    std::string maps;
    for (int i = 0; i < 10000; ++i)
        maps += "81a161";
    EXPECT_EQ(error("950115a161a162" + maps + "01"), too_deep);
}

TEST_F(DecoderTest, ReadsTheBytesOfTheAndroidClient) {
    struct Row {
        const char* bytes;
        Scope scope;
        Verb verb;
        const char* to;
        const char* payload;
    };
    const Row rows[] = {
        {"930004a961636d655f6a6f686e", Scope::group, Verb::hello, "0", ""},
        {"950101a961636d655f6a6f686ea53030303030cf0000018bcfe5687b", Scope::direct,
         Verb::floor_request, "00000", "cf0000018bcfe5687b"},
        {"950001a961636d655f6a6f686ea861636d655f6f7073cf0000018bcfe5687b", Scope::group,
         Verb::floor_request, "acme_ops", "cf0000018bcfe5687b"},
        {"950003a961636d655f6a6f686ea861636d655f6f7073c4050102030405", Scope::group, Verb::audio,
         "acme_ops", "c4050102030405"},
        {"940002a961636d655f6a6f686ea861636d655f6f7073", Scope::group, Verb::floor_release,
         "acme_ops", ""},
        {"940102a961636d655f6a6f686ea961636d655f6a616e65", Scope::direct, Verb::floor_release,
         "acme_jane", ""},
        {"94000fa961636d655f6a6f686ea861636d655f6f7073", Scope::group, Verb::join, "acme_ops", ""},
        {"940010a961636d655f6a6f686ea861636d655f6f7073", Scope::group, Verb::leave, "acme_ops", ""},
    };
    for (const Row& row : rows) {
        const Command command = decode(row.bytes);
        EXPECT_EQ(command.scope, row.scope) << row.bytes;
        EXPECT_EQ(command.verb, row.verb) << row.bytes;
        EXPECT_EQ(command.from.text, "acme_john") << row.bytes;
        EXPECT_EQ(command.to.text, row.to) << row.bytes;
        EXPECT_EQ(to_hex(command.payload), row.payload) << row.bytes;
    }

    const Command long_id = decode(
        "950001d928615f766572795f6c6f6e675f636f6d70616e795f6e616d655f696e646565645f6a6f686e2e646f65"
        "a861636d655f6f7073cf0000018bcfe5687b");
    EXPECT_EQ(long_id.from.text, "a_very_long_company_name_indeed_john.doe");
    EXPECT_TRUE(borrows_from_message(long_id.from.encoded));

    for (const auto& [head, size] : {std::pair{"c4ff", 255}, std::pair{"c50100", 256}}) {
        const std::string payload = head + std::string(static_cast<std::size_t>(2 * size), '0');
        const Command audio = decode("950003a961636d655f6a6f686ea861636d655f6f7073" + payload);
        EXPECT_EQ(to_hex(audio.payload), payload);
        EXPECT_TRUE(borrows_from_message(audio.payload));
    }

    const std::pair<const char*, Verb> receipts[] = {{"9501140102a26964", Verb::delivered},
                                                     {"9501150102a26964", Verb::read},
                                                     {"9501110102a26869", Verb::text}};
    for (const auto& [bytes, verb] : receipts) {
        const Command command = decode(bytes);
        EXPECT_EQ(command.verb, verb);
        EXPECT_EQ(command.from.text, "1");
        EXPECT_EQ(command.to.text, "2");
    }
    EXPECT_EQ(error("950005010001"), error_text(DecodeError::ignored_type));  // STATUS
}

}  // namespace
}  // namespace parley::wire
