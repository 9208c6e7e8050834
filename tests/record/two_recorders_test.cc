// Two recorders on one folder, as while a server hands over to the next: neither touches what the
// other has begun, and what one leaves behind is found by the other.
#include <gtest/gtest.h>

#include "record/desk.h"
#include "record/ogg_file.h"

namespace parley::record {
namespace {

class TwoRecorders : public Desk {
protected:
    /// Another one starts on the folder.
    void open_successor() {
        successor = std::make_unique<Recorder>(options, Sync::every_second,
                                               std::vector<Lane*>{&quiet_}, found, alarm.trouble());
        std::string error;
        ASSERT_TRUE(successor->open(error)) << error;
    }
    void successor_looks() {
        now += upkeep_interval;
        successor->poll(now, morning);
    }
    std::size_t notes() const {
        std::size_t bytes = 0;
        for (const auto& each : std::filesystem::directory_iterator(options.folder)) {
            if (each.is_regular_file()) bytes += each.file_size();
        }
        return bytes;
    }

    Notes found;
    std::unique_ptr<Recorder> successor;

private:
    Lane quiet_{lane_bytes};
};

TEST_F(TwoRecorders, LeaveAloneWhatTheOtherWrites) {
    open();
    const std::vector<Bytes> packets = tone(150);
    begins(1, "18", "alice");
    says(1, packets);
    poll();
    open_successor();
    successor_looks();
    EXPECT_EQ(successor->counters().completed, 0U);
    EXPECT_EQ(files(".part").size(), 1U);
    says(1, packets);
    ends(1, "whole.opus");
    poll();
    ASSERT_EQ(index.kept.size(), 1U);
    EXPECT_EQ(recorder->counters().failures, 0U);
    EXPECT_GE(play(sound_of(index.kept[0].file)).packets.size(), 2U + 2 * packets.size());
    successor_looks();
    EXPECT_TRUE(found.kept.empty()) << "the one that made it tells";
}

TEST_F(TwoRecorders, FindWhatTheOtherLeftUnfinished) {
    open();
    begins(1, "18", "alice");
    says(1, tone(150));
    poll();
    open_successor();
    EXPECT_TRUE(found.kept.empty());
    recorder = nullptr;  // as if it was killed
    successor_looks();
    ASSERT_EQ(found.kept.size(), 1U);
    EXPECT_EQ(found.kept[0].talk.from, "alice");
    EXPECT_TRUE(files(".part").empty());
}

TEST_F(TwoRecorders, TellWhatTheOtherCouldNot) {
    open();
    open_successor();
    begins(1, "18", "alice");
    says(1, tone(50));
    ends(1, "last.opus");
    poll();
    successor_looks();
    EXPECT_TRUE(found.kept.empty()) << "the other may be told yet";
    recorder = nullptr;  // nobody has answered it
    successor_looks();
    ASSERT_EQ(found.kept.size(), 1U);
    EXPECT_EQ(found.kept[0], index.kept[0]);
    successor->poll(now, morning);
    EXPECT_EQ(successor->counters().bytes, std::filesystem::file_size(files(".opus").at(0)));
    EXPECT_GT(notes(), 0U);
    found.answered = 1;
    successor->poll(now, morning);
    EXPECT_EQ(notes(), 0U) << "nothing is told again";
}

TEST_F(TwoRecorders, StrikeOutNothingOfTheOther) {
    open();
    begins(1, "18", "alice");
    says(1, tone(50));
    ends(1, "first.opus");
    poll();
    open_successor();
    EXPECT_TRUE(found.kept.empty());
    begins(2, "18", "bob");
    says(2, tone(50));
    ends(2, "second.opus");
    poll();
    index.answered = 1;  // of two
    poll();
    recorder = nullptr;
    successor_looks();
    EXPECT_EQ(found.kept.size(), 2U);
}

}  // namespace
}  // namespace parley::record
