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
        ASSERT_EQ(senders[i]->results.size(), i % 3 == 0 ? 1U : 0U) << i;
        if (!senders[i]->results.empty()) {
            EXPECT_LT(senders[i]->results[0], 0) << i;
        }
    }
    EXPECT_GT(ring->counters().overflows, 0U);
}

// The kernel ends a watch whose completion finds the queue full, like any other operation.
TEST_F(OverflowTest, AWakeUpAmongThemIsNotLost) {
    for (std::size_t round = 1; round <= 10; ++round) {
        for (std::size_t i = 0; i < count; ++i) {
            if (i == 10) ring->waker().wake();  // by then the queue is full
            test::write_all(pairs[i].theirs, pattern(burst_bytes, i));
        }
        ASSERT_TRUE(run_until(*ring, [&] { return all_have(burst_bytes * round); }));
        // Whatever became of the watch meanwhile, it works on.
        test::run_once(*ring);
        ring->waker().wake();
        const Instant deadline = ring->now() + test::patience_max;
        ring->wait(deadline);
        ring->dispatch();
        ASSERT_LT(ring->now(), deadline);
    }
}

// As many at once as a busy server has. Adopted, so that a limit of 20,000 descriptors is enough.
TEST(ManySocketsOverflow, LosesNothingOfTenThousandReadySockets) {
    constexpr std::size_t count = 10'000;
    constexpr std::uint32_t buffer_bytes = 64;
    constexpr std::size_t burst_bytes = 15 * buffer_bytes + 1;  // see OverflowTest
    const auto ring = test::open_ring({.submissions = 32,
                                       .completions = 64,
                                       .receive_buffers = 32'768,
                                       .receive_buffer_bytes = buffer_bytes});
    std::vector<test::Descriptor> theirs;
    std::vector<int> ours;
    std::vector<std::unique_ptr<Receiver>> receivers;
    std::size_t whole = 0;
    for (std::size_t i = 0; i < count; ++i) {
        TcpPair pair = tcp_pair();
        theirs.push_back(std::move(pair.theirs));
        ours.push_back(ring->adopt(pair.ours.release()));
        receivers.push_back(std::make_unique<Receiver>(*ring, ours[i]));
        receivers[i]->on_bytes = [&whole, &each = *receivers[i]] {
            whole += each.bytes.size() == burst_bytes ? 1 : 0;
        };
        receivers[i]->start();
    }
    test::run_once(*ring);
    for (std::size_t i = 0; i < count; ++i)  // the loop stands still meanwhile
        test::write_all(theirs[i], pattern(burst_bytes, i));
    ASSERT_TRUE(run_until(*ring, [&] { return whole == count; }));
    EXPECT_GT(ring->counters().overflows, 0U);
    for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(receivers[i]->bytes, pattern(burst_bytes, i)) << i;
        receivers[i]->cancel();
    }
    for (std::size_t i = 0; i < count; ++i) {
        ASSERT_TRUE(run_until(*ring, [&] { return receivers[i]->ended(); }));
        ring->close(ours[i]);
    }
    test::run_once(*ring);
}

}  // namespace
}  // namespace parley::ring
