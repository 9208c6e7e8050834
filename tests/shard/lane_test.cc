#include "shard/lane.h"

#include <cstdint>
#include <cstring>
#include <deque>
#include <gtest/gtest.h>
#include <random>
#include <string>

namespace parley {
namespace {

// Reserved, filled and committed, or refused.
bool put(Lane& lane, RecordKind kind, const std::string& text) {
    const auto place = lane.reserve(kind, text.size());
    if (place.empty()) return false;
    EXPECT_EQ(place.size(), text.size());
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(place.data()) % 16, 0U);
    std::memcpy(place.data(), text.data(), text.size());
    lane.commit();
    return true;
}

bool put(Lane& lane, const std::string& text) {
    return put(lane, RecordKind::group_audio, text);
}

// The oldest record's bytes, taken out; "(none)" if there is none.
std::string take(Lane& lane) {
    Lane::Record record;
    if (!lane.front(record)) return "(none)";
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(record.bytes.data()) % 16, 0U);
    std::string text{reinterpret_cast<const char*>(record.bytes.data()), record.bytes.size()};
    lane.pop();
    return text;
}

TEST(Lane, HandsOverRecordsInOrderWithTheirKinds) {
    Lane lane{4096};
    EXPECT_TRUE(put(lane, RecordKind::hand_over, "first"));
    EXPECT_TRUE(put(lane, RecordKind::user_event, "second"));
    EXPECT_TRUE(lane.publish());
    Lane::Record record;
    ASSERT_TRUE(lane.front(record));
    EXPECT_EQ(record.kind, RecordKind::hand_over);
    EXPECT_EQ(take(lane), "first");
    ASSERT_TRUE(lane.front(record));
    EXPECT_EQ(record.kind, RecordKind::user_event);
    EXPECT_EQ(take(lane), "second");
    EXPECT_EQ(take(lane), "(none)");
}

TEST(Lane, ShowsNothingBeforeItIsPublished) {
    Lane lane{4096};
    Lane::Record record;
    EXPECT_TRUE(lane.empty());
    put(lane, "first");
    EXPECT_FALSE(lane.front(record));
    EXPECT_TRUE(lane.empty());
    EXPECT_TRUE(lane.publish());
    EXPECT_FALSE(lane.empty());
    put(lane, "second");
    EXPECT_EQ(take(lane), "first");
    EXPECT_EQ(take(lane), "(none)");
    EXPECT_TRUE(lane.publish());
    EXPECT_EQ(take(lane), "second");
    EXPECT_TRUE(lane.empty());
}

TEST(Lane, PublishesOnlyWhatIsNew) {
    Lane lane{4096};
    EXPECT_FALSE(lane.publish());
    put(lane, "x");
    EXPECT_TRUE(lane.publish());
    EXPECT_FALSE(lane.publish());
}

TEST(Lane, DoesNotShowAReservationThatIsNotCommitted) {
    Lane lane{4096};
    ASSERT_FALSE(lane.reserve(RecordKind::group_audio, 8).empty());
    EXPECT_FALSE(lane.publish());
    EXPECT_EQ(take(lane), "(none)");
}

TEST(Lane, AbandoningAReservationIsMakingAnother) {
    Lane lane{4096};
    ASSERT_FALSE(lane.reserve(RecordKind::group_audio, 800).empty());
    put(lane, "instead");
    lane.publish();
    EXPECT_EQ(take(lane), "instead");
    EXPECT_EQ(take(lane), "(none)");
}

TEST(Lane, GivesTheSameFrontUntilItIsPopped) {
    Lane lane{4096};
    put(lane, "a");
    put(lane, "b");
    lane.publish();
    Lane::Record once;
    Lane::Record again;
    ASSERT_TRUE(lane.front(once));
    ASSERT_TRUE(lane.front(again));
    EXPECT_EQ(once.bytes.data(), again.bytes.data());
    EXPECT_FALSE(lane.empty());
}

TEST(Lane, LetsTheReaderChangeARecordInPlace) {
    Lane lane{4096};
    put(lane, "aaaa");
    put(lane, "bbbb");
    lane.publish();
    Lane::Record record;
    ASSERT_TRUE(lane.front(record));
    std::memset(record.bytes.data(), 'z', record.bytes.size());
    EXPECT_EQ(take(lane), "zzzz");
    EXPECT_EQ(take(lane), "bbbb");
}

