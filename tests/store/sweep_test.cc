// When the store is asked to forget what is old, in simulated time.
#include "store/sweep.h"

#include <gtest/gtest.h>
#include <optional>
#include <vector>

#include "sim/world.h"

namespace parley::store {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// Answers when the test says so.
class AskedStore final : public Store {
public:
    void ask(StoreClient& client, Ticket ticket, Question question) noexcept override {
        asked.push_back(std::get<Expire>(question));
        client_ = &client;
        ticket_ = ticket;
    }
    void answer(Result<Answer> answer) {
        StoreClient& client = *std::exchange(client_, nullptr);
        client.on_answer(ticket_, std::move(answer));
    }
    void user_signed_out(std::string_view) noexcept override {}
    StoreState state() const noexcept override { return StoreState::healthy; }
    StoreCounters counters() const noexcept override { return {}; }
    const Histogram* latency() const noexcept override { return nullptr; }

    std::vector<Expire> asked;

private:
    StoreClient* client_ = nullptr;
    Ticket ticket_{};
};

class Sweeping : public testing::Test {
protected:
    static std::unique_ptr<ring::Ring> open_ring() {
        std::string error;
        return ring::Ring::open({}, error);
    }
    // How often it was asked while so much time passed.
    std::size_t asked_within(Duration time) {
        const std::size_t before = store.asked.size();
        for (const Instant end = shard.now() + time; shard.now() < end;) {
            world.jump(std::min<Duration>(seconds{1}, end - shard.now()));
            shard.turn(Instant::min());
        }
        return store.asked.size() - before;
    }

    sim::World world{1, sim::Faults::none()};
    Fabric fabric{{.shards = 1, .hash_key = {}}};
    Shard shard{ShardId{0}, fabric, open_ring(), {}};
    AskedStore store;
    Sweep sweep{shard, store};
};

TEST_F(Sweeping, AsksEveryInterval) {
    EXPECT_EQ(asked_within(sweep_interval - seconds{2}), 0U);
    EXPECT_EQ(asked_within(seconds{4}), 1U);
    store.answer(Answer{Done{.changed = false}});
    EXPECT_EQ(asked_within(sweep_interval - seconds{4}), 0U);
    EXPECT_EQ(asked_within(seconds{8}), 1U);
}

TEST_F(Sweeping, AsksForWhatHasEndedByTheClockOfDay) {
    asked_within(sweep_interval + seconds{1});
    ASSERT_EQ(store.asked.size(), 1U);
    const Expire& asked = store.asked.front();
    EXPECT_EQ(asked.now - asked.queued_since, queue_age_max);
    EXPECT_LE(asked.now, shard.wall_now());
    EXPECT_GT(asked.now, shard.wall_now() - seconds{5});
}

TEST_F(Sweeping, GoesOnSoonWhileThereIsMore) {
    asked_within(sweep_interval + seconds{1});
    for (int i = 0; i < 3; ++i) {
        store.answer(Answer{Done{.changed = true}});
        EXPECT_EQ(asked_within(seconds{1}), 1U) << i;
    }
    store.answer(Answer{Done{.changed = false}});
    EXPECT_EQ(asked_within(minutes{1}), 0U);
}

TEST_F(Sweeping, AsksNoSecondTimeBeforeTheFirstIsAnswered) {
    EXPECT_EQ(asked_within(3 * sweep_interval), 1U);
}

TEST_F(Sweeping, LeavesAStoreThatFailsAloneUntilTheNextInterval) {
    asked_within(sweep_interval + seconds{1});
    store.answer(trouble(Trouble::no_answer));
    EXPECT_EQ(asked_within(minutes{1}), 0U);
    EXPECT_EQ(asked_within(sweep_interval), 1U);
}

TEST_F(Sweeping, AsksNothingOnceItHasStopped) {
    asked_within(sweep_interval + seconds{1});
    sweep.stop();
    store.answer(Answer{Done{.changed = true}});
    EXPECT_EQ(asked_within(2 * sweep_interval), 0U);
}

}  // namespace
}  // namespace parley::store
