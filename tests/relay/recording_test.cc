// What the recorder is told of talks: those that were granted, all that was heard of them, and how
// they ended.
#include <cstring>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "record/tap.h"
#include "support/radio.h"

namespace parley::relay {
namespace {

using test::done_with;
using test::hears;
using test::join;
using test::Radio;
using test::Town;
using test::Type;

constexpr const char* group = "18";

class RecordingTest : public testing::Test {
protected:
    RecordingTest() : RecordingTest({}, {}) {}
    RecordingTest(const record::Selection& selection, const floor::Limits& limits)
        : taps_{.lanes = {&lane_}, .selection = selection},
          town_{{.worker = {.floor = limits, .taps = &taps_}}} {}

    // All that it was told since this was asked last, a word for each.
    std::vector<std::string> told() {
        town_.settle();
        std::vector<std::string> all;
        for (Lane::Record record; lane_.front(record); lane_.pop())
            all.push_back(word_of(record));
        return all;
    }
    std::string stop_id(Radio& radio) {
        EXPECT_TRUE(hears(town_, radio, Type::stop_ack, 1));
        return radio.last(Type::stop_ack).message_id;
    }

    Lane lane_{record::lane_bytes};
    record::Taps taps_;
    Town town_;
    Radio alice_{town_.port(0), {"alice"}};
    Radio bob_{town_.port(0), {"bob"}};

private:
    static std::string word_of(const Lane::Record& record) {
        const auto text_behind = [&record](std::size_t head) {
            return std::string{reinterpret_cast<const char*>(record.bytes.data()) + head,
                               record.bytes.size() - head};
        };
        if (record.kind == RecordKind::talk_packet) return "packet";
        if (record.kind == RecordKind::talk_began) {
            return "began " + text_behind(sizeof(record::TalkBegan));
        }
        return "ended " + text_behind(sizeof(record::TalkEnded));
    }
};

using Words = std::vector<std::string>;

TEST_F(RecordingTest, HasATalkFromItsGrantToItsStop) {
    ASSERT_TRUE(join(town_, alice_, group) && join(town_, bob_, group));
    alice_.send(Type::start, group);
    ASSERT_TRUE(hears(town_, alice_, Type::start_ack, 1));
    bob_.send(Type::start, group);  // refused
    bob_.send_voice(group, "not heard");
    ASSERT_TRUE(done_with(town_, bob_));
    alice_.send_voice(group, "one");
    alice_.send_voice(group, "two");
    alice_.send(Type::stop, group);
    const std::string id = stop_id(alice_);
    EXPECT_TRUE(id.starts_with("0_3_18_alice_")) << id;
    EXPECT_EQ(told(), (Words{"began 18alice", "packet", "packet", "ended " + id}));
}

TEST_F(RecordingTest, EndsOneThatIsBegunAnew) {
    ASSERT_TRUE(join(town_, alice_, group));
    alice_.send(Type::start, group);
    alice_.send(Type::start, group);
    ASSERT_TRUE(hears(town_, alice_, Type::start_ack, 2));
    EXPECT_EQ(told(), (Words{"began 18alice", "ended ", "began 18alice"}));
}

TEST_F(RecordingTest, EndsOneWhoseTalkerLeaves) {
    ASSERT_TRUE(join(town_, alice_, group) && join(town_, bob_, group));
    alice_.send(Type::start, group);
    ASSERT_TRUE(hears(town_, alice_, Type::start_ack, 1));
    alice_.reset();
    ASSERT_TRUE(town_.run_until([this] { return town_.sessions() == 1; }));
    EXPECT_EQ(told(), (Words{"began 18alice", "ended "}));
}

TEST_F(RecordingTest, HasTalksBetweenTwoUsers) {
    ASSERT_TRUE(let_in(town_, alice_) && let_in(town_, bob_));
    alice_.send_direct(Type::start, "bob", "");
    alice_.send_direct(Type::audio, "bob", "one");
    alice_.send_direct(Type::stop, "bob", "");
    const std::string id = stop_id(alice_);
    EXPECT_TRUE(id.starts_with("1_3_bob_alice_")) << id;
    alice_.send_direct(Type::audio, "bob", "after the end");
    ASSERT_TRUE(done_with(town_, alice_));
    EXPECT_EQ(told(), (Words{"began bobalice", "packet", "ended " + id}));
}

TEST_F(RecordingTest, EndsTalksBetweenTwoUsersWhoseTalkerLeaves) {
    ASSERT_TRUE(let_in(town_, alice_));
    alice_.send_direct(Type::start, "bob", "");
    ASSERT_TRUE(hears(town_, alice_, Type::start_ack, 1));
    alice_.reset();
    ASSERT_TRUE(town_.run_until([this] { return town_.sessions() == 1; }));
    EXPECT_EQ(told(), (Words{"began bobalice", "ended "}));
}

class ListedGroupsTest : public RecordingTest {
protected:
    ListedGroupsTest()
        : RecordingTest({record::Selection::What::listed, {"19"}}, floor::Limits{}) {}
};

TEST_F(ListedGroupsTest, AreRecordedAlone) {
    ASSERT_TRUE(join(town_, alice_, "18") && join(town_, alice_, "19"));
    alice_.send(Type::start, "18");
    alice_.send_voice("18", "one");
    alice_.send(Type::start, "19");
    alice_.send_direct(Type::start, "bob", "");
    ASSERT_TRUE(hears(town_, alice_, Type::start_ack, 3));
    EXPECT_EQ(told(), (Words{"began 19alice"}));
}

class LimitedTalkTest : public RecordingTest {
protected:
    LimitedTalkTest() : RecordingTest({}, {.talk_max = std::chrono::milliseconds{50}}) {}
};

TEST_F(LimitedTalkTest, EndsWhatLastsTooLongByTheIdThatListenersAreTold) {
    ASSERT_TRUE(join(town_, alice_, group));
    alice_.send(Type::start, group);
    const std::string id = stop_id(alice_);
    EXPECT_EQ(told(), (Words{"began 18alice", "ended " + id}));
}

}  // namespace
}  // namespace parley::relay
