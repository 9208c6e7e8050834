#include "net/send_queue.h"

#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "net/limits.h"

namespace parley::net {
namespace {

using std::chrono::milliseconds;
using Added = SendQueue::Added;
constexpr Delivery voice = Delivery::perishable;
constexpr Delivery words = Delivery::lasting;

class SendQueueTest : public testing::Test {
protected:
    ~SendQueueTest() override { queue.clear(pool); }

    static constexpr std::uint32_t places = 2000;
    static constexpr std::size_t lasting_max = 10'000;

    FrameRef frame(const std::string& text) {
        FrameRef made = frames.allocate(text.size());
        std::memcpy(made.space().data(), text.data(), text.size());
        made.set_size(text.size());
        return made;
    }
    Added add(const std::string& text, Delivery delivery) {
        return queue.add(pool, frame(text), delivery, now, lasting_max);
    }
    // What would be sent next; empty if nothing.
    std::string next() {
        const FrameRef taken = queue.next(pool, frames, now);
        if (!taken) return {};
        return {reinterpret_cast<const char*>(taken.bytes().data()), taken.bytes().size()};
    }
    std::string all() {
        std::string text;
        for (std::string part = next(); !part.empty(); part = next())
            text += part;
        return text;
    }

    FramePool frames{{}};
    WaitingPool pool{places};
    SendQueue queue;
    Instant now{std::chrono::hours{1}};
};

TEST_F(SendQueueTest, IsEmptyAtFirst) {
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.bytes(), 0U);
    EXPECT_EQ(next(), "");
}

TEST_F(SendQueueTest, KeepsVoiceAndWordsInOneOrder) {
    add("a", words);
    add("b", voice);
    add("c", words);
    EXPECT_EQ(queue.bytes(), 3U);
    EXPECT_EQ(all(), "abc");
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.bytes(), 0U);
    EXPECT_EQ(pool.in_use(), 0U);
}

TEST_F(SendQueueTest, CoalescesWhatFitsTogether) {
    for (int i = 0; i < 10; ++i)
        add(std::string(200, static_cast<char>('0' + i)), voice);
    const std::string together = next();
    EXPECT_EQ(together.size(), 2000U);
    EXPECT_EQ(together.substr(190, 20), std::string(10, '0') + std::string(10, '1'));
    EXPECT_TRUE(queue.empty());
}

TEST_F(SendQueueTest, CoalescesNoMoreThanItsBound) {
    const std::string part(coalesced_bytes_max / 4, 'x');
    for (int i = 0; i < 5; ++i)
        add(part, voice);
    EXPECT_EQ(next().size(), coalesced_bytes_max);
    EXPECT_EQ(next().size(), part.size());
}

TEST_F(SendQueueTest, SendsWhatIsLargerThanTheBoundAlone) {
    add("small", words);
    add(std::string(coalesced_bytes_max + 1, 'x'), voice);
    add("tiny", words);
    EXPECT_EQ(next(), "small");
    EXPECT_EQ(next().size(), coalesced_bytes_max + 1);
    EXPECT_EQ(next(), "tiny");
}

TEST_F(SendQueueTest, SendsASingleFrameAsItIs) {
    FrameRef original = frame("the same bytes");
    const std::byte* where = original.bytes().data();
    queue.add(pool, original.share(), voice, now, lasting_max);
    const FrameRef taken = queue.next(pool, frames, now);
    EXPECT_EQ(taken.bytes().data(), where);
}

TEST_F(SendQueueTest, SendsOneByOneWhenThereIsNoMemoryToCoalesce) {
    FramePool small{{.small_bytes = 16, .small_count = 3, .medium_count = 0, .large_bytes_max = 0}};
    for (const char each : {'a', 'b', 'c'}) {
        FrameRef made = small.allocate(10);
        std::memset(made.space().data(), each, 10);
        made.set_size(10);
        queue.add(pool, std::move(made), words, now, lasting_max);
    }
    std::string got;
    while (!queue.empty()) {
        const FrameRef taken = queue.next(pool, small, now);
        ASSERT_TRUE(taken);
        got.append(reinterpret_cast<const char*>(taken.bytes().data()), taken.bytes().size());
    }
    EXPECT_EQ(got, std::string(10, 'a') + std::string(10, 'b') + std::string(10, 'c'));
}

