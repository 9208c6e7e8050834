// One shard's loop: its time, its timers, its sleep, and where things live.
#include "shard/shard.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "two_shards.h"

namespace parley {
namespace {

using std::chrono::milliseconds;
constexpr Duration far = test::patience_max;

class ShardTest : public testing::Test {
protected:
    Fabric fabric{{.shards = 2, .lane_bytes = small_lane_bytes, .hash_key = {}}};
    Shard shard{first_shard, fabric, test::open_ring({}), {}};
};

struct Noting {
    explicit Noting(Shard& on) : shard(on) {}
    void on_time() noexcept {
        fired_at = shard.now();
        ++fired;
    }
    Shard& shard;
    Timer timer{Timer::Handler::to<&Noting::on_time>(*this)};
    Instant fired_at;
    int fired = 0;
};

TEST_F(ShardTest, SleepsUntilTheLatestItIsTold) {
    shard.turn(Instant::min());
    const Instant latest = shard.now() + milliseconds{20};
    shard.turn(latest);
    EXPECT_GE(shard.now(), latest);
}

TEST_F(ShardTest, SleepsUntilItsNextTimerAndNotLonger) {
    Noting noting{shard};
    const Instant deadline = shard.now() + milliseconds{20};
    shard.timers().start(noting.timer, deadline);
    const Instant give_up = shard.now() + far;
    while (noting.fired == 0 && shard.now() < give_up)
        shard.turn(give_up);
    EXPECT_EQ(noting.fired, 1);
    EXPECT_GE(noting.fired_at, deadline);
    EXPECT_LT(shard.now(), give_up);
}

TEST_F(ShardTest, DoesNotSleepWhenATurnIsWanted) {
    shard.turn(Instant::min());
    const Instant latest = shard.now() + far;
    shard.want_turn();
    shard.turn(latest);
    EXPECT_LT(shard.now(), latest);
    // Wanted once is once.
    const Instant soon = shard.now() + milliseconds{20};
    shard.turn(soon);
    EXPECT_GE(shard.now(), soon);
}

TEST_F(ShardTest, IsWokenByItsWaker) {
    shard.turn(Instant::min());
    shard.waker().wake();
    const Instant latest = shard.now() + far;
    shard.turn(latest);
    EXPECT_LT(shard.now(), latest);
}

TEST_F(ShardTest, TimeStandsStillWithinATurn) {
    shard.turn(Instant::min());
    const Instant now = shard.now();
    while (shard.ring().now() < now + milliseconds{2}) {
    }
    EXPECT_EQ(shard.now(), now);
    shard.turn(Instant::min());
    EXPECT_GE(shard.now(), now + milliseconds{2});
}

TEST_F(ShardTest, TimeOfDayNeverStepsBack) {
    WallTime last = shard.wall_now();
    for (int i = 0; i < 1000; ++i) {
        const WallTime now = shard.wall_now();
        ASSERT_GE(now, last);
        last = now;
    }
}

TEST_F(ShardTest, SpinsForAsLongAsItIsToldAfterItHadWork) {
    Fabric another{{.shards = 1, .lane_bytes = small_lane_bytes, .hash_key = {}}};
    Shard spinning{first_shard, another, test::open_ring({}), {.spin = milliseconds{50}}};
    Noting noting{spinning};
    spinning.waker().wake();
    spinning.turn(spinning.now() + far);  // work: the wake-up
    const Instant began = spinning.now();
    const std::uint64_t turns = spinning.counters().turns;
    while (spinning.now() < began + milliseconds{100}) {
        spinning.turn(began + milliseconds{100});
    }
    EXPECT_GT(spinning.counters().turns, turns + 2);
    // And then it sleeps.
    const std::uint64_t after = spinning.counters().turns;
    spinning.turn(spinning.now() + milliseconds{20});
    EXPECT_EQ(spinning.counters().turns, after + 1);
}

TEST_F(ShardTest, BelongsToTheThreadThatMadeIt) {
    EXPECT_TRUE(shard.is_current());
    std::thread{[this] { EXPECT_FALSE(shard.is_current()); }}.join();
    // One thread may step several: the current one is whose turn it was.
    Shard second{second_shard, fabric, test::open_ring({}), {}};
    EXPECT_TRUE(second.is_current());
    EXPECT_FALSE(shard.is_current());
    shard.turn(Instant::min());
    EXPECT_TRUE(shard.is_current());
    EXPECT_FALSE(second.is_current());
}

TEST_F(ShardTest, IsWokenThroughTheFabric) {
    shard.turn(Instant::min());
    fabric.waker(first_shard).wake();
    const Instant latest = shard.now() + far;
    shard.turn(latest);
    EXPECT_LT(shard.now(), latest);
    fabric.waker(second_shard).wake();  // there is none yet: nothing happens
}

using ShardDeathTest = ShardTest;

TEST_F(ShardDeathTest, HasOneHandlerForEachKindOfRecord) {
    Noting noting{shard};
    struct Sink {
        void take(ShardId, std::span<std::byte>) noexcept {}
    } sink;
    const auto handler = Shard::RecordHandler::to<&Sink::take>(sink);
    shard.on_record(RecordKind::user_event, handler);
    EXPECT_DEATH(shard.on_record(RecordKind::user_event, handler), "has_value");
}

TEST(Homes, AreTheSameSeenFromEveryShard) {
    Fabric fabric{{.shards = 5, .lane_bytes = small_lane_bytes, .hash_key = HashKey::random()}};
    std::vector<std::unique_ptr<Shard>> shards;
    for (std::uint16_t i = 0; i < 5; ++i) {
        shards.push_back(std::make_unique<Shard>(static_cast<ShardId>(i), fabric,
                                                 test::open_ring({}), Shard::Options{}));
    }
    std::vector<int> lived(5);
    for (int i = 0; i < 2000; ++i) {
        const std::string name = "user " + std::to_string(i);
        const auto key = shards[0]->key<UserKey>(name);
        const ShardId home = shards[0]->home(key);
        ASSERT_LT(raw(home), 5);
        ++lived[raw(home)];
        for (const auto& shard : shards) {
            ASSERT_EQ(shard->key<UserKey>(name), key);
            ASSERT_EQ(shard->home(key), home);
        }
        ASSERT_EQ(raw(key), keyed_hash(name, fabric.hash_key()));
    }
    // Spread evenly: 400 each, give or take what chance allows.
    for (const int count : lived) {
        EXPECT_GT(count, 300);
        EXPECT_LT(count, 500);
    }
}

// What was sent in a turn is over when the next one has begun, and its failures were told by then.
TEST_F(ShardTest, HoldsWhatASendNeedsUntilTheNextTurnHasBegun) {
    FrameRef frame = shard.frames().allocate(10);
    shard.hold_for_turn(frame);
    shard.hold_for_turn(frame);  // for the next listener
    EXPECT_EQ(frame.get()->refs, 2U) << "a fan-out counts one hold";
    frame = FrameRef{};
    EXPECT_EQ(shard.frames().outstanding(), 1U);
    shard.turn(Instant::min());
    EXPECT_EQ(shard.frames().outstanding(), 0U);
}

}  // namespace
}  // namespace parley
