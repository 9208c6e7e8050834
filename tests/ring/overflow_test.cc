// The completion queue overflows when a loop stalls with many sockets ready. The kernel keeps what
// does not fit: the ring must fetch it, and start again what the kernel ended meanwhile.
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "operations.h"
#include "support/ring_loop.h"
#include "support/sockets.h"

namespace parley::ring {
namespace {

using test::pattern;
using test::run_until;
using test::tcp_pair;
using test::TcpPair;

class OverflowTest : public testing::Test {
protected:
    static constexpr std::size_t count = 400;
    static constexpr std::size_t buffer_bytes = 64;
    // Each socket alone has more completions waiting than a few of them find room for.
    static constexpr std::size_t burst_bytes = 15 * buffer_bytes + 1;

    OverflowTest() {
        for (std::size_t i = 0; i < count; ++i) {
            pairs.push_back(tcp_pair());
            receivers.push_back(std::make_unique<Receiver>(*ring, pairs[i].ours.number()));
            receivers[i]->start();
        }
        test::run_once(*ring);
    }
    ~OverflowTest() override {
        for (auto& each : receivers)
            each->cancel();
        for (auto& each : receivers)
            EXPECT_TRUE(run_until(*ring, [&] { return each->ended(); }));
    }
    bool all_have(std::size_t size) {
        for (auto& each : receivers) {
            if (each->bytes.size() < size) return false;
        }
        return true;
    }

    // Buffers for all of it, so that the completion queue is what runs out.
    std::unique_ptr<Ring> ring = test::open_ring({.submissions = 32,
                                                  .completions = 64,
                                                  .receive_buffers = 8192,
                                                  .receive_buffer_bytes = buffer_bytes});
    std::vector<TcpPair> pairs;
    std::vector<std::unique_ptr<Receiver>> receivers;
};

TEST_F(OverflowTest, LosesNothingOfAStalledLoopsBacklog) {
    // The loop stands still while every socket becomes ready, again and again.
    for (std::size_t round = 0; round < 5; ++round) {
        for (std::size_t i = 0; i < count; ++i) {
            test::write_all(pairs[i].theirs, pattern(burst_bytes, round * count + i));
        }
        ASSERT_TRUE(run_until(*ring, [&] { return all_have(burst_bytes * (round + 1)); }));
    }
    EXPECT_GT(ring->counters().overflows, 0U);
    for (std::size_t i = 0; i < count; ++i) {
        std::string expected;
        for (std::size_t round = 0; round < 5; ++round) {
            expected += pattern(burst_bytes, round * count + i);
        }
        ASSERT_EQ(receivers[i]->bytes, expected) << "socket " << i;
        EXPECT_FALSE(receivers[i]->ended());
    }
}

TEST_F(OverflowTest, AFailedSendAmongThemIsNotTakenForASuccess) {
    std::vector<std::unique_ptr<Sender>> senders;
    for (std::size_t i = 0; i < count; ++i) {
        // A third of the sends fail, while every socket has something to receive.
        if (i % 3 == 0) {
            test::close_with_reset(pairs[i].theirs);
        } else {
            test::write_all(pairs[i].theirs, pattern(burst_bytes, i));
        }
        senders.push_back(std::make_unique<Sender>(*ring, pairs[i].ours.number()));
    }
    for (auto& each : senders)
        each->send_now("twelve bytes");
    test::run_once(*ring);
    for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(senders[i]->results.size(), 1U) << i;
        if (i % 3 == 0) {
            EXPECT_LT(senders[i]->results[0], 0) << i;
        } else {
            EXPECT_EQ(senders[i]->results[0], 12) << i;
        }
    }
    EXPECT_GT(ring->counters().overflows, 0U);
}

TEST_F(OverflowTest, AWakeUpAmongThemIsNotLost) {
    for (int round = 0; round < 20; ++round) {
        for (TcpPair& pair : pairs)
            test::write_all(pair.theirs, "x");
        ring->waker().wake();
        ASSERT_TRUE(
            run_until(*ring, [&] { return all_have(static_cast<std::size_t>(round) + 1); }));
        // Whatever became of the watch on the event meanwhile, it works on.
        ring->waker().wake();
        const Instant deadline = ring->now() + test::patience_max;
        ring->wait(deadline);
        ring->dispatch();
        ASSERT_LT(ring->now(), deadline);
    }
}

}  // namespace
}  // namespace parley::ring
