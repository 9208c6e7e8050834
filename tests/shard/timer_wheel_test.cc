#include "shard/timer_wheel.h"

#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <random>
#include <vector>

namespace parley {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Instant start_time{hours{100}};

// Counts how often its timer fired.
struct Alarm {
    void on_time() noexcept { ++fired; }
    int fired = 0;
    Timer timer{Timer::Handler::to<&Alarm::on_time>(*this)};
};

TEST(TimerWheel, HasNothingToDoWhenNothingRuns) {
    TimerWheel wheel{start_time};
    EXPECT_EQ(wheel.next_deadline(), Instant::max());
    wheel.expire(start_time + hours{1000});
    EXPECT_EQ(wheel.next_deadline(), Instant::max());
}

TEST(TimerWheel, CountsTheTimersThatRun) {
    TimerWheel wheel{start_time};
    std::vector<Alarm> alarms(5);
    EXPECT_EQ(wheel.count(10), 0U);
    for (std::size_t i = 0; i < alarms.size(); ++i)
        wheel.start(alarms[i].timer, start_time + milliseconds{1 << (6 * i)});  // on every level
    EXPECT_EQ(wheel.count(10), 5U);
    EXPECT_EQ(wheel.count(3), 3U);
    alarms[3].timer.cancel();
    wheel.start(alarms[4].timer, start_time + milliseconds{2});  // again: still one
    EXPECT_EQ(wheel.count(10), 4U);
    wheel.expire(start_time + milliseconds{2});
    EXPECT_EQ(wheel.count(10), 2U);
}

TEST(TimerWheel, FiresOnceAtTheDeadlineAndNotBefore) {
    for (const Duration wait : {Duration{milliseconds{1}}, Duration{milliseconds{63}},
                                Duration{milliseconds{64}}, Duration{milliseconds{65}},
                                Duration{seconds{5}}, Duration{hours{1}}, Duration{hours{24000}}}) {
        TimerWheel wheel{start_time};
        Alarm alarm;
        wheel.start(alarm.timer, start_time + wait);
        EXPECT_TRUE(alarm.timer.running());
        wheel.expire(start_time + wait - Duration{1});
        EXPECT_EQ(alarm.fired, 0);
        EXPECT_TRUE(alarm.timer.running());
        wheel.expire(start_time + wait);
        EXPECT_EQ(alarm.fired, 1);
        EXPECT_FALSE(alarm.timer.running());
        wheel.expire(start_time + 2 * wait);
        EXPECT_EQ(alarm.fired, 1);
    }
}

TEST(TimerWheel, RoundsADeadlineUpToTheNextMillisecond) {
    TimerWheel wheel{start_time};
    Alarm alarm;
    wheel.start(alarm.timer, start_time + microseconds{1500});
    wheel.expire(start_time + microseconds{1999});
    EXPECT_EQ(alarm.fired, 0);
    wheel.expire(start_time + milliseconds{2});
    EXPECT_EQ(alarm.fired, 1);
}

TEST(TimerWheel, FiresWhatHasPassedWithinTheNextMillisecond) {
    TimerWheel wheel{start_time};
    Alarm past;
    Alarm present;
    wheel.start(past.timer, start_time - hours{1});
    wheel.start(present.timer, start_time);
    EXPECT_LE(wheel.next_deadline(), start_time + milliseconds{1});
    wheel.expire(start_time + milliseconds{1});
    EXPECT_EQ(past.fired, 1);
    EXPECT_EQ(present.fired, 1);
}

TEST(TimerWheel, NeverFiresWhatIsCancelledOrGone) {
    TimerWheel wheel{start_time};
    Alarm alarm;
    wheel.start(alarm.timer, start_time + seconds{1});
    alarm.timer.cancel();
    EXPECT_FALSE(alarm.timer.running());
    {
        Alarm gone;
        wheel.start(gone.timer, start_time + seconds{1});
    }
    wheel.expire(start_time + seconds{2});
    EXPECT_EQ(alarm.fired, 0);
    alarm.timer.cancel();  // again: nothing
}

TEST(TimerWheel, RestartingReplacesTheDeadline) {
    TimerWheel wheel{start_time};
    Alarm later;
    Alarm sooner;
    wheel.start(later.timer, start_time + seconds{1});
    wheel.start(later.timer, start_time + seconds{5});
    wheel.start(sooner.timer, start_time + seconds{5});
    wheel.start(sooner.timer, start_time + seconds{1});
    wheel.expire(start_time + seconds{2});
    EXPECT_EQ(later.fired, 0);
    EXPECT_EQ(sooner.fired, 1);
    wheel.expire(start_time + seconds{5});
    EXPECT_EQ(later.fired, 1);
    EXPECT_EQ(sooner.fired, 1);
}

TEST(TimerWheel, TakesTheFarthestDeadline) {
    TimerWheel wheel{start_time};
    Alarm alarm;
    wheel.start(alarm.timer, Instant::max());
    EXPECT_LT(wheel.next_deadline(), Instant::max());
    wheel.expire(start_time + hours{1'000'000});
    EXPECT_EQ(alarm.fired, 0);
    EXPECT_TRUE(alarm.timer.running());
}

// What handlers may do, their own timer included.
struct Busybody {
    void on_time() noexcept {
        ++fired;
        if (stop != nullptr) stop->timer.cancel();
        if (begin != nullptr) wheel.start(begin->timer, begin_at);
        if (again != Duration::zero()) wheel.start(timer, now + again);
    }
    explicit Busybody(TimerWheel& in) : wheel(in) {}