// 4,096 bytes hold four records of 1,008 bytes and their heads, to the byte.
TEST(Lane, RefusesWhatDoesNotFitUntilSomethingIsTakenOut) {
    Lane lane{4096};
    for (char each : {'a', 'b', 'c', 'd'})
        EXPECT_TRUE(put(lane, std::string(1008, each)));
    EXPECT_FALSE(put(lane, "x"));
    lane.publish();
    EXPECT_FALSE(put(lane, "x"));
    EXPECT_EQ(take(lane), std::string(1008, 'a'));
    EXPECT_TRUE(put(lane, std::string(1008, 'e')));
    EXPECT_FALSE(put(lane, "x"));
    lane.publish();
    for (char each : {'b', 'c', 'd', 'e'})
        EXPECT_EQ(take(lane), std::string(1008, each));
    EXPECT_EQ(take(lane), "(none)");
}

TEST(Lane, SkipsARestThatIsTooSmall) {
    Lane lane{4096};
    // Each takes 928 bytes: four leave 384 before the end.
    for (char each : {'a', 'b', 'c', 'd'})
        EXPECT_TRUE(put(lane, std::string(900, each)));
    lane.publish();
    EXPECT_EQ(take(lane), std::string(900, 'a'));
    EXPECT_FALSE(put(lane, std::string(928, 'e')));  // 384 skipped and 944 taken: only 928 are free
    EXPECT_EQ(take(lane), std::string(900, 'b'));
    EXPECT_TRUE(put(lane, std::string(928, 'e')));
    EXPECT_TRUE(put(lane, "small"));
    lane.publish();
    EXPECT_EQ(take(lane), std::string(900, 'c'));
    EXPECT_EQ(take(lane), std::string(900, 'd'));
    EXPECT_EQ(take(lane), std::string(928, 'e'));
    EXPECT_EQ(take(lane), "small");
    EXPECT_EQ(take(lane), "(none)");
    EXPECT_TRUE(lane.empty());
}

TEST(Lane, UsesARestThatFitsExactly) {
    Lane lane{4096};
    for (char each : {'a', 'b', 'c', 'd'})
        EXPECT_TRUE(put(lane, std::string(900, each)));
    EXPECT_TRUE(put(lane, std::string(368, 'e')));  // and its head: 384
    EXPECT_FALSE(put(lane, "x"));
    lane.publish();
    for (char each : {'a', 'b', 'c', 'd'})
        EXPECT_EQ(take(lane), std::string(900, each));
    EXPECT_EQ(take(lane), std::string(368, 'e'));
    EXPECT_TRUE(put(lane, "round"));
    lane.publish();
    EXPECT_EQ(take(lane), "round");
}

TEST(Lane, TakesTheLargestRecordWhereverItStands) {
    Lane lane{4096};
    EXPECT_EQ(lane.record_bytes_max(), 1024U);
    const std::string largest(lane.record_bytes_max(), 'x');
    for (std::size_t shift = 1; shift < 2000; shift += 7) {
        ASSERT_TRUE(put(lane, std::string(1 + shift % 1000, '.')));
        lane.publish();
        take(lane);
        ASSERT_TRUE(put(lane, largest)) << shift;  // the lane is empty, so there must be room
        lane.publish();
        ASSERT_EQ(take(lane), largest);
    }
}

TEST(LaneDeathTest, AbortsOnWhatItIsNotMadeFor) {
    EXPECT_DEATH(Lane{4095}, "assertion failed");
    EXPECT_DEATH(Lane{6000}, "assertion failed");
    EXPECT_DEATH(Lane{2048}, "assertion failed");
    Lane lane{4096};
    EXPECT_DEATH(lane.reserve(RecordKind::group_audio, 0), "size");
    EXPECT_DEATH(lane.reserve(RecordKind::group_audio, 1025), "size");
}

// Random writing, publishing and taking out, against a queue of strings.
TEST(Lane, DoesWhatAQueueWouldDo) {
    std::mt19937_64 random{3};
    Lane lane{4096};
    std::deque<std::string> written;
    std::deque<std::string> visible;
    std::size_t put_count = 0;
    for (int step = 0; step < 300'000; ++step) {
        const auto choice = random() % 10;
        if (choice < 5) {
            const std::size_t size = 1 + random() % (random() % 8 == 0 ? 1024 : 60);
            std::string text(size, static_cast<char>(random()));
            if (put(lane, text)) {
                ++put_count;
                written.push_back(std::move(text));
            } else {
                ASSERT_FALSE(written.empty() && visible.empty()) << "an empty lane refused";
            }
        } else if (choice < 6) {
            ASSERT_EQ(lane.publish(), !written.empty()) << "step " << step;
            visible.insert(visible.end(), written.begin(), written.end());
            written.clear();
        } else {
            const std::string expected = visible.empty() ? "(none)" : visible.front();
            ASSERT_EQ(take(lane), expected) << "step " << step;
            if (!visible.empty()) visible.pop_front();
            ASSERT_EQ(lane.empty(), visible.empty());
        }
    }
    EXPECT_GT(put_count, 10'000U);
}

}  // namespace
}  // namespace parley
