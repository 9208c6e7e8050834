// WAV files: round trips, and headers that lie.
#include "client/wav.h"

#include <cstdio>
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <limits>
#include <unistd.h>

namespace parley::client {
namespace {

using Bytes = std::vector<std::byte>;

class TemporaryFile {
public:
    TemporaryFile() : path_(testing::TempDir() + "parley_wav_" + std::to_string(getpid())) {}
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() { std::remove(path_.c_str()); }
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

template <class Number>
void put(Bytes& file, std::size_t at, Number value) {
    std::memcpy(file.data() + at, &value, sizeof value);
}

void put_text(Bytes& file, std::size_t at, std::string_view text) {
    std::memcpy(file.data() + at, text.data(), text.size());
}

/// A header of 44 bytes, as most programs write it, and `samples`.
Bytes wav(const std::vector<std::int16_t>& samples, std::uint16_t channels, std::uint32_t rate_hz) {
    Bytes file(44 + samples.size() * 2);
    put_text(file, 0, "RIFF");
    put(file, 4, static_cast<std::uint32_t>(file.size() - 8));
    put_text(file, 8, "WAVEfmt ");
    put(file, 16, std::uint32_t{16});
    put(file, 20, std::uint16_t{1});
    put(file, 22, static_cast<std::uint16_t>(channels));
    put(file, 24, rate_hz);
    put(file, 28, rate_hz * 2 * channels);
    put(file, 32, static_cast<std::uint16_t>(2 * channels));
    put(file, 34, std::uint16_t{16});
    put_text(file, 36, "data");
    put(file, 40, static_cast<std::uint32_t>(samples.size() * 2));
    if (!samples.empty()) std::memcpy(file.data() + 44, samples.data(), samples.size() * 2);
    return file;
}

TEST(Wav, ReadsWhatItWrote) {
    const TemporaryFile file;
    const std::vector<std::int16_t> first{0, 1, -1, 32767, -32768};
    const std::vector<std::int16_t> second{7, 8};
    {
        auto writer = WavWriter::create(file.path(), 24000);
        ASSERT_TRUE(writer);
        ASSERT_TRUE(writer->append(first));
        ASSERT_TRUE(writer->append(second));
    }
    auto sound = read_wav(file.path());
    ASSERT_TRUE(sound);
    EXPECT_EQ(sound->rate_hz, 24000U);
    EXPECT_EQ(sound->samples, (std::vector<std::int16_t>{0, 1, -1, 32767, -32768, 7, 8}));
}

TEST(Wav, IsCompleteAfterEachAppendWhileTheWriterLives) {
    const TemporaryFile file;
    auto writer = WavWriter::create(file.path(), 48000);
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->append(std::vector<std::int16_t>(480, 5)));
    auto sound = read_wav(file.path());
    ASSERT_TRUE(sound);
    EXPECT_EQ(sound->samples.size(), 480U);
}

TEST(Wav, HasAValidHeaderWhenNothingWasHeard) {
    const TemporaryFile file;
    ASSERT_TRUE(WavWriter::create(file.path(), 48000));
    std::ifstream stream{file.path(), std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{stream}, {}};
    EXPECT_EQ(text.size(), 44U);
    EXPECT_TRUE(text.starts_with("RIFF"));
}

TEST(Wav, AveragesTwoChannels) {
    auto sound = parse_wav(wav({100, 200, -32768, -32768, 32767, 32767}, 2, 16000));
    ASSERT_TRUE(sound);
    EXPECT_EQ(sound->samples, (std::vector<std::int16_t>{150, -32768, 32767}));
}

TEST(Wav, TakesEveryRateOfOpusAndNoOther) {
    for (const std::uint32_t rate : {8000U, 12000U, 16000U, 24000U, 48000U}) {
        EXPECT_TRUE(parse_wav(wav({1, 2}, 1, rate))) << rate;
    }
    for (const std::uint32_t rate : {0U, 1U, 11025U, 22050U, 44100U, 96000U, 0xffffffffU}) {
        auto sound = parse_wav(wav({1, 2}, 1, rate));
        ASSERT_FALSE(sound) << rate;
        EXPECT_NE(sound.error().text.find("resample"), std::string::npos);
    }
}

TEST(Wav, TakesWhatIsThereOfARecordingThatWasCutOff) {
    for (const std::uint32_t claimed : {5U, 100U, 0x7fffffffU, 0xffffffffU}) {
        Bytes file = wav({1, 2}, 1, 16000);
        put(file, 40, claimed);
        auto sound = parse_wav(file);
        ASSERT_TRUE(sound) << claimed;
        EXPECT_EQ(sound->samples, (std::vector<std::int16_t>{1, 2}));
    }
}

TEST(Wav, StepsOverChunksItDoesNotKnow) {
    Bytes file = wav({1, 2}, 1, 16000);
    Bytes chunk(8 + 3 + 1);  // an odd size is followed by a byte of padding
    put_text(chunk, 0, "LIST");
    put(chunk, 4, std::uint32_t{3});
    file.insert(file.begin() + 36, chunk.begin(), chunk.end());
    auto sound = parse_wav(file);
    ASSERT_TRUE(sound);
    EXPECT_EQ(sound->samples, (std::vector<std::int16_t>{1, 2}));
}

TEST(Wav, RefusesFormatsThatAreNotPcmOf16Bit) {
    for (const std::uint16_t code : {std::uint16_t{0}, std::uint16_t{3}, std::uint16_t{0xfffe}}) {
        Bytes file = wav({1, 2}, 1, 16000);
        put(file, 20, code);
        EXPECT_FALSE(parse_wav(file)) << code;
    }
    for (const int bits : {0, 8, 24, 32, 65535}) {
        Bytes file = wav({1, 2}, 1, 16000);
        put(file, 34, static_cast<std::uint16_t>(bits));
        EXPECT_FALSE(parse_wav(file)) << bits;
    }
    for (const int channels : {0, 3, 255, 65535}) {
        Bytes file = wav({1, 2}, 1, 16000);
        put(file, 22, static_cast<std::uint16_t>(channels));
        EXPECT_FALSE(parse_wav(file)) << channels;
    }
    for (const int block : {0, 1, 4, 65535}) {
        Bytes file = wav({1, 2}, 1, 16000);
        put(file, 32, static_cast<std::uint16_t>(block));
        EXPECT_FALSE(parse_wav(file)) << block;
    }
}

TEST(Wav, RefusesSamplesWithoutAFormatOrWithoutEnd) {
    Bytes no_format = wav({1, 2}, 1, 16000);
    put_text(no_format, 12, "junk");
    EXPECT_FALSE(parse_wav(no_format));
    EXPECT_FALSE(parse_wav(wav({}, 1, 16000)));
    Bytes no_data = wav({1, 2}, 1, 16000);
    put_text(no_data, 36, "junk");
    EXPECT_FALSE(parse_wav(no_data));
}

TEST(Wav, SurvivesEveryCutAndEveryByteInItsHeader) {
    const Bytes whole = wav({1, 2, 3, 4}, 1, 16000);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const Bytes cut{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)};
        auto sound = parse_wav(cut);
        EXPECT_EQ(static_cast<bool>(sound), size >= 46) << size;
    }
    for (std::size_t at = 0; at < 44; ++at) {
        for (int value = 0; value < 256; ++value) {
            Bytes file = whole;
            file[at] = static_cast<std::byte>(value);
            auto sound = parse_wav(file);
            if (sound) {
                EXPECT_LE(sound->samples.size(), 4U) << at;
            }
        }
    }
    for (const std::size_t at : {4, 16, 24, 28, 40}) {
        for (const std::uint32_t value :
             {0U, 1U, 15U, 17U, 39U, 41U, 0x7fffffffU, 0x80000000U, 0xfffffffeU, 0xffffffffU}) {
            Bytes file = whole;
            put(file, at, value);
            auto sound = parse_wav(file);
            if (sound) {
                EXPECT_LE(sound->samples.size(), 4U) << at;
            }
        }
    }
}

TEST(Wav, NamesTheFileThatCannotBeUsed) {
    auto sound = read_wav("/nowhere/voice.wav");
    ASSERT_FALSE(sound);
    EXPECT_NE(sound.error().text.find("/nowhere/voice.wav"), std::string::npos);
    auto folder = read_wav("/");
    EXPECT_FALSE(folder);
    auto writer = WavWriter::create("/nowhere/heard.wav", 48000);
    ASSERT_FALSE(writer);
    EXPECT_NE(writer.error().text.find("/nowhere/heard.wav"), std::string::npos);
}

}  // namespace
}  // namespace parley::client
