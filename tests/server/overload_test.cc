// When a server has more to do than it can: from how long turns take and how much memory is used.
#include "server/overload.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "server/door.h"

namespace parley::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class LagTest : public testing::Test {
protected:
    bool turn(Duration took) {
        now += took;
        return lag.note(took, now);
    }

    Lag lag{milliseconds{50}};
    Instant now{seconds{1000}};
};

TEST_F(LagTest, TurnsAtTheLimitAreNotTooLong) {
    for (int i = 0; i < 100; ++i)
        ASSERT_FALSE(turn(milliseconds{50}));
}

TEST_F(LagTest, IsBehindAfterASecondOfLongTurns) {
    for (int i = 1; i < 20; ++i)
        ASSERT_FALSE(turn(milliseconds{51})) << i;
    EXPECT_TRUE(turn(milliseconds{51}));  // 1,020 ms
}

TEST_F(LagTest, OneLongTurnIsNone) {
    EXPECT_FALSE(turn(milliseconds{900}));
    now += milliseconds{101};
    EXPECT_FALSE(turn(milliseconds{900}));
}

TEST_F(LagTest, ShortTurnsBetweenLongOnesDoNotHelp) {
    bool behind = false;
    for (int i = 0; i < 12; ++i) {
        behind = turn(milliseconds{90});
        if (!behind) behind = turn(milliseconds{1});
    }
    EXPECT_TRUE(behind);
}

TEST_F(LagTest, RecoversASecondAfterTheLastLongTurn) {
    ASSERT_TRUE(turn(milliseconds{1001}));
    for (int i = 0; i < 99; ++i)
        ASSERT_TRUE(turn(milliseconds{10})) << i;
    EXPECT_FALSE(turn(milliseconds{10}));
}

TEST_F(LagTest, NobodyIsBehindWithoutALimit) {
    lag = Lag{Duration::zero()};
    EXPECT_FALSE(turn(seconds{60}));
}

