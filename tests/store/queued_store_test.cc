// What a shard hears of a database that is slow, stands still or fails. Everything happens in the
// test's thread, and time is simulated: the database works when the test says so.
#include "store/queued_store.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "held_database.h"
#include "recorder.h"
#include "sim/world.h"

namespace parley::store {
namespace {

using std::chrono::milliseconds;
using Strings = std::vector<std::string>;

constexpr Error disk_full{Error::Domain::sqlite, 13};

class Queued : public testing::Test {
protected:
    Queued() { shard.turn(Instant::min()); }

    static std::unique_ptr<ring::Ring> open_ring() {
        std::string error;
        return ring::Ring::open({}, error);
    }
    void ask(const std::string& user) {
        store->ask(recorder, Ticket{asked++}, AddMember{user, "fire"});
    }
    // Lets that much time pass, and what is due happen. In steps: a shard's time stands still while
    // it is not turned.
    void pass(Duration time) {
        constexpr Duration step_max = milliseconds{100};
        while (time > Duration::zero()) {
            const Duration step = std::min(time, step_max);
            world.jump(step);
            turn();
            time -= step;
        }
    }
    void turn() { shard.turn(Instant::min()); }
    // The database works, and its answers are heard.
    void work() {
        queue.work();
        turn();
    }
    std::size_t heard() const { return recorder.heard.size(); }
    // Why the question with this ticket failed; nothing if it did not.
    std::optional<Error> error_of(std::uint64_t ticket) {
        for (const auto& each : recorder.heard) {
            if (each.ticket != Ticket{ticket}) continue;
            if (each.answer) return {};
            return each.answer.error();
        }
        ADD_FAILURE() << "no answer to " << ticket;
        return {};
    }

