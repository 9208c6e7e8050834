// What becomes of talks when the program is killed, the disk is full or holds too much.
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "record/desk.h"
#include "record/ogg_file.h"
#include "seal/keys.h"

namespace parley::record {
namespace {

using std::chrono::milliseconds;

class Trouble : public Desk, public testing::WithParamInterface<bool> {
protected:
    Trouble() : keys_(seal::ring_of({"2026"})) {
        if (GetParam()) options.keys = &keys_;
    }
    seal::KeyRing keys_;
};

INSTANTIATE_TEST_SUITE_P(Recordings, Trouble, testing::Bool(),
                         [](const auto& sealed) { return sealed.param ? "Sealed" : "Plain"; });

TEST_P(Trouble, OfAKillCostsASecondAtMost) {
    open();
    const std::vector<Bytes> packets = tone(175);
    begins(1, "18", "alice");
    says(1, packets);  // three and a half seconds
    poll();
    open();
    ASSERT_EQ(index.kept.size(), 1U);
    EXPECT_EQ(recorder->counters().completed, 1U);
    EXPECT_EQ(index.kept[0].id, "0_3_18_alice_1774080002993_2993ms.opus");
    const Played played = play(sound_of(index.kept[0].file));
    EXPECT_TRUE(played.ends);
    ASSERT_EQ(played.packets.size(), 2U + 150);
    EXPECT_TRUE(std::equal(played.packets.begin() + 2, played.packets.end(), packets.begin()));
    EXPECT_TRUE(files(".part").empty());
    open();
    EXPECT_EQ(recorder->counters().completed, 0U);
}

// A crash of the machine may leave any beginning of what was written, and rubbish behind it.
TEST_P(Trouble, OfAFileCutAnywhereLeavesWhatIsWhole) {
    open();
    begins(1, "18", "alice");
    for (const Bytes& packet : tone(175)) {
        says(1, packet);
        now += milliseconds{20};
        poll();
    }
    const std::string part = files(".part").at(0);
    std::ifstream in{part, std::ios::binary};
    const std::string whole{std::istreambuf_iterator<char>{in}, {}};
    for (std::size_t size = 0; size < whole.size(); size += 97) {
        std::ofstream{part, std::ios::binary} << whole.substr(0, size) << "rubbish";
        open();
        EXPECT_TRUE(files(".part").empty()) << size;
        if (recorder->counters().completed == 0) continue;
        const Played played = play(sound_of(index.kept.back().file));
        EXPECT_TRUE(played.ends) << size;
        EXPECT_GE(played.packets.size(), 2U + 50) << size;
    }
    ASSERT_FALSE(index.kept.empty());
    EXPECT_EQ(index.kept.back().length, milliseconds{1993}) << "cut within the third page";
}

TEST_P(Trouble, OfAFullDiskEndsTheRecordingAloneAndIsMendedOnceThereIsRoom) {
    signal(SIGXFSZ, SIG_IGN);
    open();
    begins(1, "18", "alice");
    says(1, tone(150));
    poll();
    struct stat about {};
    ASSERT_EQ(stat(files(".part").at(0).c_str(), &about), 0);
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    rlimit full = before;
    full.rlim_cur = static_cast<rlim_t>(about.st_size) + 100;  // the next page does not fit
    setrlimit(RLIMIT_FSIZE, &full);
    says(1, tone(150));
    poll();
    EXPECT_EQ(recorder->counters().failures, 1U);
    says(1, tone(10));
    ends(1, "x.opus");
    poll();
    EXPECT_EQ(recorder->counters().failures, 1U) << "once for each recording";
    EXPECT_TRUE(index.kept.empty());
    EXPECT_EQ(alarm.said, (std::vector<int>{EFBIG, EFBIG})) << "as long as it holds";
    setrlimit(RLIMIT_FSIZE, &before);
    begins(2, "18", "bob");
    says(2, tone(50));
    ends(2, "y.opus");
    poll();
    ASSERT_EQ(index.kept.size(), 1U) << "the next is tried again";
    EXPECT_EQ(alarm.said.back(), 0);
    now += upkeep_interval;
    poll();
    ASSERT_EQ(index.kept.size(), 2U) << "and what there is of the first is kept";
    EXPECT_EQ(index.kept[1].talk.from, "alice");
    EXPECT_GE(play(sound_of(index.kept[1].file)).packets.size(), 2U + 100);
}

TEST_P(Trouble, OfAnIndexThatDidNotAnswerIsMadeUpForAtTheNextStart) {
    open();
    begins(1, "a group", "alice");
    says(1, tone(50));
    ends(1, "a~b c.opus");
    poll();
    ASSERT_EQ(index.kept.size(), 1U);
    open();
    ASSERT_EQ(index.kept.size(), 2U);
    EXPECT_EQ(index.kept[1], index.kept[0]);
    index.answered = 1;
    poll();
    open();
    EXPECT_EQ(index.kept.size(), 2U);
}

TEST_P(Trouble, OfTooMuchIsEndedOldestFirst) {
    open();
    for (int i = 0; i < 5; ++i) {
        begins(1, "18", "alice");
        says(1, tone(50));
        ends(1, std::to_string(i) + ".opus");
        poll();
        timespec when[2] = {{1000 + i, 0}, {1000 + i, 0}};
        ASSERT_EQ(utimensat(AT_FDCWD, path(index.kept.back().file).c_str(), when, 0), 0);
    }
    options.bytes_max = recorder->counters().bytes * 2 / 5;
    open();
    now += upkeep_interval;
    poll();
    EXPECT_EQ(index.forgotten, (std::vector<std::string>{"0.opus", "1.opus", "2.opus"}));
    EXPECT_EQ(files(".opus").size(), 2U);
    EXPECT_LE(recorder->counters().bytes, options.bytes_max);
}

TEST_P(Trouble, OfAgeIsEnded) {
    options.keep = std::chrono::hours{1};
    open();
    begins(1, "18", "alice");
    says(1, tone(50));
    ends(1, "1.opus");
    poll();
    timespec when[2] = {};
    when[0].tv_sec = when[1].tv_sec = morning.time_since_epoch().count() / 1000;
    ASSERT_EQ(utimensat(AT_FDCWD, path(index.kept.back().file).c_str(), when, 0), 0);
    open();
    recorder->poll(now + upkeep_interval, morning + std::chrono::minutes{60});
    EXPECT_TRUE(index.forgotten.empty());
    recorder->poll(now + 2 * upkeep_interval, morning + std::chrono::minutes{61});
    EXPECT_EQ(index.forgotten, (std::vector<std::string>{"1.opus"}));
    EXPECT_EQ(recorder->counters().bytes, 0U);
}

class Sealed : public Desk {};

TEST_F(Sealed, PartsOfALostKeyAreNotThrownAway) {
    const seal::KeyRing keys = seal::ring_of({"2025"});
    options.keys = &keys;
    open();
    begins(1, "18", "alice");
    says(1, tone(150));
    poll();
    const seal::KeyRing others = seal::ring_of({"2026"});
    options.keys = &others;
    open();
    EXPECT_TRUE(index.kept.empty());
    EXPECT_EQ(recorder->counters().failures, 1U);
    EXPECT_EQ(files(".unreadable").size(), 1U);
}

}  // namespace
}  // namespace parley::record
