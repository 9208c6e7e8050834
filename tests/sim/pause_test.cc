// A shard whose machine is paused: its timers are judged by the time in which it ran.
#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "shard/shard.h"
#include "sim/world.h"

namespace parley::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class PauseTest : public testing::Test {
protected:
    PauseTest() {
        world.spawn(Fiber::Body::to<&PauseTest::run>(*this));
        world.run_for(milliseconds{1});
    }
    ~PauseTest() override {
        stopping = true;
        shard->waker().wake();
        world.run_for(seconds{1});
    }
    void run() {
        std::string error;
        shard = std::make_unique<Shard>(ShardId{0}, fabric, ring::Ring::open({}, error),
                                        Shard::Options{});
        while (!stopping)
            shard->turn();
        timer.cancel();
        shard.reset();
    }
    void on_time() noexcept { fired_at = world.now(); }
    // Something happens, so that the shard has a turn.
    void wake() {
        shard->waker().wake();
        world.run_for(milliseconds{1});
    }
    void start(Duration after) {
        wake();
        shard->timers().start(timer, shard->now() + after);
        wake();
    }
    bool fired() const noexcept { return fired_at != Instant{}; }

    World world{1, Faults::none()};
    Fabric fabric{{.shards = 1, .hash_key = {}}};
    std::unique_ptr<Shard> shard;
    Timer timer{Timer::Handler::to<&PauseTest::on_time>(*this)};
    Instant fired_at{};
    bool stopping = false;
};

TEST_F(PauseTest, ATimerHasAsLongToRunAfterItAsBefore) {
    start(seconds{10});
    world.run_for(seconds{6});
    wake();
    for (int pauses = 0; pauses < 3; ++pauses)
        world.pause(seconds{60});
    const Instant resumed = world.now();
    world.run_for(milliseconds{3900});
    EXPECT_FALSE(fired());
    world.run_for(milliseconds{200});
    EXPECT_TRUE(fired());
    EXPECT_GE(fired_at, resumed + milliseconds{3900});
    EXPECT_EQ(shard->counters().pauses, 1U) << "nothing tells three from one";
}

TEST_F(PauseTest, AfterALongSleepItHasTenSeconds) {
    start(seconds{100});
    world.run_for(seconds{97});
    world.pause(seconds{60});
    const Instant resumed = world.now();
    world.run_for(seconds{20});
    EXPECT_GE(fired_at, resumed + seconds{5});  // the wheel wakes a little before what is far off
    EXPECT_LE(fired_at, resumed + seconds{15});
}

TEST_F(PauseTest, WhatWasNotDueMeanwhileIsDueWhenItWas) {
    const Instant due = world.now() + seconds{100};
    start(seconds{100});
    world.pause(seconds{60});
    EXPECT_EQ(shard->counters().pauses, 0U);
    world.run_for(seconds{60});
    EXPECT_GE(fired_at, due - milliseconds{5});
    EXPECT_LE(fired_at, due + milliseconds{5});
}

TEST_F(PauseTest, ALoopThatIsLateIsNotPaused) {
    start(milliseconds{100});
    world.pause(milliseconds{1050});
    world.run_for(milliseconds{1});
    EXPECT_TRUE(fired());
    EXPECT_EQ(shard->counters().pauses, 0U);
}

// Turns that take seconds each, as of a machine with no time for this process.
TEST_F(PauseTest, TimeGoesOnHoweverLateEveryTurnIs) {
    start(seconds{3});
    for (int turns = 0; turns < 20 && !fired(); ++turns) {
        world.pause(seconds{5});
        wake();
    }
    EXPECT_TRUE(fired());
}

TEST_F(PauseTest, TheNextSleepIsAsLongAsItShouldBe) {
    start(seconds{1});
    world.pause(seconds{30});
    world.run_for(seconds{2});
    ASSERT_TRUE(fired());
    fired_at = {};
    const Instant began = world.now();
    start(seconds{5});
    world.run_for(seconds{6});
    EXPECT_GE(fired_at, began + seconds{5});
    EXPECT_LE(fired_at, began + seconds{5} + milliseconds{5});
}

}  // namespace
}  // namespace parley::sim