    TimerWheel& wheel;
    Timer timer{Timer::Handler::to<&Busybody::on_time>(*this)};
    Alarm* stop = nullptr;
    Alarm* begin = nullptr;
    Instant begin_at;
    Instant now;  ///< what the handler takes for the present
    Duration again = Duration::zero();
    int fired = 0;
};

TEST(TimerWheel, AHandlerMayCancelOneThatIsDueWithIt) {
    TimerWheel wheel{start_time};
    Busybody first{wheel};
    Alarm second;
    first.stop = &second;
    wheel.start(first.timer, start_time + milliseconds{10});
    wheel.start(second.timer, start_time + milliseconds{10});
    wheel.expire(start_time + milliseconds{10});
    EXPECT_EQ(first.fired, 1);
    EXPECT_EQ(second.fired, 0);
}

TEST(TimerWheel, AHandlerMayStartOthersAndItself) {
    TimerWheel wheel{start_time};
    Busybody first{wheel};
    Alarm second;
    first.begin = &second;
    first.begin_at = start_time + milliseconds{25};
    first.again = milliseconds{10};
    for (int ms = 0; ms < 100; ++ms) {
        first.now = start_time + milliseconds{ms};
        if (ms == 0) wheel.start(first.timer, first.now + milliseconds{10});
        wheel.expire(first.now);
        if (ms == 24) {
            EXPECT_EQ(second.fired, 0);
            first.begin = nullptr;
        }
    }
    EXPECT_EQ(first.fired, 9);
    EXPECT_EQ(second.fired, 1);
}

struct Suicide {
    explicit Suicide(std::unique_ptr<Suicide>& self) : owner(self) {}
    void on_time() noexcept { owner.reset(); }
    std::unique_ptr<Suicide>& owner;
    Timer timer{Timer::Handler::to<&Suicide::on_time>(*this)};
};

TEST(TimerWheel, AHandlerMayDestroyItsTimer) {
    TimerWheel wheel{start_time};
    std::unique_ptr<Suicide> doomed;
    doomed = std::make_unique<Suicide>(doomed);
    Alarm after;
    wheel.start(doomed->timer, start_time + milliseconds{5});
    wheel.start(after.timer, start_time + milliseconds{5});
    wheel.expire(start_time + milliseconds{5});
    EXPECT_EQ(doomed, nullptr);
    EXPECT_EQ(after.fired, 1);
}

// A wheel and what it should do, told by a std::multimap.
class Twin {
public:
    explicit Twin(std::uint64_t seed) : random_(seed) {
        for (std::size_t i = 0; i < 64; ++i)
            owners_.push_back(std::make_unique<Owner>(*this));
    }

