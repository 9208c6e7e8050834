// How fast a user may ask for things: each limit at it, one below, one above.
#include "session/pace.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "session/limits.h"

namespace parley::session {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Verdict = Paces::Verdict;
using wire::Verb;

constexpr auto alice = static_cast<UserKey>(1ULL << 40);
constexpr auto bob = static_cast<UserKey>(2ULL << 40);

// As include/parley/limits.h has them.
constexpr PaceLimits defaults{.control = Allowance::of(20, 50),
                              .text = Allowance::of(5, 20),
                              .joins = Allowance::of(5, 128),
                              .audio_frames = Allowance::of(60, 150),
                              .audio_bits = Allowance::of(64'000, 160'000),
                              .violations_max = 100};

class PacesTest : public testing::Test {
protected:
    PacesTest() { paces.set(defaults); }

    Verdict say(Verb verb, std::size_t audio_bytes = 0) {
        return paces.judge(alice, verb, audio_bytes, now);
    }
    // How many of these pass at once, until the first that does not.
    std::size_t burst_of(Verb verb, std::size_t audio_bytes = 0) {
        std::size_t count = 0;
        while (say(verb, audio_bytes) == Verdict::pass && count < 10'000)
            ++count;
        return count;
    }

    Paces paces;
    Instant now{seconds{1000}};
};

TEST_F(PacesTest, LetsABurstThroughAndNotOneMore) {
    EXPECT_EQ(burst_of(Verb::text), 20U);
    EXPECT_EQ(burst_of(Verb::floor_request), 50U);
    EXPECT_EQ(burst_of(Verb::join), 128U);
    EXPECT_EQ(burst_of(Verb::audio, 10), 150U);
    EXPECT_EQ(paces.refused(), 3U);
    EXPECT_EQ(paces.audio_dropped(), 1U);
}

TEST_F(PacesTest, LetsThePaceThroughAfterTheBurstAndNothingFaster) {
    burst_of(Verb::text);
    now += milliseconds{199};
    EXPECT_EQ(say(Verb::text), Verdict::refuse);
    now += milliseconds{1};
    EXPECT_EQ(say(Verb::text), Verdict::pass);
    EXPECT_EQ(say(Verb::text), Verdict::refuse);
    for (int i = 0; i < 1000; ++i) {  // for ever
        now += milliseconds{200};
        ASSERT_EQ(say(Verb::text), Verdict::pass) << i;
    }
}

TEST_F(PacesTest, CountsEveryKindByItself) {
    burst_of(Verb::text);
    EXPECT_EQ(say(Verb::image), Verdict::refuse);  // as a text
    EXPECT_EQ(say(Verb::interactive), Verdict::refuse);
    EXPECT_EQ(say(Verb::audio, 100), Verdict::pass);
    EXPECT_EQ(say(Verb::join), Verdict::pass);
    burst_of(Verb::read);
    for (const Verb verb :
         {Verb::floor_request, Verb::hello, Verb::leave, Verb::delivered, Verb::connection_test}) {
        EXPECT_EQ(say(verb), Verdict::refuse);
    }
}

TEST_F(PacesTest, CountsEveryUserByItself) {
    burst_of(Verb::text);
    EXPECT_EQ(paces.judge(bob, Verb::text, 0, now), Verdict::pass);
}

TEST_F(PacesTest, NeverHoldsUpTheReleaseOfTheFloor) {
    while (say(Verb::floor_request) != Verdict::close)
        continue;
    for (int i = 0; i < 10'000; ++i)
        ASSERT_EQ(say(Verb::floor_release), Verdict::pass);
}

TEST_F(PacesTest, ClosesAtTheHundredthRefusalAndNotBefore) {
    burst_of(Verb::text);  // the first
    for (int i = 2; i < 100; ++i)
        ASSERT_EQ(say(Verb::text), Verdict::refuse) << i;
    EXPECT_EQ(say(Verb::text), Verdict::close);
}

TEST_F(PacesTest, ForgetsARefusalInTenSeconds) {
    burst_of(Verb::text);
    for (int i = 2; i < 100; ++i)
        say(Verb::text);
    now += violation_memory;
    burst_of(Verb::text);  // the hundredth, but one is forgotten
    EXPECT_EQ(say(Verb::text), Verdict::close);
}

TEST_F(PacesTest, NeverClosesIfNoNumberIsGiven) {
    Paces patient;
    PaceLimits limits = defaults;
    limits.violations_max = 0;
    patient.set(limits);
    for (int i = 0; i < 10'000; ++i)
        ASSERT_NE(patient.judge(alice, Verb::text, 0, now), Verdict::close);
}

TEST_F(PacesTest, LetsEverythingThroughWithoutLimitsAndKeepsNothing) {
    Paces open;
    for (int i = 0; i < 100'000; ++i)
        ASSERT_EQ(open.judge(alice, i % 2 == 0 ? Verb::audio : Verb::text, 1000, now),
                  Verdict::pass);
    EXPECT_EQ(open.users(), 0U);
}

// 64 kbit/s in frames of 20 ms: 160 bytes, 50 a second.
TEST_F(PacesTest, CountsTheBitsOfVoice) {
    for (int i = 0; i < 50 * 60; ++i) {
        ASSERT_EQ(say(Verb::audio, 160), Verdict::pass) << i;
        now += milliseconds{20};
    }
    now += seconds{10};
    EXPECT_EQ(burst_of(Verb::audio, 160), 125U);  // 160,000 bits; 150 frames would be more
}

TEST_F(PacesTest, ARadioThatStalledTwoSecondsLosesNothing) {
    for (const auto& [frame, bytes] : {std::pair{milliseconds{20}, 160}, {milliseconds{60}, 480}}) {
        now += seconds{60};
        for (int i = 0; i < 100; ++i) {  // it talks
            ASSERT_EQ(say(Verb::audio, static_cast<std::size_t>(bytes)), Verdict::pass);
            now += frame;
        }
        now += seconds{2};
        for (auto kept = frame; kept < seconds{2}; kept += frame)
            ASSERT_EQ(say(Verb::audio, static_cast<std::size_t>(bytes)), Verdict::pass);
        for (int i = 0; i < 100; ++i) {  // and goes on, up to half a second early
            ASSERT_EQ(say(Verb::audio, static_cast<std::size_t>(bytes)), Verdict::pass);
            now += frame;
        }
    }
}

TEST_F(PacesTest, SaysOnceASecondThatVoiceIsDropped) {
    burst_of(Verb::audio, 10);  // the first that is dropped is told
    EXPECT_EQ(say(Verb::audio, 10), Verdict::drop);
    now += milliseconds{999};
    burst_of(Verb::audio, 10);
    EXPECT_EQ(say(Verb::audio, 10), Verdict::drop);
    now += milliseconds{1};
    EXPECT_EQ(say(Verb::audio, 10), Verdict::pass);  // there is one more by now
    EXPECT_EQ(say(Verb::audio, 10), Verdict::refuse);
}

TEST_F(PacesTest, SixtyDroppedFramesAreOneRefusal) {
    burst_of(Verb::audio, 10);
    for (int i = 2; i < 6000; ++i)
        ASSERT_NE(say(Verb::audio, 10), Verdict::close) << i;
    EXPECT_EQ(say(Verb::audio, 10), Verdict::close);
}

TEST_F(PacesTest, WhatIsNoMessageCountsAsARequestAndHasNoAnswer) {
    for (int i = 0; i < 50; ++i)
        ASSERT_EQ(paces.judge_garbage(alice, now), Verdict::pass);
    for (int i = 1; i < 100; ++i)
        ASSERT_EQ(paces.judge_garbage(alice, now), Verdict::drop);
    EXPECT_EQ(paces.judge_garbage(alice, now), Verdict::close);
}

TEST_F(PacesTest, ForgetsUsersWhoHaveNothingToPay) {
    for (std::uint64_t i = 1; i <= pace_records_min; ++i)
        paces.judge(static_cast<UserKey>(i << 32), Verb::text, 0, now);
    EXPECT_EQ(paces.users(), pace_records_min);
    now += seconds{1};
    paces.judge(static_cast<UserKey>(1), Verb::text, 0, now);
    EXPECT_EQ(paces.users(), 1U);
}

TEST_F(PacesTest, KeepsUsersWhoHave) {
    for (std::uint64_t i = 1; i <= 3 * pace_records_min; ++i)
        paces.judge(static_cast<UserKey>(i << 32), Verb::text, 0, now);
    EXPECT_EQ(paces.users(), 3 * pace_records_min);
}

TEST(AudioContentSize, LeavesTheHeadOut) {
    const auto size = [](std::vector<unsigned char> head, std::size_t content) {
        head.resize(head.size() + content);
        return audio_content_size(std::as_bytes(std::span{head}));
    };
    EXPECT_EQ(size({0xc4, 128}, 128), 128U);
    EXPECT_EQ(size({0xc5, 1, 0}, 256), 256U);
    EXPECT_EQ(size({0xc6, 0, 1, 0, 0}, 65536), 65536U);
    EXPECT_EQ(size({0xd9, 40}, 40), 40U);
    EXPECT_EQ(size({0x81}, 30), 31U);
    EXPECT_EQ(size({}, 0), 0U);
    EXPECT_EQ(size({0xc5}, 0), 0U);
}

}  // namespace
}  // namespace parley::session
