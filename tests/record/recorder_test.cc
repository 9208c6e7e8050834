// What becomes of talks, as long as the disk does what it should.
#include "record/recorder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "record/desk.h"
#include "record/ogg_file.h"
#include "seal/keys.h"

namespace parley::record {
namespace {

using std::chrono::milliseconds;

const std::string id = "0_3_18_alice_1774080003000_3000ms.opus";

class Recordings : public Desk {};

TEST_F(Recordings, HoldEveryPacketAndAreToldToTheIndex) {
    open();
    const std::vector<Bytes> packets = tone(150);
    begins(1, "18", "alice");
    says(1, packets);
    ends(1, id);
    poll();
    ASSERT_EQ(index.kept.size(), 1U);
    const Kept& kept = index.kept.front();
    EXPECT_EQ(kept.id, id);
    EXPECT_EQ(kept.file, "2026-03-21/" + id);
    EXPECT_EQ(kept.talk, (Talk{wire::Scope::group, "18", "alice", morning}));
    EXPECT_EQ(kept.length, milliseconds{2993});  // less what a decoder throws away
    const Bytes sound = sound_of(kept.file);
    EXPECT_EQ(sound.size(), kept.bytes);
    const Played played = play(sound);
    EXPECT_TRUE(played.ends);
    ASSERT_EQ(played.packets.size(), packets.size() + 2);
    EXPECT_TRUE(std::equal(packets.begin(), packets.end(), played.packets.begin() + 2));
    EXPECT_TRUE(files(".part").empty());
    struct stat about {};
    ASSERT_EQ(stat(path(kept.file).c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0600U);
}

TEST_F(Recordings, OfSeveralTalksDoNotMix) {
    open();
    const std::vector<Bytes> packets = tone(40);
    begins(1, "18", "alice");
    begins(2, "19", "bob");
    for (std::size_t i = 0; i < packets.size(); i += 2) {
        says(1, packets[i]);
        says(2, packets[i + 1]);
    }
    ends(2, "b.opus");
    ends(1, "a.opus");
    poll();
    ASSERT_EQ(index.kept.size(), 2U);
    EXPECT_EQ(index.kept[0].talk.from, "bob");
    EXPECT_EQ(play(sound_of(index.kept[0].file)).packets[2], packets[1]);
    EXPECT_EQ(play(sound_of(index.kept[1].file)).packets[2], packets[0]);
    EXPECT_EQ(play(sound_of(index.kept[1].file)).packets.size(), 2U + 20);
}

// Late entry: the talk began when its talker said so, not with what came first.
TEST_F(Recordings, BeginWhenTheTalkBegan) {
    open();
    begins(1, "18", "alice");
    now += milliseconds{1000};
    says(1, tone(50));
    ends(1, id);
    poll();
    ASSERT_EQ(index.kept.size(), 1U);
    EXPECT_EQ(index.kept[0].length, milliseconds{1993});
}

TEST_F(Recordings, OfNinetySecondsWithLossPlayAsLongAsTheTalkWas) {
    open();
    const std::vector<Bytes> packets = tone(4500);
    begins(1, "18", "alice");
    for (std::size_t i = 0; i < packets.size(); ++i) {
        const bool lost = i % 50 >= 20 && i % 50 < 40;  // 400 ms of every second
        if (!lost) says(1, packets[i]);
        now += milliseconds{20};
        if (i % 50 == 0) poll();
    }
    ends(1, id);
    poll();
    ASSERT_EQ(index.kept.size(), 1U);
    EXPECT_NEAR(static_cast<double>(index.kept[0].length.count()), 90'000, 30);
    const Played played = play(sound_of(index.kept[0].file));
    EXPECT_EQ(played.packets.size(), 2U + 4500);
}

TEST_F(Recordings, WithoutSoundAreNone) {
    open();
    begins(1, "00000", "acme_john");  // as the Android SDK does when it connects
    poll();
    EXPECT_EQ(files(".part").size(), 1U);
    ends(1, "x.opus");
    poll();
    EXPECT_TRUE(index.kept.empty());
    EXPECT_TRUE(files("").size() == 1U) << "but for the journal";
}

TEST_F(Recordings, ThatNobodyNamedNameThemselves) {
    open();
    begins(1, "18", "alice");
    says(1, tone(50));
    ends(1, "");
    poll();
    ASSERT_EQ(index.kept.size(), 1U);
    EXPECT_EQ(index.kept[0].id, "0_3_18_alice_1774080000993_993ms.opus");
}

TEST_F(Recordings, ThatNobodyEndsEndByThemselves) {
    open();
    begins(1, "18", "alice");
    says(1, tone(50));
    poll();
    now += idle_max;
    poll();
    EXPECT_EQ(index.kept.size(), 1U);
    EXPECT_EQ(recorder->counters().open, 0U);
    ends(1, "late.opus");
    poll();
    EXPECT_EQ(index.kept.size(), 1U);
}

TEST_F(Recordings, StayInTheirFolderWhateverTheirNames) {
    open();
    begins(1, "../../../etc/cron.d", "a/b");
    says(1, tone(5));
    ends(1, "0_3_../../../etc/cron.d_a/b_1_2ms.opus");
    begins(2, std::string(4000, 'g'), std::string(4000, '/'));
    says(2, tone(5));
    ends(2, "0_3_" + std::string(4000, 'g') + "_" + std::string(4000, '/') + "_1_2ms.opus");
    poll();
    ASSERT_EQ(index.kept.size(), 2U);
    EXPECT_EQ(index.kept[0].file, "2026-03-21/0_3_..%2f..%2f..%2fetc%2fcron.d_a%2fb_1_2ms.opus");
    EXPECT_EQ(index.kept[0].talk.to, "../../../etc/cron.d");
    EXPECT_LE(index.kept[1].id.size(), file_name_size_max);
    EXPECT_EQ(files(".opus").size(), 2U);
}

TEST_F(Recordings, ShowNothingOnceSealed) {
    const seal::KeyRing keys = seal::ring_of({"2026"});
    options.keys = &keys;
    open();
    begins(1, "18", "alice");
    says(1, tone(150));
    ends(1, id);
    poll();
    ASSERT_EQ(index.kept.size(), 1U);
    EXPECT_FALSE(read_stored(path(index.kept[0].file), nullptr)) << "without a key";
    EXPECT_EQ(sound_of(index.kept[0].file).size(), index.kept[0].bytes);
    EXPECT_EQ(play(sound_of(index.kept[0].file)).packets.size(), 2U + 150);
}

TEST_F(Recordings, AreAtMostSoManyAtATime) {
    open();
    for (std::uint64_t talk = 1; talk <= open_max + 3; ++talk)
        begins(talk, "18", "alice");
    poll();
    EXPECT_EQ(recorder->counters().open, open_max);
    EXPECT_EQ(recorder->counters().refused, 3U);
}

TEST_F(Recordings, LeaveOutWhatIsNoOpus) {
    open();
    begins(1, "18", "alice");
    says(1, Bytes{std::byte{0xff}});
    says(1, tone(2));
    ends(1, id);
    poll();
    EXPECT_EQ(recorder->counters().packets, 2U);
    EXPECT_EQ(recorder->counters().packets_left_out, 1U);
}

}  // namespace
}  // namespace parley::record
