#include "net/tls_handshakes.h"

#include <deque>
#include <gtest/gtest.h>
#include <thread>

#include "net/limits.h"
#include "support/one_shard.h"

namespace parley::net::tls {
namespace {

struct Caller {
    explicit Caller(Handshakes& all)
        : place(all, Handshakes::Place::Call::to<&Caller::step>(*this),
                Handshakes::Place::Call::to<&Caller::give_way>(*this)) {}

    void step() {
        ++steps;
        if (takes > Duration::zero()) std::this_thread::sleep_for(takes);
    }

    void give_way() { ++times_given_way; }

    Handshakes::Place place;
    int steps = 0;
    int times_given_way = 0;
    Duration takes{};
};

class HandshakesTest : public testing::Test {
protected:
    Caller& come() {
        Caller& caller = callers.emplace_back(handshakes);
        caller.place.ask();
        return caller;
    }
    int steps() const {
        int sum = 0;
        for (const Caller& each : callers)
            sum += each.steps;
        return sum;
    }

    test::OneShard one{{}};
    Handshakes handshakes{one.shard};
    std::deque<Caller> callers;
};

TEST_F(HandshakesTest, OneStepForEachAsking) {
    Caller& caller = come();
    caller.place.ask();
    handshakes.run();
    EXPECT_EQ(caller.steps, 1);
    handshakes.run();
    EXPECT_EQ(caller.steps, 1);
    caller.place.ask();
    handshakes.run();
    EXPECT_EQ(caller.steps, 2);
    EXPECT_EQ(handshakes.under_way(), 1U);
    caller.place.finish();
    EXPECT_EQ(handshakes.under_way(), 0U);
}

TEST_F(HandshakesTest, ATurnDoesNoMoreThanItsShareOfWork) {
    for (int i = 0; i < 10; ++i)
        come().takes = handshake_work_max;
    handshakes.run();
    EXPECT_EQ(steps(), 1);
    handshakes.run();
    EXPECT_EQ(steps(), 2);
    // What is left does not wait for the next event.
    const Instant before = one.shard.ring().now();
    one.shard.turn(before + test::patience_max);
    EXPECT_LT(one.shard.ring().now() - before, test::patience_max);
}

// A storm makes those of the storm wait.
TEST_F(HandshakesTest, TheNewestBeginsFirst) {
    for (int i = 0; i < 10; ++i)
        come().takes = handshake_work_max;
    handshakes.run();
    EXPECT_EQ(callers.back().steps, 1);
    Caller& later = come();
    handshakes.run();
    EXPECT_EQ(later.steps, 1);
    EXPECT_EQ(callers.front().steps, 0);
}

// Who has begun is served before who comes: a half-done handshake costs memory.
TEST_F(HandshakesTest, WhoHasBegunGoesOnInTurn) {
    Caller& first = come();
    Caller& second = come();
    handshakes.run();
    for (Caller* each : {&first, &second}) {
        each->takes = handshake_work_max;
        each->place.ask();
    }
    come();
    handshakes.run();
    EXPECT_EQ(first.steps, 2);
    EXPECT_EQ(second.steps, 1);
    EXPECT_EQ(callers.back().steps, 0);
}

TEST_F(HandshakesTest, NoMoreThanItsBoundHaveBegun) {
    for (std::size_t i = 0; i <= handshakes_max; ++i)
        come();
    while (steps() < static_cast<int>(handshakes_max))
        handshakes.run();
    handshakes.run();
    EXPECT_EQ(steps(), static_cast<int>(handshakes_max));
    EXPECT_EQ(handshakes.under_way(), handshakes_max);
    EXPECT_EQ(callers.front().steps, 0);
    // Those that have begun go on.
    callers.back().place.ask();
    handshakes.run();
    EXPECT_EQ(callers.back().steps, 2);
    callers.back().place.finish();
    handshakes.run();
    EXPECT_EQ(callers.front().steps, 1);
}

TEST_F(HandshakesTest, TheOldestGivesWayOnceItHasHadItsTime) {
    for (std::size_t i = 0; i < handshakes_max; ++i)
        come();
    while (steps() < static_cast<int>(handshakes_max))
        handshakes.run();
    Caller& later = come();
    Caller& late = come();
    const Instant before = one.shard.now();
    handshakes.run();
    EXPECT_EQ(late.steps, 0);
    // Nothing else happens: the shard wakes up for it.
    while (late.steps == 0 && one.shard.now() < before + test::patience_max) {
        one.shard.turn(before + test::patience_max);
        handshakes.run();
    }
    EXPECT_GE(one.shard.now() - before, handshake_patience);
    EXPECT_LT(one.shard.now() - before, test::patience_max);
    EXPECT_EQ(callers[handshakes_max - 1].times_given_way, 1);  // which began first
    while (later.steps == 0 && one.shard.ring().now() < before + test::patience_max)
        handshakes.run();
    EXPECT_EQ(callers[handshakes_max - 2].times_given_way, 1);
    EXPECT_EQ(handshakes.under_way(), handshakes_max);
    EXPECT_EQ(callers[handshakes_max - 3].times_given_way, 0);
}

TEST_F(HandshakesTest, WhoLeavesTheLineFreesItsPlace) {
    {
        Caller gone{handshakes};
        gone.place.ask();
        handshakes.run();
        EXPECT_EQ(handshakes.under_way(), 1U);
        gone.place.ask();
    }
    EXPECT_EQ(handshakes.under_way(), 0U);
    handshakes.run();
}

}  // namespace
}  // namespace parley::net::tls
