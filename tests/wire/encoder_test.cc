// Encoder: what each kind of event looks like on the wire.
#include <gtest/gtest.h>
#include <string>
#include <utility>

#include "frames.h"
#include "wire/value.h"

namespace parley::wire {
namespace {

TEST(Encoder, KnowsTheTypeOfEveryKind) {
    const std::pair<Kind, const char*> rows[] = {
        {Kind::talk_started, "01"},
        {Kind::talk_ended, "02"},
        {Kind::audio, "03"},
        {Kind::floor_granted, "06"},
        {Kind::floor_released, "07"},
        {Kind::floor_refused, "08"},
        {Kind::replaced, "09"},
        {Kind::text, "11"},
        {Kind::image, "12"},
        {Kind::delivered, "14"},
        {Kind::read, "15"},
        {Kind::text_stored, "16"},
        {Kind::interactive, "17"},
        {Kind::interactive_stored, "18"},
        {Kind::connection_answer, "1a"},
        {Kind::not_a_member, "1b"},
    };
    const auto from = from_hex("a161"), to = from_hex("05"), payload = from_hex("c40101");
    for (const auto& [kind, type] : rows) {
        EXPECT_EQ(to_hex(encoded({kind, Scope::group, from, to, {}, payload})),
                  std::string("9500") + type + "a16105c40101");
        EXPECT_EQ(to_hex(encoded({kind, Scope::direct, from, to, {}, payload})),
                  std::string("9501") + type + "a16105c40101");
    }
}

TEST(Encoder, WritesSixElementsIfThereIsAMessageId) {
    const auto from = from_hex("a161"), to = from_hex("a162"), id = from_hex("a16d");
    EXPECT_EQ(to_hex(encoded({Kind::floor_released, Scope::direct, from, to, id, {}})),
              "960107a161a162a16dc0");
}

TEST(Encoder, WritesNilForWhatIsEmpty) {
    EXPECT_EQ(to_hex(encoded({.kind = Kind::audio,
                              .scope = Scope::group,
                              .from = {},
                              .to = {},
                              .message_id = {},
                              .payload = {}})),
              "950003c0c0c0");
}

TEST(Encoder, WritesNothingIfItDoesNotFit) {
    const auto from = from_hex("a161"), to = from_hex("a162"), payload = from_hex("c4020102");
    const Event event{Kind::audio, Scope::group, from, to, {}, payload};
    std::vector<std::byte> out(voiceping::encoded_size(event) - 1, std::byte{0xee});
    EXPECT_EQ(voiceping::encode(event, out), 0U);
    for (std::byte byte : out)
        EXPECT_EQ(byte, std::byte{0xee});
    out.resize(100);
    EXPECT_EQ(voiceping::encode(event, out), voiceping::encoded_size(event));
}

}  // namespace
}  // namespace parley::wire
