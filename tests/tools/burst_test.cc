// Burst: loss and lateness, from arrival times and STOP's duration.
#include "parley_talk/burst.h"

#include <gtest/gtest.h>

namespace parley::talk {
namespace {

const Clock::time_point begin{std::chrono::hours{1}};
constexpr milliseconds late_after{60};

const std::vector<client::Packet>& packets() {
    static const std::vector<client::Packet> made = [] {
        const client::Sound sound{16000, std::vector<std::int16_t>(32000, 100)};
        return *client::encode_voice(sound, {});
    }();
    return made;
}

/// A burst whose frame i arrives `arrivals[i]` ms after START.
Burst burst(const std::vector<int>& arrivals) {
    Burst made{begin};
    for (const int arrival : arrivals)
        made.add(packets()[0], begin + milliseconds{arrival});
    return made;
}

std::size_t decoded_samples(const Burst& burst) {
    auto decoder = client::VoiceDecoder::create(16000);
    std::vector<std::int16_t> samples;
    burst.decode(*decoder, samples);
    return samples.size();
}

TEST(Burst, LosesNothingWhenAllFramesComeInTime) {
    EXPECT_EQ(burst({5, 25, 45, 65}).finish(milliseconds{70}, late_after),
              (BurstCounts{.frames = 4, .lost = 0, .late = 0}));
}

TEST(Burst, LosesNothingWhenTheRadioStopsAnywhereWithinAFrame) {
    for (int stop = 65; stop < 85; ++stop) {
        EXPECT_EQ(burst({5, 25, 45, 65}).finish(milliseconds{stop}, late_after).lost, 0U) << stop;
    }
}

TEST(Burst, DoesNotCountTheWaitForTheFloorAsLoss) {
    EXPECT_EQ(burst({500, 520, 540}).finish(milliseconds{545}, late_after).lost, 0U);
}

TEST(Burst, CountsAFrameThatIsMissingInTheMiddle) {
    Burst made = burst({5, 25, 65, 85});
    EXPECT_EQ(made.finish(milliseconds{90}, late_after),
              (BurstCounts{.frames = 4, .lost = 1, .late = 0}));
    EXPECT_EQ(decoded_samples(made), 5U * 320);
}

TEST(Burst, CountsFramesThatAreMissingAtTheEnd) {
    Burst made = burst({5, 25});
    EXPECT_EQ(made.finish(milliseconds{90}, late_after).lost, 3U);
    EXPECT_EQ(decoded_samples(made), 5U * 320);
}

TEST(Burst, TellsADelayedFrameFromALostOne) {
    EXPECT_EQ(burst({5, 25, 125, 126, 127, 128, 129, 145}).finish(milliseconds{150}, late_after),
              (BurstCounts{.frames = 8, .lost = 0, .late = 2}));
}

TEST(Burst, MeasuresLatenessAgainstTheEarliestFrameNotTheFirst) {
    EXPECT_EQ(burst({105, 106, 107, 108, 109, 125}).finish(milliseconds{130}, late_after).late, 2U);
}

TEST(Burst, DoesNotCallFramesLateThatOnlyFollowALostOne) {
    std::vector<int> arrivals;
    for (int i = 0; i < 50; ++i) {
        if (i < 10 || i >= 20) arrivals.push_back(5 + 20 * i);
    }
    EXPECT_EQ(burst(arrivals).finish(milliseconds{1000}, late_after),
              (BurstCounts{.frames = 40, .lost = 10, .late = 0}));
}

TEST(Burst, ClaimsNoLossWithoutStopOrWithoutStart) {
    EXPECT_EQ(burst({5, 105}).finish(std::nullopt, late_after).lost, 0U);
    Burst under_way{std::nullopt};
    under_way.add(packets()[0], begin);
    EXPECT_EQ(under_way.finish(milliseconds{5000}, late_after).lost, 0U);
}

TEST(Burst, DoesNotBelieveEveryDuration) {
    Burst made = burst({5, 25});
    EXPECT_LE(made.finish(milliseconds::max(), late_after).lost, 30'000U);
    EXPECT_EQ(burst({5, 25}).finish(milliseconds{-7}, late_after).lost, 0U);
    EXPECT_EQ(burst({}).finish(milliseconds{1000}, late_after), BurstCounts{});
}

TEST(Burst, TakesOnlyOpusAndOnlySoMuch) {
    Burst made{begin};
    EXPECT_FALSE(made.add({}, begin));
    for (std::size_t i = 0; i < Burst::frames_max; ++i)
        ASSERT_TRUE(made.add(packets()[0], begin));
    EXPECT_FALSE(made.add(packets()[0], begin));
}

}  // namespace
}  // namespace parley::talk
