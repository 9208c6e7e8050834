// Bytes that arrive as lists, maps or text, in both dialects.
#include <gtest/gtest.h>
#include <string>

#include "frames.h"

namespace parley::wire {
namespace {

using voiceping::Dialect;

const std::string start = "950101a161a162";
const std::string audio = "950103a161a162";

struct Row {
    const char* payload;
    const char* expected;
};

TEST(BytesIn2026, ComeFromListsOfNumbers) {
    const Row rows[] = {
        {"93010203", "c403010203"},
        {"9301a178c0", "c403010000"},
        {"90", "c400"},
        {"dc000101", "c40101"},
        {"95cccdcd0100cd0101ffd1ff00", "c405cd0001ff00"},
        {"94cb3ffe666666666666cbbff8000000000000cb4072d00000000000c3", "c40401ff2d00"},
        {"92cb7ff8000000000000cb7ff0000000000000", "c4020000"},
        {"92cfffffffffffffffffcf0000000100000007", "c4020007"},
        {"9391018101020a", "c40300000a"},
        {"d5050102", "c4020500"},  // an extension is [type, bytes] to the original
        {"c70105ff", "c4020500"},
        {"d6ff00000000", "c402ff00"},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(relayed(Dialect::router_2026, start + row.payload), start + row.expected)
            << row.payload;
    }
}

TEST(BytesIn2026, ComeFromMapsWithNumbersForKeys) {
    const Row rows[] = {
        {"84a13058a131ccffa13201a13302", "c40458ff0102"},
        {"83a1320ca1300aa1310b", "c4030a0b0c"},
        {"820a01020b", "c4020b01"},          // keys 10 and 2
        {"82a231300aa13909", "c402090a"},    // by number, not by letter
        {"83a13001a13002a13003", "c40103"},  // the last of equal keys
        {"83a13105a13001a13106", "c4020106"},
        {"820001a13002", "c40102"},  // 0 and "0" are equal
        {"81a1d9", "error 1"},
        {"8105a7696e74206b6579", "c40100"},
        {"81cb401400000000000009", "c40109"},  // key 5.0
        {"82a13001a237379101", "c4020100"},
        {"82c401310991000a", "c4020a09"},  // bytes and a list, as text "1" and "0"
        {"81b03930303731393932353437343039393107", "c40107"},
    };
    for (const Row& row : rows) {
        const std::string relay = relayed(Dialect::router_2026, start + row.payload);
        const bool is_error = std::string_view{row.expected}.starts_with("error");
        EXPECT_EQ(relay, is_error ? row.expected : start + row.expected) << row.payload;
    }
}

TEST(BytesIn2026, DoNotComeFromOtherMaps) {
    const Row rows[] = {
        {"80", "80"},
        {"81a16101", "81a16101"},
        {"82a13001a16102", "82a13001a16102"},
        {"81a23031"
         "01",
         "81a2303101"},  // "01" is not canonical
        {"81a001", "81a001"},
        {"81ff01", "81a22d3101"},
        {"81cb3ff800000000000001", "81a3312e3501"},
        {"81a2"
         "2b31"
         "01",
         "81a22b3101"},
        {"81b0"
         "39303037313939323534373430393932"
         "07",
         "81b03930303731393932353437343039393207"},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(relayed(Dialect::router_2026, start + row.payload), start + row.expected)
            << row.payload;
    }
}

TEST(BytesIn2026, AreNotMadeOfUndefinedAndDates) {
    for (const char* payload : {"d40000", "d70000000000000003e8"}) {
        EXPECT_EQ(relayed(Dialect::router_2026, start + payload), start + payload);
    }
}

TEST(BytesIn2026, AreOnlyThePayload) {
    EXPECT_EQ(relayed(Dialect::router_2026,
                      "960101a161a16293010203"
                      "920405"),
              "960101a161a16293010203"
              "c4020405");
}

TEST(BytesIn2023, ComeFromMapsInAudioOnly) {
    const std::string map = "83a1320ca1300aa1310b";
    EXPECT_EQ(relayed(Dialect::router_2023, audio + map), audio + "c4030a0b0c");
    EXPECT_EQ(relayed(Dialect::router_2023, start + map), start + "83a1300aa1310ba1320c");
    EXPECT_EQ(relayed(Dialect::router_2023, audio + "93010203"), audio + "93010203");
    EXPECT_EQ(relayed(Dialect::router_2023, audio + "d5050102"), audio + "9205c4020102");
    EXPECT_EQ(relayed(Dialect::router_2023, audio + "81a16101"), audio + "81a16101");
}

TEST(Bytes, ThatNeedRebuildingAreLimited) {
    const auto list = [](std::size_t bytes) {
        const Head head = Head::array(bytes - 5);
        return start + to_hex(head.bytes()) + std::string(2 * (bytes - 5), '0');
    };
    const std::string relay = relayed(Dialect::router_2026, list(rebuilt_bytes_max));
    EXPECT_EQ(relay.substr(0, start.size() + 10), start + "c60003fffb");
    EXPECT_EQ(relayed(Dialect::router_2026, list(rebuilt_bytes_max + 1)),
              error_text(DecodeError::too_large));
}

TEST(BytesOfText, AreTheLowBytesOfItsUnits) {
    std::vector<std::byte> out{std::byte{1}};
    EXPECT_TRUE(
        voiceping::bytes_of_text(from_hex("c2950115c2a454613961c2a454613962c2a3747874"), out));
    EXPECT_EQ(to_hex(out), "950115a454613961a454613962a3747874");
    EXPECT_TRUE(voiceping::bytes_of_text(bytes_of("5"), out));
    EXPECT_EQ(to_hex(out), "35");
    EXPECT_TRUE(voiceping::bytes_of_text({}, out));
    EXPECT_EQ(to_hex(out), "");
    // U+4F60 keeps 60; U+1F600 is d83d de00, U+10FFFF dbff dfff, U+10000 d800 dc00 in UTF-16.
    EXPECT_TRUE(voiceping::bytes_of_text(from_hex("e4bda0f09f9880f48fbfbff0908080"), out));
    EXPECT_EQ(to_hex(out), "603d00ffff0000");
    EXPECT_FALSE(voiceping::bytes_of_text(from_hex("950115"), out));
}

}  // namespace
}  // namespace parley::wire