    void step() {
        Owner& owner = *owners_[random_() % owners_.size()];
        switch (random_() % 4) {
            case 0:
            case 1:
                return start(owner, now_ + any_wait());
            case 2:
                return cancel(owner);
            default:
                return pass(random_() % 4 == 0);
        }
    }
    std::uint64_t fired() const { return fired_; }

private:
    struct Owner {
        explicit Owner(Twin& in) : twin(in) {}
        void on_time() noexcept { twin.on_fired(*this); }
        Twin& twin;
        Timer timer{Timer::Handler::to<&Owner::on_time>(*this)};
        Instant deadline;
    };
    using Expected = std::multimap<Instant, Owner*>;

    Duration any_wait() {
        // Each magnitude from nanoseconds to weeks, and some of the past.
        const auto wait = Duration{static_cast<std::int64_t>(random_() >> (14 + random_() % 40))};
        return random_() % 16 == 0 ? -wait : wait;
    }
    void start(Owner& owner, Instant deadline) {
        cancel(owner);
        owner.deadline = deadline;
        // What has passed waits for the next tick.
        const Instant next = std::chrono::floor<milliseconds>(now_) + milliseconds{1};
        const Instant rounded = std::chrono::ceil<milliseconds>(deadline);
        expected_.emplace(std::max(rounded, next), &owner);
        wheel_.start(owner.timer, deadline);
    }
    void cancel(Owner& owner) {
        std::erase_if(expected_, [&](const auto& each) { return each.second == &owner; });
        owner.timer.cancel();
    }
    // Time goes on, at random or as a loop would do it.
    void pass(bool to_next_deadline) {
        const Instant next = wheel_.next_deadline();
        if (!expected_.empty()) {
            ASSERT_LE(next, expected_.begin()->first) << "late";
            ASSERT_GT(next, std::chrono::floor<milliseconds>(now_)) << "no progress";
        }
        now_ += Duration{static_cast<std::int64_t>(random_() >> (20 + random_() % 40))};
        if (to_next_deadline && next != Instant::max()) now_ = std::max(next, now_);
        wheel_.expire(now_);
        ASSERT_TRUE(expected_.empty() || expected_.begin()->first > now_) << "left over";
    }
    void on_fired(Owner& owner) {
        ++fired_;
        const auto is_this = [&](const auto& each) { return each.second == &owner; };
        ASSERT_EQ(std::erase_if(expected_, is_this), 1U) << "not running";
        ASSERT_LE(owner.deadline, now_) << "early";
        ASSERT_FALSE(owner.timer.running());
        Owner& other = *owners_[random_() % owners_.size()];
        if (random_() % 4 == 0)
            start(other, now_ + milliseconds{1} + Duration{random_() % 1'000'000'000});
        if (random_() % 4 == 0) cancel(*owners_[random_() % owners_.size()]);
    }

    std::mt19937_64 random_;
    Instant now_ = start_time;
    TimerWheel wheel_{now_};
    Expected expected_;
    std::vector<std::unique_ptr<Owner>> owners_;
    std::uint64_t fired_ = 0;
};

TEST(TimerWheel, DoesWhatASortedListWouldDo) {
    std::uint64_t fired = 0;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Twin twin{seed};
        for (int step = 0; step < 5'000; ++step) {
            twin.step();
            ASSERT_FALSE(testing::Test::HasFatalFailure()) << "seed " << seed << ", step " << step;
        }
        fired += twin.fired();
    }
    EXPECT_GT(fired, 25'000U);
}

}  // namespace
}  // namespace parley