TEST_F(SendQueueTest, DropsTheOldestVoiceBeyondItsBytes) {
    const std::string part(perishable_bytes_max / 4, 'v');
    for (const char each : {'1', '2', '3', '4'}) {
        EXPECT_EQ(add(each + part.substr(1), voice), Added::yes);
    }
    EXPECT_EQ(queue.bytes(), perishable_bytes_max);
    EXPECT_EQ(add("5", voice), Added::dropped);
    EXPECT_EQ(add("6", voice), Added::yes);
    EXPECT_EQ(next()[0], '2');
    EXPECT_EQ(next()[0], '3');
    EXPECT_EQ(next()[0], '4');
    EXPECT_EQ(next(), "56");
}

TEST_F(SendQueueTest, NeverDropsWordsToMakeRoomForVoice) {
    add("first words", words);
    const std::string part(perishable_bytes_max, 'v');
    EXPECT_EQ(add(part, voice), Added::yes);
    add("more words", words);
    EXPECT_EQ(add("x", voice), Added::dropped);
    EXPECT_EQ(pool.voice_dropped(), 1U);
    EXPECT_EQ(all(), "first wordsmore wordsx");
}

TEST_F(SendQueueTest, DropsVoiceThatAloneIsTooMuch) {
    EXPECT_EQ(add(std::string(perishable_bytes_max + 1, 'v'), voice), Added::dropped);
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(pool.voice_dropped(), 1U);
    EXPECT_EQ(pool.in_use(), 0U);
    EXPECT_EQ(frames.outstanding(), 0U);
}

TEST_F(SendQueueTest, CountsEachFrameOfThoseThatWereGatheredInOne) {
    FrameRef three = frame("1..2..3..");
    three.set_messages(3);
    queue.add(pool, std::move(three), voice, now, lasting_max);
    now += std::chrono::seconds{1};
    EXPECT_EQ(next(), "");
    EXPECT_EQ(pool.voice_dropped(), 3U);
}

TEST_F(SendQueueTest, SendsVoiceOfItsGreatestAgeAndDropsWhatIsOlder) {
    add("old", voice);
    now += milliseconds{1};
    add("young", voice);
    now += perishable_age_max - milliseconds{1};
    EXPECT_EQ(all(), "oldyoung");  // exactly that age
    EXPECT_EQ(pool.voice_dropped(), 0U);

    add("old", voice);
    now += milliseconds{1};
    add("young", voice);
    now += perishable_age_max - milliseconds{1} + Duration{1};
    EXPECT_EQ(all(), "young");
    EXPECT_EQ(pool.voice_dropped(), 1U);
}

TEST_F(SendQueueTest, KeepsWordsOfAnyAgeAmongVoiceThatIsTooOld) {
    add("1", voice);
    add("a", words);
    add("2", voice);
    add("b", words);
    now += perishable_age_max + milliseconds{1};
    add("3", voice);
    EXPECT_EQ(all(), "ab3");
    EXPECT_EQ(pool.voice_dropped(), 2U);
    EXPECT_EQ(pool.in_use(), 0U);
}

TEST_F(SendQueueTest, GivesNothingWhenAllItHasIsTooOld) {
    add("1", voice);
    add("2", voice);
    now += std::chrono::seconds{1};
    EXPECT_EQ(next(), "");
    EXPECT_EQ(pool.voice_dropped(), 2U);
    EXPECT_TRUE(queue.empty());
}

