// Voice codec: what was said comes out again, whole.
#include "client/voice_codec.h"

#include <cmath>
#include <gtest/gtest.h>
#include <numbers>

namespace parley::client {
namespace {

Sound tone(std::uint32_t rate_hz, std::size_t sample_count) {
    Sound sound{rate_hz, std::vector<std::int16_t>(sample_count)};
    for (std::size_t i = 0; i < sample_count; ++i) {
        const double time = static_cast<double>(i) / rate_hz;
        const double wave = std::sin(2 * std::numbers::pi * 440 * time) +
                            std::sin(2 * std::numbers::pi * (700 + 300 * time) * time);
        sound.samples[i] = static_cast<std::int16_t>(6000 * wave);
    }
    return sound;
}

double correlation(std::span<const std::int16_t> a, std::span<const std::int16_t> b) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        ab += double{1} * a[i] * b[i];
        aa += double{1} * a[i] * a[i];
        bb += double{1} * b[i] * b[i];
    }
    return ab / std::sqrt(aa * bb);
}

/// The packets' sound, without the codec's delay of 6.5 ms.
std::vector<std::int16_t> decoded(const std::vector<Packet>& packets, std::uint32_t rate_hz) {
    auto decoder = VoiceDecoder::create(rate_hz);
    std::vector<std::int16_t> samples;
    for (const Packet& packet : packets)
        EXPECT_TRUE(decoder->decode(packet, samples));
    const std::size_t delay = rate_hz * 65 / 10000;
    samples.erase(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(delay));
    return samples;
}

TEST(VoiceCodec, GivesBackWhatWasSaidAtEveryRateAndFrame) {
    for (const std::uint32_t rate : {16000U, 24000U, 48000U}) {
        for (const int frame_ms : {20, 40, 60}) {
            const Sound sound = tone(rate, rate);
            VoiceOptions options;
            options.frame = std::chrono::milliseconds{frame_ms};
            auto packets = encode_voice(sound, options);
            ASSERT_TRUE(packets);
            const auto heard = decoded(*packets, rate);
            EXPECT_GE(heard.size(), sound.samples.size());
            EXPECT_GT(correlation(sound.samples, heard), 0.95) << rate << " " << frame_ms;
        }
    }
}

TEST(VoiceCodec, MakesPacketsOfOneSize) {
    auto packets = encode_voice(tone(48000, 50000), {});
    ASSERT_TRUE(packets);
    EXPECT_EQ(packets->front().size(), 60U);  // 24 kbit/s for 20 ms
    for (const Packet& packet : *packets) {
        EXPECT_EQ(packet.size(), packets->front().size());
        EXPECT_EQ(packet_duration(packet), std::chrono::milliseconds{20});
    }
}

TEST(VoiceCodec, AddsAPacketWhenTheDelayWouldCutTheEnd) {
    EXPECT_EQ(encode_voice(tone(48000, 9600), {})->size(), 11U);        // exactly ten frames
    EXPECT_EQ(encode_voice(tone(48000, 9600 - 400), {})->size(), 10U);  // room for the delay
    EXPECT_EQ(encode_voice(tone(48000, 1), {})->size(), 1U);
}

TEST(VoiceCodec, RefusesPacketsThatAreNotOpus) {
    auto decoder = VoiceDecoder::create(48000);
    ASSERT_TRUE(decoder);
    std::vector<std::int16_t> samples;
    const Packet too_many_frames{std::byte{0xff}, std::byte{0x3f}};
    EXPECT_FALSE(decoder->decode({}, samples));
    EXPECT_FALSE(decoder->decode(too_many_frames, samples));
    EXPECT_FALSE(decoder->decode(Packet(100'000, std::byte{0xff}), samples));
    EXPECT_TRUE(samples.empty());
}

TEST(VoiceCodec, ConcealsForAsLongAsIsMissing) {
    auto packets = encode_voice(tone(48000, 48000), {});
    auto decoder = VoiceDecoder::create(48000);
    std::vector<std::int16_t> samples;
    for (std::size_t i = 0; i < 10; ++i)
        ASSERT_TRUE(decoder->decode((*packets)[i], samples));
    decoder->conceal(std::chrono::milliseconds{20}, samples);
    EXPECT_EQ(samples.size(), 11U * 960);
    EXPECT_NE(samples.back(), samples[samples.size() - 400]);  // not silence
    decoder->conceal(std::chrono::milliseconds{60}, samples);
    EXPECT_EQ(samples.size(), 14U * 960);
}

}  // namespace
}  // namespace parley::client