    sim::World world{1, sim::Faults::none()};
    Fabric fabric{{.shards = 1, .hash_key = {}}};
    Shard shard{ShardId{0}, fabric, open_ring(), {}};
    Hold hold;
    Recorder recorder;
    std::uint64_t asked = 0;
    DatabaseQueue queue{std::make_unique<HeldDatabase>(hold)};
    std::unique_ptr<QueuedStore> store = std::make_unique<QueuedStore>(shard, queue);
};

TEST_F(Queued, AnswersAfterTheCommitAndNotBefore) {
    hold.during_commit = [this] {
        turn();
        EXPECT_EQ(heard(), 0U);
    };
    ask("ann");
    work();
    EXPECT_EQ(error_of(0), std::nullopt);
    EXPECT_EQ(hold.kept, Strings{"ann"});
}

TEST_F(Queued, CommitsTogetherWhatWaitsTogether) {
    for (const char* user : {"ann", "bob", "cid"})
        ask(user);
    work();
    EXPECT_EQ(hold.commits, std::vector<std::size_t>{3});
    EXPECT_EQ(heard(), 3U);
}

TEST_F(Queued, AFailureOfOneIsNotTheOthersLoss) {
    hold.bad_user = "bob";
    for (const char* user : {"ann", "bob", "cid"})
        ask(user);
    work();
    EXPECT_EQ(error_of(0), std::nullopt);
    EXPECT_EQ(error_of(1), HeldDatabase::failure);
    EXPECT_EQ(error_of(2), std::nullopt);
    EXPECT_EQ(hold.kept, (Strings{"ann", "cid"}));
}

TEST_F(Queued, SaysNotStoredWhenTheDiskIsFullAndStoresAgainWhenItIsNot) {
    hold.commit_error = disk_full;
    ask("ann");
    ask("bob");
    work();
    EXPECT_EQ(error_of(0), disk_full);
    EXPECT_EQ(error_of(1), disk_full);
    EXPECT_TRUE(hold.kept.empty());
    EXPECT_EQ(store->state(), StoreState::down);
    EXPECT_EQ(store->why_down(), "database or disk is full");
    hold.commit_error.reset();
    ask("ann");
    work();
    EXPECT_EQ(error_of(2), std::nullopt);
    EXPECT_EQ(store->state(), StoreState::healthy);
    EXPECT_EQ(store->counters().failed, 2U);
}

TEST_F(Queued, AFileThatAnotherHoldsFailsAllAtOnce) {
    hold.begin_error = Error{Error::Domain::sqlite, 5};
    ask("ann");
    ask("bob");
    work();
    EXPECT_EQ(error_of(0), *hold.begin_error);
    EXPECT_EQ(error_of(1), *hold.begin_error);
}

TEST_F(Queued, WhatWaitedTooLongIsAnsweredAndNeverCarriedOut) {
    ask("ann");
    pass(answer_max - milliseconds{1});
    EXPECT_EQ(heard(), 0U);
    pass(milliseconds{2});
    EXPECT_EQ(error_of(0), trouble(Trouble::too_late));
    EXPECT_EQ(store->state(), StoreState::down);
    EXPECT_EQ(store->why_down(), "it does not answer in time");
    work();
    EXPECT_EQ(heard(), 1U);
    EXPECT_TRUE(hold.kept.empty());
}

TEST_F(Queued, WhatIsBeingCarriedOutMayBeDoneThoughNoAnswerCame) {
    hold.during_commit = [this] {
        pass(answer_max + milliseconds{1});
        EXPECT_EQ(error_of(0), trouble(Trouble::no_answer));
    };
    ask("ann");
    work();
    EXPECT_EQ(heard(), 1U);  // and not once more when it came
    EXPECT_EQ(hold.kept, Strings{"ann"});
    EXPECT_EQ(store->state(), StoreState::healthy);
}

TEST_F(Queued, EachIsToldWhenItsOwnTimeIsOver) {
    ask("ann");
    pass(std::chrono::seconds{1});
    ask("bob");
    pass(answer_max - std::chrono::seconds{1});
    EXPECT_EQ(heard(), 1U);
    pass(std::chrono::seconds{1});
    EXPECT_EQ(heard(), 2U);
    work();
    ask("cid");
    work();
    EXPECT_EQ(error_of(2), std::nullopt);
    EXPECT_EQ(store->counters().late, 2U);
}

TEST_F(Queued, CountsAsSlowBeforeItCountsAsDown) {
    ask("ann");
    EXPECT_EQ(store->state(), StoreState::healthy);
    pass(slow_from + milliseconds{1});
    EXPECT_EQ(store->state(), StoreState::slow);
    work();
    EXPECT_EQ(store->state(), StoreState::healthy);
    EXPECT_GE(store->latency()->max(), 250'000U);
}

TEST_F(Queued, RefusesBeyondItsNumberAtOnceAndTakesMoreOnceThereIsRoom) {
    for (std::size_t i = 0; i <= outbox_questions_max; ++i)
        ask("ann");
    EXPECT_EQ(error_of(outbox_questions_max), limit_error(Limit::outbox));
    EXPECT_EQ(heard(), 1U);
    EXPECT_EQ(store->counters().refused, 1U);
    EXPECT_EQ(store->counters().waiting, outbox_questions_max);
    work();
    EXPECT_EQ(heard(), asked);
    EXPECT_EQ(store->counters().waiting, 0U);
    EXPECT_EQ(store->counters().waiting_bytes, 0U);
    ask("ann");
    work();
    EXPECT_EQ(error_of(asked - 1), std::nullopt);
}

TEST_F(Queued, RefusesBeyondItsBytes) {
    const std::string body(body_size_max, 'x');
    const std::size_t room = outbox_bytes_max / body_size_max;
    for (std::size_t i = 0; i <= room; ++i) {
        store->ask(recorder, Ticket{asked++},
                   Enqueue{.user = "ann", .kind = "note", .body = body, .at = {}});
    }
    EXPECT_EQ(error_of(room), limit_error(Limit::outbox));
    EXPECT_LE(store->counters().waiting_bytes, outbox_bytes_max);
    // Who was told gives its room back only when the database has let go of it.
    pass(answer_max + milliseconds{1});
    EXPECT_EQ(heard(), asked);
    EXPECT_EQ(store->counters().waiting, room);
    work();
    EXPECT_EQ(store->counters().waiting_bytes, 0U);
}

TEST_F(Queued, AnswersNobodyOnceItHasEnded) {
    ask("ann");
    queue.work();
    store.reset();
    turn();
    EXPECT_EQ(heard(), 0U);
    EXPECT_EQ(hold.kept, Strings{"ann"});
}

}  // namespace
}  // namespace parley::store