TEST_F(SendQueueTest, SaysWhenWordsAreMoreThanTheirBound) {
    EXPECT_EQ(add(std::string(lasting_max - 1, 'w'), words), Added::yes);
    EXPECT_EQ(add("w", words), Added::yes);
    EXPECT_EQ(add("w", words), Added::full);
    EXPECT_EQ(add("voice", voice), Added::yes);  // which has a bound of its own
    EXPECT_EQ(queue.bytes(), lasting_max + 5);
    next();
    EXPECT_EQ(add("w", words), Added::yes);
}

TEST_F(SendQueueTest, TakesOneMessageOfAnySize) {
    const std::string large(lasting_max * 3, 'w');
    EXPECT_EQ(add(large, words), Added::yes);
    EXPECT_EQ(add("w", words), Added::full);
    EXPECT_EQ(next(), large);
    EXPECT_EQ(add("w", words), Added::yes);
    EXPECT_EQ(add(large, words), Added::full);  // it would be the second
}

TEST_F(SendQueueTest, SaysWhenWordsAreMoreFramesThanTheirBound) {
    WaitingPool many{lasting_frames_max + 10};
    SendQueue crowded;
    const FrameRef one = frame("w");
    const auto put = [&](Delivery delivery) {
        return crowded.add(many, one.share(), delivery, now, lasting_max);
    };
    for (std::uint32_t i = 0; i < lasting_frames_max; ++i)
        ASSERT_EQ(put(words), Added::yes) << i;
    EXPECT_EQ(put(words), Added::full);
    EXPECT_EQ(put(voice), Added::yes);
    crowded.clear(many);
    EXPECT_EQ(put(words), Added::yes);
    crowded.clear(many);
}

TEST_F(SendQueueTest, IsNoSlowConsumerForVoiceThatMayBeDropped) {
    WaitingPool many{2 * lasting_frames_max};
    SendQueue flooded;
    const FrameRef one = frame("v");
    for (std::uint32_t i = 0; i < lasting_frames_max + 100; ++i)
        ASSERT_EQ(flooded.add(many, one.share(), voice, now, lasting_max), Added::yes) << i;
    EXPECT_EQ(flooded.add(many, frame("w"), words, now, lasting_max), Added::dropped);
    EXPECT_EQ(many.voice_dropped(), 101U);
    EXPECT_EQ(many.in_use(), lasting_frames_max);
    flooded.clear(many);
}

TEST_F(SendQueueTest, GivesWordsThePlaceOfVoiceWhenPlacesRunOut) {
    WaitingPool few{3};
    SendQueue short_of_places;
    const auto put = [&](const char* text, Delivery delivery) {
        return short_of_places.add(few, frame(text), delivery, now, lasting_max);
    };
    EXPECT_EQ(put("1", voice), Added::yes);
    EXPECT_EQ(put("a", words), Added::yes);
    EXPECT_EQ(put("2", voice), Added::yes);
    EXPECT_EQ(put("b", words), Added::dropped);  // 1 went
    EXPECT_EQ(put("3", voice), Added::dropped);  // 2 went
    EXPECT_EQ(put("c", words), Added::dropped);  // 3 went
    EXPECT_EQ(put("4", voice), Added::dropped);  // it itself
    EXPECT_EQ(put("d", words), Added::full);
    const FrameRef sent = short_of_places.next(few, frames, now);
    EXPECT_EQ(std::memcmp(sent.bytes().data(), "abc", 3), 0);
    EXPECT_EQ(sent.bytes().size(), 3U);
    short_of_places.clear(few);
}

TEST_F(SendQueueTest, GivesEverythingBackWhenCleared) {
    add("x", words);
    add("y", voice);
    EXPECT_EQ(pool.in_use(), 2U);
    queue.clear(pool);
    EXPECT_EQ(pool.in_use(), 0U);
    EXPECT_EQ(queue.bytes(), 0U);
    EXPECT_EQ(frames.outstanding(), 0U);
    EXPECT_EQ(add("again", words), Added::yes);
}

}  // namespace
}  // namespace parley::net
