// Who is asked when, and who is given up: settings of every kind, and histories against a model
// that keeps a clock for each.
#include "ws/heartbeat.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <vector>

namespace parley::ws {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Do = Heartbeat::Do;

class Peer final : public Pulse {};

struct Event {
    Do what;
    std::int64_t at;  // milliseconds since the beginning

    friend bool operator==(const Event&, const Event&) = default;
};
using Events = std::vector<Event>;

class HeartbeatRun : public testing::Test {
protected:
    static constexpr Instant begin{hours{1000}};  // the ticks have wrapped around by then

    // What becomes of one peer; it speaks at these times, in milliseconds.
    static Events of_one(Heartbeat& heartbeat, const std::vector<std::int64_t>& speaks,
                         std::int64_t until) {
        Peer peer;
        heartbeat.begin(peer, begin);
        Events events;
        for (std::int64_t at = 0; at <= until; ++at) {
            const Instant now = begin + milliseconds{at};
            if (std::ranges::find(speaks, at) != speaks.end()) peer.speak();
            for (auto due = heartbeat.next(now); due.pulse != nullptr; due = heartbeat.next(now)) {
                EXPECT_EQ(due.pulse, &peer);
                events.push_back({due.what, at});
            }
        }
        heartbeat.end(peer);
        return events;
    }
};

TEST_F(HeartbeatRun, AsksWhoAnswersOnceInEveryInterval) {
    Heartbeat heartbeat{milliseconds{250}, milliseconds{100}};
    EXPECT_EQ(of_one(heartbeat, {260, 510, 760}, 1050),
              (Events{{Do::ask, 250}, {Do::ask, 500}, {Do::ask, 750}, {Do::ask, 1000}}));
}

TEST_F(HeartbeatRun, GivesUpWhoIsSilentForTooLong) {
    Heartbeat heartbeat{milliseconds{250}, milliseconds{100}};
    EXPECT_EQ(of_one(heartbeat, {}, 1000), (Events{{Do::ask, 250}, {Do::give_up, 350}}));
    EXPECT_EQ(of_one(heartbeat, {350}, 599), (Events{{Do::ask, 250}, {Do::ask, 500}}));
    EXPECT_EQ(of_one(heartbeat, {249}, 1000), (Events{{Do::ask, 250}, {Do::give_up, 350}}));
    EXPECT_TRUE(heartbeat.empty());
}

TEST_F(HeartbeatRun, TakesAnythingSaidSinceTheQuestionForAnAnswer) {
    Heartbeat heartbeat{milliseconds{250}, milliseconds{100}};
    EXPECT_EQ(of_one(heartbeat, {251, 252, 300, 400, 499}, 1000),
              (Events{{Do::ask, 250}, {Do::ask, 500}, {Do::give_up, 600}}));
}

TEST_F(HeartbeatRun, AsksAgainWhereAnAnswerMayTakeLongerThanAnInterval) {
    Heartbeat heartbeat{milliseconds{20}, milliseconds{60}};
    EXPECT_EQ(of_one(heartbeat, {}, 1000),
              (Events{{Do::ask, 20}, {Do::ask, 40}, {Do::ask, 60}, {Do::give_up, 80}}));
    EXPECT_EQ(of_one(heartbeat, {45}, 1000), (Events{{Do::ask, 20},
                                                     {Do::ask, 40},
                                                     {Do::ask, 60},
                                                     {Do::ask, 80},
                                                     {Do::ask, 100},
                                                     {Do::give_up, 120}}));
}

TEST_F(HeartbeatRun, RoundsALongerPatienceUpToWholeIntervals) {
    Heartbeat heartbeat{milliseconds{20}, milliseconds{50}};
    EXPECT_EQ(of_one(heartbeat, {}, 1000),
              (Events{{Do::ask, 20}, {Do::ask, 40}, {Do::ask, 60}, {Do::give_up, 80}}));
}

TEST_F(HeartbeatRun, MakesUpForATimeInWhichNobodyAsked) {
    Heartbeat heartbeat{milliseconds{250}, milliseconds{100}};
    Peer peer;
    heartbeat.begin(peer, begin);
    const Instant late = begin + seconds{5};
    EXPECT_EQ(heartbeat.next(late).what, Do::nothing);  // it rests from now on
    EXPECT_EQ(heartbeat.deadline(late), late + milliseconds{150});
    const Instant later = late + seconds{5};
    EXPECT_EQ(heartbeat.next(later).what, Do::ask);
    EXPECT_EQ(heartbeat.next(later).what, Do::nothing);  // it still has its time to answer
    EXPECT_EQ(heartbeat.next(later + milliseconds{99}).what, Do::nothing);
    EXPECT_EQ(heartbeat.next(later + milliseconds{100}).what, Do::give_up);
}

TEST_F(HeartbeatRun, AsksOnceMoreWhoWasAskedBeforeATimeInWhichNobodyListened) {
    Heartbeat heartbeat{milliseconds{250}, milliseconds{100}};
    Peer peer;
    heartbeat.begin(peer, begin);
    EXPECT_EQ(heartbeat.next(begin + milliseconds{100}).what, Do::nothing);
    EXPECT_EQ(heartbeat.next(begin + milliseconds{250}).what, Do::ask);
    const Instant resumed = begin + seconds{60};
    heartbeat.excuse(resumed);
    EXPECT_EQ(heartbeat.next(resumed + milliseconds{1}).what, Do::ask);
    heartbeat.excuse(resumed);  // said again: the same time
    EXPECT_EQ(heartbeat.next(resumed + milliseconds{100}).what, Do::nothing);
    EXPECT_EQ(heartbeat.next(resumed + milliseconds{101}).what, Do::give_up);
}

TEST_F(HeartbeatRun, ExcusesAQuestionWhoseTimeWasNotYetOver) {
    Heartbeat heartbeat{milliseconds{250}, milliseconds{100}};
    Peer peer;
    heartbeat.begin(peer, begin);
    EXPECT_EQ(heartbeat.next(begin + milliseconds{100}).what, Do::nothing);
    EXPECT_EQ(heartbeat.next(begin + milliseconds{250}).what, Do::ask);
    heartbeat.excuse(begin + milliseconds{300});
    EXPECT_EQ(heartbeat.next(begin + milliseconds{349}).what, Do::nothing);
    EXPECT_EQ(heartbeat.next(begin + milliseconds{350}).what, Do::ask);
    EXPECT_EQ(heartbeat.next(begin + milliseconds{450}).what, Do::give_up);
}

TEST_F(HeartbeatRun, NeverAsksTooEarlyForPartsOfAMillisecond) {
    Heartbeat heartbeat{milliseconds{10}, milliseconds{10}};
    Peer peer;
    const Instant now = begin + std::chrono::microseconds{1};
    heartbeat.begin(peer, now);
    EXPECT_EQ(heartbeat.next(begin + milliseconds{10}).what, Do::nothing);
    EXPECT_EQ(heartbeat.deadline(now), begin + milliseconds{11});
    EXPECT_EQ(heartbeat.next(begin + milliseconds{11}).what, Do::ask);
}

TEST_F(HeartbeatRun, TakesSettingsOfAnySize) {
    for (const Duration interval : {Duration{0}, Duration{hours{1}}, Duration::max()}) {
        for (const Duration answer_max : {Duration{0}, Duration{seconds{1}}, Duration::max()}) {
            Heartbeat heartbeat{interval, answer_max};
            Peer peer;
            heartbeat.begin(peer, begin);
            EXPECT_EQ(heartbeat.next(begin).what, Do::nothing);
            EXPECT_GT(heartbeat.deadline(begin), begin);
            EXPECT_LE(heartbeat.deadline(begin), begin + hours{24 * 24});
        }
    }
}

// The questions since somebody last spoke are counted in 16 bits.
TEST_F(HeartbeatRun, GivesUpInTheEndHoweverLongAnAnswerMayTake) {
    Heartbeat heartbeat{milliseconds{1}, hours{24}};
    Peer peer;
    heartbeat.begin(peer, begin);
    Do last = Do::nothing;
    for (int asked = 0; asked < 70'000 && last != Do::give_up; ++asked)
        last = heartbeat.next(begin + milliseconds{asked + 2}).what;
    EXPECT_EQ(last, Do::give_up);
}

TEST_F(HeartbeatRun, ForgetsWhoLeavesAndWhoDies) {
    Heartbeat heartbeat{milliseconds{250}, milliseconds{100}};
    Peer peer;
    heartbeat.end(peer);  // was never known
    heartbeat.begin(peer, begin);
    {
        Peer dies;
        heartbeat.begin(dies, begin);
    }
    EXPECT_FALSE(heartbeat.empty());
    heartbeat.end(peer);
    EXPECT_TRUE(heartbeat.empty());
    EXPECT_EQ(heartbeat.next(begin + hours{1}).what, Do::nothing);
}

// Peers come, speak and leave at random; the deadlines are looked at at random times as well.
TEST_F(HeartbeatRun, DoesWhatAClockForEachWouldDo) {
    struct Model {
        Peer peer;
        Instant look;       // when its state is next looked at
        bool asked = true;  // else it rests
        bool has_spoken = true;
        bool here = true;
    };
    constexpr milliseconds interval{250};
    constexpr milliseconds answer_max{100};
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        std::mt19937_64 random{seed};
        Heartbeat heartbeat{interval, answer_max};
        std::vector<std::unique_ptr<Model>> models;
        Instant now = begin;
        for (int step = 0; step < 20'000; ++step) {
            if (models.size() < 40 && random() % 4 == 0) {
                models.push_back(std::make_unique<Model>());
                models.back()->look = now + answer_max;
                heartbeat.begin(models.back()->peer, now);
            }
            now += milliseconds{random() % 40};
            for (auto& model : models) {
                if (random() % 8 > 0) continue;
                model->has_spoken = true;
                model->peer.speak();
            }
            for (auto due = heartbeat.next(now); due.pulse != nullptr; due = heartbeat.next(now)) {
                const auto found = std::ranges::find_if(
                    models, [&due](const auto& model) { return &model->peer == due.pulse; });
                Model& model = **found;
                ASSERT_GE(now, model.look);
                const bool silent = model.asked && !model.has_spoken;
                ASSERT_EQ(due.what, silent ? Do::give_up : Do::ask) << "seed " << seed;
                if (silent) model.here = false;
                model.asked = true;
                model.has_spoken = false;
                model.look = now + answer_max;
            }
            for (auto& model : models) {  // nobody was missed
                if (!model->here || now < model->look) continue;
                ASSERT_TRUE(model->asked && model->has_spoken) << "seed " << seed;
                model->asked = false;
                model->look = now + interval - answer_max;
            }
            if (!heartbeat.empty()) {
                ASSERT_GE(heartbeat.deadline(now), now + milliseconds{1});
            }
            std::erase_if(models, [&random](const auto& model) {
                return !model->here || random() % 64 == 0;
            });
        }
    }
}

}  // namespace
}  // namespace parley::ws
