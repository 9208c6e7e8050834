// Payloads: every value comes out as the original's decoder and encoder make it.
#include "wire/canonical.h"

#include <gtest/gtest.h>
#include <string>
#include <utility>

#include "frames.h"

namespace parley::wire {
namespace {

const std::string read_receipt = "950115a161a162";  // [1, 21, "a", "b", ...

std::string repeated(const char* hex, int count) {
    std::string all;
    for (int i = 0; i < count; ++i)
        all += hex;
    return all;
}

// The payload of a relayed message, in the dialect that changes least.
std::string rebuilt(const std::string& payload) {
    const std::string relay = relayed(voiceping::Dialect::router_2023, read_receipt + payload);
    return relay.starts_with(read_receipt) ? relay.substr(read_receipt.size()) : relay;
}

struct Row {
    const char* bytes;
    const char* expected;
};

TEST(Payload, IsReencodedAsTheOriginalDoes) {
    const Row rows[] = {
        {"05", "05"},
        {"cc05", "05"},
        {"cd0005", "05"},
        {"ce00000005", "05"},
        {"cf0000000000000005", "05"},
        {"cf0000018bcfe5687b", "cf0000018bcfe5687b"},
        {"cf001fffffffffffff", "cf001fffffffffffff"},
        {"d0ff", "ff"},
        {"d105dc", "cd05dc"},
        {"d2ffffffff", "ff"},
        {"d3ffffffffffffffff", "ff"},
        {"ca3fc00000", "cb3ff8000000000000"},
        {"ca3dcccccd", "cb3fb99999a0000000"},
        {"cb3ff8000000000000", "cb3ff8000000000000"},
        {"cb4008000000000000", "03"},
        {"cb8000000000000000", "00"},
        {"c0", "c0"},
        {"c2", "c2"},
        {"c3", "c3"},
        {"a161", "a161"},
        {"d90161", "a161"},
        {"da000161", "a161"},
        {"db0000000161", "a161"},
        {"a2c328", "a4efbfbd28"},
        {"a3eda080", "a9efbfbdefbfbdefbfbd"},
        {"a0", "a0"},
        {"c400", "c400"},
        {"c40161", "c40161"},
        {"c5000161", "c40161"},
        {"c60000000161", "c40161"},
        {"a2c3a9", "a2c3a9"},
        {"a4f09f9880", "a4f09f9880"},
        {"d40000", "d40000"},
        {"d4007f", "d40000"},
        {"d401ff", "9201c401ff"},
        {"d50001ff", "9200c40201ff"},
        {"d6ff00000000", "92ffc40400000000"},
        {"d70000000000000003e8", "d70000000000000003e8"},
        {"d7ffa1dcd7c8391b0000", "92ffc408a1dcd7c8391b0000"},
        {"d80500000000000000000000000000000000", "9205c41000000000000000000000000000000000"},
        {"c70305616263", "9205c403616263"},
        {"c70cff000000000000000000000000", "92ffc40c000000000000000000000000"},
        {"90", "90"},
        {"93010203", "93010203"},
        {"dc0003010203", "93010203"},
        {"dd00000003010203", "93010203"},
        {"92019102", "92019102"},
        {"91d40000", "91d40000"},
        {"80", "80"},
        {"81a16101", "81a16101"},
        {"de0001a16101", "81a16101"},
        {"81a161d40000", "81a161d40000"},
        {"810102", "81a13102"},
        {"81c001", "81a46e756c6c01"},
        {"81910102", "81a13102"},
        {"82a16101a16102", "81a16102"},
        {"82a16201a16102", "82a16201a16102"},
        {"82a13201a13102", "82a13102a13201"},
        {"81a95f5f70726f746f5f5f05", "80"},
        {"83a131a179a132a178a16ba17a", "83a131a179a132a178a16ba17a"},
        {"9f010101010101010101010101010101", "9f010101010101010101010101010101"},
        {"dc001001010101010101010101010101010101", "dc001001010101010101010101010101010101"},
    };
    for (const Row& row : rows)
        EXPECT_EQ(rebuilt(row.bytes), row.expected) << row.bytes;
}

TEST(Payload, OfLongTextAndBytesKeepsItsLength) {
    const std::pair<const char*, int> rows[] = {{"bf", 31},     {"d920", 32},    {"d921", 33},
                                                {"d9ff", 255},  {"da0100", 256}, {"c4ff", 255},
                                                {"c50100", 256}};
    for (const auto& [head, size] : rows) {
        const std::string payload = head + repeated("78", size);
        EXPECT_EQ(rebuilt(payload), payload);
    }
    EXPECT_EQ(rebuilt("db00010000" + repeated("78", 65536)), "db00010000" + repeated("78", 65536));
    EXPECT_EQ(rebuilt("c600010000" + repeated("78", 65536)), "c600010000" + repeated("78", 65536));
    EXPECT_EQ(rebuilt("c600000100" + repeated("78", 256)), "c50100" + repeated("78", 256));
}

TEST(Payload, WithANumberNobodyCanEncodeIsDropped) {
    for (const char* number :
         {"cf0020000000000000", "cf0020000000000001", "cfffffffffffffffff", "d3ffdfffffffffffff",
          "d38000000000000000", "cb7ff8000000000000", "cb7ff0000000000000", "cbfff0000000000000",
          "cb7e37e43c8800759c", "ca7f800000", "ca7fc00000"}) {
        const std::string dropped = error_text(DecodeError::unencodable);
        EXPECT_EQ(rebuilt(number), dropped) << number;
        EXPECT_EQ(rebuilt(std::string("9101").replace(2, 2, number)), dropped) << number;
        EXPECT_EQ(rebuilt(std::string("81a161") + number), dropped) << number;
    }
}

TEST(Payload, KeysBecomeTextWhateverTheyAre) {
    const Row rows[] = {
        {"81ff01", "81a22d3101"},                    // -1
        {"81cb3ff800000000000001", "81a3312e3501"},  // 1.5
        {"81cfffffffffffffffff01", "81b4313834343637343430373337303935353230303001"},
        {"81cb7ff800000000000001", "81a34e614e01"},                // NaN
        {"81c301", "81a47472756501"},                              // true
        {"81c4016101", "81a16101"},                                // bytes
        {"81d4000001", "81a9756e646566696e656401"},                // undefined
        {"8193019202c0a16101", "81a6312c322c2c6101"},              // [1,[2,nil],"a"]
        {"818001", "81af5b6f626a656374204f626a6563745d01"},        // {}
        {"8181a1610101", "81af5b6f626a656374204f626a6563745d01"},  // {a:1}
        {"81d405ff01", "81a5352cefbfbd01"},                        // [5,<ff>]
        {"81d901610a", "81a1610a"},
    };
    for (const Row& row : rows)
        EXPECT_EQ(rebuilt(row.bytes), row.expected) << row.bytes;
}

TEST(Payload, KeysAreOrderedAtEveryLevel) {
    // {"b":{"10":1,"9":{"1":1,"0":2},"x":3},"a":[{"1":1,"0":2}],"b":..}: later values, first places
    EXPECT_EQ(rebuilt("81a162"
                      "83a2313001a13982a13101a13002a17803"),
              "81a162"
              "83a13982a13002a13101a2313001a17803");
    EXPECT_EQ(rebuilt("83a16201a16102a16203"), "82a16203a16102");
    EXPECT_EQ(rebuilt("9182a13101a13002"), "9182a13002a13101");
    EXPECT_EQ(rebuilt("82a23031"
                      "01a13002"),
              "82a13002a2303101");  // "01" is no index
    EXPECT_EQ(rebuilt("82aa34323934393637323935"
                      "01a13502"),  // nor is 2^32-1
              "82a13502aa3432393439363732393501");
    EXPECT_EQ(rebuilt("82a16101"
                      "aa3432393439363732393402"),  // but 2^32-2 is
              "82aa3432393439363732393402"
              "a16101");
    EXPECT_EQ(rebuilt("82a95f5f70726f746f5f5f81a16101a16202"), "81a16202");
}

TEST(Payload, OfAMapWithManyKeysKeepsItsHead) {
    std::string sixteen = "de0010", doubled = "de0020";
    for (int i = 0; i < 16; ++i) {
        const char letter[] = {'6', "0123456789abcdef"[i], '\0'};
        sixteen += std::string("a1") + letter + "01";
    }
    doubled += sixteen.substr(6) + sixteen.substr(6);
    EXPECT_EQ(rebuilt(sixteen), sixteen);
    EXPECT_EQ(rebuilt(doubled), sixteen);
}

TEST(Payload, HasMapsOf64KeysAndNoneMore) {
    const auto map = [](std::size_t keys) {  // {"A0": 1, "A1": 1, ...}
        std::string hex = to_hex(Head::map(keys).bytes());
        for (std::size_t i = 0; i < keys; ++i) {
            const std::byte letters[] = {std::byte(0xa2), std::byte('A'), std::byte(' ' + i),
                                         std::byte(1)};
            hex += to_hex(letters);
        }
        return hex;
    };
    const std::string too_many = error_text(DecodeError::too_many_keys);
    EXPECT_EQ(rebuilt(map(63)), map(63));
    EXPECT_EQ(rebuilt(map(64)), map(64));
    EXPECT_EQ(rebuilt(map(65)), too_many);
    EXPECT_EQ(rebuilt("92" + map(64) + map(64)), "92" + map(64) + map(64));  // of each
    EXPECT_EQ(rebuilt("92" + map(64) + map(65)), too_many);
    EXPECT_EQ(rebuilt("81a161" + map(65)), too_many);
    EXPECT_EQ(rebuilt("81" + map(65) + "01"), too_many);
}

TEST(Payload, ThatNeedsRebuildingIsLimited) {
    const auto list = [](std::size_t bytes) {  // dd + 4 bytes of length, and nils
        const std::size_t count = bytes - 5;
        const Head head = Head::array(count);
        return to_hex(head.bytes()) + repeated("c0", static_cast<int>(count));
    };
    EXPECT_EQ(rebuilt(list(rebuilt_bytes_max)), list(rebuilt_bytes_max));
    EXPECT_EQ(rebuilt(list(rebuilt_bytes_max + 1)), error_text(DecodeError::too_large));
}

}  // namespace
}  // namespace parley::wire
