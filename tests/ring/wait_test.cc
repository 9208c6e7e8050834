#include <atomic>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "operations.h"
#include "support/ring_loop.h"
#include "support/sockets.h"

namespace parley::ring {
namespace {

using std::chrono::milliseconds;
using test::run_once;

// A wait until then has been ended by something else, on however slow a machine.
constexpr Duration far = test::patience_max;

class WaitTest : public testing::Test {
protected:
    // True if the ring's next wait was ended before its deadline, which is far.
    static bool wait_is_ended(Ring& which) {
        const Instant deadline = which.now() + far;
        which.wait(deadline);
        which.dispatch();
        return which.now() < deadline;
    }
    // True if the next wait lasts until its deadline.
    static bool wait_lasts(Ring& which) {
        const Instant deadline = which.now() + milliseconds{20};
        which.wait(deadline);
        which.dispatch();
        return which.now() >= deadline;
    }

    std::unique_ptr<Ring> ring = test::open_ring({});
};

TEST_F(WaitTest, EndsAtItsDeadlineAndNotBefore) {
    run_once(*ring);
    for (const int ms : {1, 2, 5, 20, 50}) {
        const Instant deadline = ring->now() + milliseconds{ms};
        ring->wait(deadline);
        const Duration late = ring->now() - deadline;
        EXPECT_GE(late, Duration::zero()) << ms;
        EXPECT_LT(late, far) << ms;
        ring->dispatch();
    }
}

TEST_F(WaitTest, DoesNotSleepTowardsADeadlineThatHasPassed) {
    const Instant began = ring->now();
    for (int i = 0; i < 100; ++i)
        run_once(*ring);
    ring->wait(ring->now());
    ring->dispatch();
    EXPECT_LT(ring->now() - began, far);
}

TEST_F(WaitTest, IsEndedByWhatCompletes) {
    test::TcpPair pair = test::tcp_pair();
    Receiver receiver{*ring, pair.ours.number()};
    receiver.start();
    run_once(*ring);
    test::write_all(pair.theirs, "x");
    EXPECT_TRUE(wait_is_ended(*ring));
    EXPECT_EQ(receiver.bytes, "x");
    pair.theirs.close();
    EXPECT_TRUE(wait_is_ended(*ring));
    EXPECT_TRUE(receiver.ended());
}

TEST_F(WaitTest, IsEndedByAnotherRing) {
    const auto other = test::open_ring({});
    run_once(*other);
    for (int i = 0; i < 100; ++i) {
        ring->wake(other->waker());
        run_once(*ring);
        ASSERT_TRUE(wait_is_ended(*other)) << i;
    }
    EXPECT_TRUE(wait_lasts(*other));  // one wake-up ends one wait
}

TEST_F(WaitTest, WakingAnotherRingCostsNoSystemCallOfItsOwn) {
    const auto other = test::open_ring({});
    run_once(*other);
    run_once(*ring);
    const std::uint64_t before = ring->counters().system_calls;
    ring->wake(other->waker());
    EXPECT_EQ(ring->counters().system_calls, before);
    run_once(*ring);
    EXPECT_EQ(ring->counters().system_calls, before + 1);
    EXPECT_TRUE(wait_is_ended(*other));
}

TEST_F(WaitTest, IsEndedByAWakerOfTheSameThread) {
    for (int i = 0; i < 100; ++i) {
        ring->waker().wake();
        ASSERT_TRUE(wait_is_ended(*ring)) << i;
    }
    EXPECT_TRUE(wait_lasts(*ring));
}

TEST_F(WaitTest, IsEndedByAWakerOfAnotherThread) {
    const Waker waker = ring->waker();
    constexpr int rounds = 500;
    std::atomic<int> asked{0};
    // The other thread wakes somewhere around the beginning of each sleep.
    std::thread other{[&] {
        for (int i = 1; i <= rounds; ++i) {
            while (asked.load(std::memory_order_acquire) < i)
                std::this_thread::yield();
            for (int spin = 0; spin < i * 20; ++spin)
                asked.load(std::memory_order_relaxed);
            waker.wake();
        }
    }};
    int ended = 0;
    for (int i = 1; i <= rounds; ++i) {
        asked.store(i, std::memory_order_release);
        if (wait_is_ended(*ring)) ++ended;
    }
    other.join();
    EXPECT_EQ(ended, rounds);
}

TEST_F(WaitTest, WakeUpsBeforeOneWaitAreOne) {
    for (int i = 0; i < 1000; ++i)
        ring->waker().wake();
    EXPECT_TRUE(wait_is_ended(*ring));
    EXPECT_TRUE(wait_lasts(*ring));
}

TEST_F(WaitTest, AWakerOfNoRingDoesNothing) {
    Waker{}.wake();
    EXPECT_EQ(Waker{}.handle(), -1);
    EXPECT_TRUE(wait_lasts(*ring));
}

TEST_F(WaitTest, AKeptWakerWakesLikeTheOneItWasMadeFrom) {
    const KeptWaker kept{ring->waker()};
    EXPECT_NE(kept.waker().handle(), ring->waker().handle());
    for (int i = 0; i < 10; ++i) {
        kept.waker().wake();
        ASSERT_TRUE(wait_is_ended(*ring)) << i;
    }
    EXPECT_TRUE(wait_lasts(*ring));
}

TEST_F(WaitTest, AKeptWakerOutlivesItsRingAndHitsNobodyElse) {
    KeptWaker kept{ring->waker()};
    ring.reset();
    // Whatever takes the ring's numbers now must not be written to.
    const test::TcpPair pair = test::tcp_pair();
    const test::TcpPair another = test::tcp_pair();
    kept.waker().wake();
    KeptWaker moved = std::move(kept);
    moved.waker().wake();
    EXPECT_EQ(kept.waker().handle(), -1);  // NOLINT(bugprone-use-after-move): that is asked
    for (const test::TcpPair* each : {&pair, &another}) {
        std::string got;
        EXPECT_EQ(test::read_waiting(each->ours, got), test::Stream::open);
        EXPECT_EQ(test::read_waiting(each->theirs, got), test::Stream::open);
        EXPECT_EQ(got, "");
    }
}

TEST_F(WaitTest, TimesDoNotStepBack) {
    Instant last = ring->now();
    for (int i = 0; i < 1000; ++i) {
        const Instant now = ring->now();
        ASSERT_GE(now, last);
        last = now;
    }
    EXPECT_GT(ring->wall_now(), WallTime{std::chrono::hours{24 * 365 * 50}});  // after 2019
}

}  // namespace
}  // namespace parley::ring
