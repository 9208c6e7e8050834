// Recordings read back with libogg and libopus, and with opusinfo if it is there.
#include "record/ogg_opus.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <opus/opus.h>
#include <unistd.h>

#include "record/sound.h"

namespace parley::record {
namespace {

using std::chrono::milliseconds;

TEST(OggOpus, KeepsEveryPacketAsItCame) {
    const std::vector<Bytes> packets = tone(150);
    OggOpus recording{7, {{"ARTIST", "alice"}, {"TITLE", "group 18"}}};
    Bytes file;
    Duration came{};
    for (const Bytes& packet : packets) {
        EXPECT_TRUE(recording.add(packet, came, file));
        came += milliseconds{20};
    }
    recording.end(file);
    const Played played = play(file);
    EXPECT_TRUE(played.begins && played.ends);
    ASSERT_EQ(played.packets.size(), packets.size() + 2);
    EXPECT_TRUE(std::equal(packets.begin(), packets.end(), played.packets.begin() + 2));
    EXPECT_NE(played.tags().find("ARTIST=alice"), std::string::npos);
    EXPECT_NE(played.tags().find("TITLE=group 18"), std::string::npos);
    EXPECT_EQ(played.pages.back(), 150 * 960);
    EXPECT_EQ(recording.length(), milliseconds{3000} - std::chrono::microseconds{6500});
}

TEST(OggOpus, WritesAPageEachSecondSoThatACrashCostsNoMore) {
    OggOpus recording{7, {}};
    Bytes file;
    Duration came{};
    for (const Bytes& packet : tone(110)) {
        recording.add(packet, came, file);
        came += milliseconds{20};
    }
    // Nobody ended it.
    const Played played = play(file);
    EXPECT_EQ(played.packets.size(), 2U + 100);
    EXPECT_EQ(played.pages, (std::vector<std::int64_t>{0, 0, 48'000, 96'000}));
    EXPECT_FALSE(played.ends);
}

TEST(OggOpus, FillsTheTimeInWhichNothingCame) {
    const std::vector<Bytes> packets = tone(100);
    OggOpus recording{7, {}};
    Bytes file;
    for (std::size_t i = 0; i < 100; ++i) {
        const Duration late = i < 50 ? milliseconds{0} : milliseconds{2000};
        recording.add(packets[i], milliseconds{20} * static_cast<int>(i) + late, file);
    }
    recording.end(file);
    const Played played = play(file);
    EXPECT_EQ(played.pages.back(), 48'000 * 4);
    ASSERT_EQ(played.packets.size(), 2U + 200);
    int error = 0;
    const std::unique_ptr<OpusDecoder, Destroy> decoder{opus_decoder_create(48'000, 1, &error)};
    for (std::size_t i = 2; i < played.packets.size(); ++i) {
        std::array<opus_int16, 960> sound;
        const Bytes& packet = played.packets[i];
        EXPECT_EQ(opus_decode(decoder.get(), reinterpret_cast<const unsigned char*>(packet.data()),
                              static_cast<opus_int32>(packet.size()), sound.data(), 960, 0),
                  960);
    }
}

TEST(OggOpus, TakesPacketsThatCameLateAndTogetherForNoSilence) {
    OggOpus recording{7, {}};
    Bytes file;
    int number = 0;
    for (const Bytes& packet : tone(100)) {
        const int batch = number++ / 10;  // ten at a time, 200 ms late
        recording.add(packet, milliseconds{200} * (batch + 1), file);
    }
    recording.end(file);
    EXPECT_EQ(play(file).packets.size(), 2U + 100);
}

TEST(OggOpus, LeavesOutWhatIsNoOpusPacket) {
    OggOpus recording{7, {}};
    Bytes file;
    EXPECT_FALSE(recording.add({}, Duration{}, file));
    const Bytes broken{std::byte{0xff}};  // says that there is a count of frames, and ends
    EXPECT_FALSE(recording.add(broken, Duration{}, file));
    EXPECT_TRUE(file.empty());
    recording.end(file);
    EXPECT_TRUE(file.empty());
    EXPECT_EQ(recording.length(), Duration{});
}

TEST(OggOpus, IsFoundSoundByOpusinfo) {
    if (std::system("command -v opusinfo >/dev/null") != 0) GTEST_SKIP() << "opusinfo is not here";
    OggOpus recording{7, {{"ARTIST", "alice"}}};
    Bytes file;
    Duration came{};
    for (const Bytes& packet : tone(120)) {
        if (came != milliseconds{1000}) recording.add(packet, came, file);
        came += milliseconds{20};
    }
    recording.end(file);
    const auto path = std::filesystem::temp_directory_path() /
                      ("parley-opusinfo-" + std::to_string(getpid()) + ".opus");
    std::ofstream{path, std::ios::binary}.write(reinterpret_cast<const char*>(file.data()),
                                                static_cast<std::streamsize>(file.size()));
    std::string said;
    const std::string command = "opusinfo " + path.string() + " 2>&1";
    FILE* pipe = popen(command.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::array<char, 4096> some;
    while (const std::size_t size = fread(some.data(), 1, some.size(), pipe))
        said.append(some.data(), size);
    EXPECT_EQ(pclose(pipe), 0) << said;
    std::filesystem::remove(path);
    EXPECT_EQ(said.find("WARNING"), std::string::npos) << said;
    EXPECT_NE(said.find("Playback length: 0m:02.3"), std::string::npos) << said;
}

}  // namespace
}  // namespace parley::record