TEST(Pressure, HasThreeLevelsAndLeavesThemLater) {
    using enum Pressure;
    const auto level = [](std::uint64_t percent, Pressure before) {
        return pressure_of(percent * 10'000, 1'000'000, before);
    };
    EXPECT_EQ(level(79, none), none);
    EXPECT_EQ(level(80, none), refusing);
    EXPECT_EQ(level(89, none), refusing);
    EXPECT_EQ(level(90, none), shrinking);
    EXPECT_EQ(level(94, none), shrinking);
    EXPECT_EQ(level(95, none), shedding);
    EXPECT_EQ(level(200, none), shedding);
    EXPECT_EQ(level(93, shedding), shedding);
    EXPECT_EQ(level(92, shedding), shrinking);
    EXPECT_EQ(level(88, shrinking), shrinking);
    EXPECT_EQ(level(87, shrinking), refusing);
    EXPECT_EQ(level(78, refusing), refusing);
    EXPECT_EQ(level(77, refusing), none);
    EXPECT_EQ(pressure_of(UINT64_MAX, 0, none), none);  // no limit
}

TEST(LookInterval, IsShorterThanWhatIsLeftTakesToBeFilled) {
    constexpr std::uint64_t mib = std::uint64_t{1} << 20;
    constexpr std::uint64_t ceiling = 1000 * mib;
    EXPECT_EQ(look_interval(0, ceiling), milliseconds{100});
    EXPECT_EQ(look_interval(600 * mib, ceiling), milliseconds{100});
    EXPECT_EQ(look_interval(800 * mib, ceiling), milliseconds{41});  // 100 MiB at 2.5 MB a ms
    EXPECT_EQ(look_interval(880 * mib, ceiling), milliseconds{8});
    EXPECT_EQ(look_interval(899 * mib, ceiling), milliseconds{2});
    EXPECT_EQ(look_interval(900 * mib, ceiling), milliseconds{41});  // to the end
    EXPECT_EQ(look_interval(999 * mib, ceiling), milliseconds{2});
    EXPECT_EQ(look_interval(2000 * mib, ceiling), milliseconds{2});
}

TEST(ResidentBytes, IsWhatThisProcessHas) {
    const std::uint64_t before = resident_bytes();
    EXPECT_GT(before, 1U << 20);
    std::vector<char> more(std::size_t{32} << 20, 'x');
    EXPECT_GT(resident_bytes(), before + (std::size_t{16} << 20)) << more.back();
}

TEST(AddressCounts, CountEachAddressUpToItsLimit) {
    AddressCounts counts{HashKey{}};
    const ring::PeerAddress one{.network = 0x0a000001};
    const ring::PeerAddress other{.network = 0x0a000002};
    const ring::PeerAddress v6{.network = 0x0a000001, .is_v6 = true};
    const auto mark = counts.enter(one, 2);
    EXPECT_NE(mark, session::AddressMark::uncounted);
    EXPECT_EQ(counts.enter(one, 2), mark);
    EXPECT_EQ(counts.enter(one, 2), session::AddressMark::uncounted);
    EXPECT_NE(counts.enter(other, 2), session::AddressMark::uncounted);
    EXPECT_NE(counts.enter(v6, 2), session::AddressMark::uncounted);
    counts.leave(mark);
    EXPECT_EQ(counts.enter(one, 2), mark);
    EXPECT_EQ(counts.size(), 3U);
    counts.leave(mark);
    counts.leave(mark);
    counts.leave(session::AddressMark::uncounted);
    EXPECT_EQ(counts.size(), 2U);  // an address without connections takes no memory
}

int said = 0;

TEST(Commons, TellsEachNoticeOnceAMinute) {
    Commons commons{HashKey{}, [](std::string_view) noexcept { ++said; }};
    const Instant now{seconds{1000}};
    commons.tell(Notice::lag, now, "behind");
    commons.tell(Notice::lag, now + milliseconds{59'999}, "behind");
    EXPECT_EQ(said, 1);
    commons.tell(Notice::memory, now, "short");
    EXPECT_EQ(said, 2);
    commons.tell(Notice::lag, now + seconds{60}, "behind");
    EXPECT_EQ(said, 3);
}

std::vector<std::string> sentences;

class StoreNotices : public testing::Test {
protected:
    StoreNotices() { sentences.clear(); }
    // Of one shard, at a second.
    void went_down(int second) { commons.note_store(false, true, Instant{seconds{second}}); }
    void is_down(int second) { commons.note_store(true, true, Instant{seconds{second}}); }
    void came_back(int second) { commons.note_store(true, false, Instant{seconds{second}}); }

    Commons commons{HashKey{},
                    [](std::string_view sentence) noexcept { sentences.emplace_back(sentence); }};
};

TEST_F(StoreNotices, AreOneForAllShards) {
    went_down(1000);
    went_down(1000);
    is_down(1100);
    ASSERT_EQ(sentences.size(), 1U);
    EXPECT_TRUE(sentences[0].starts_with("the store is down"));
    came_back(1101);
    EXPECT_EQ(sentences.size(), 1U);
    came_back(1101);
    ASSERT_EQ(sentences.size(), 2U);
    EXPECT_EQ(sentences[1], "the store is back");
}

TEST_F(StoreNotices, AreTwoAMinuteHoweverOftenItComesAndGoes) {
    for (int second = 1000; second < 1058; second += 2) {
        went_down(second);
        came_back(second + 1);
    }
    EXPECT_EQ(sentences.size(), 2U);
}

TEST_F(StoreNotices, SayItLaterIfItStaysDown) {
    went_down(1000);
    came_back(1001);
    went_down(1002);
    ASSERT_EQ(sentences.size(), 2U);
    is_down(1059);
    EXPECT_EQ(sentences.size(), 2U);
    is_down(1060);
    ASSERT_EQ(sentences.size(), 3U);
    EXPECT_TRUE(sentences[2].starts_with("the store is down"));
}

}  // namespace
}  // namespace parley::server
