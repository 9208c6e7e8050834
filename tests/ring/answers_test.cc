// A kernel that is interrupted, short of memory, or old: what the ring makes of its answers.
#include <gtest/gtest.h>
#include <liburing.h>
#include <string>
#include <vector>

#include "kernel_answers.h"
#include "operations.h"
#include "support/ring_loop.h"
#include "support/sockets.h"

namespace parley::ring {
namespace {

using test::pattern;
using test::run_until;

constexpr std::string_view no_filter = "no seccomp filter can be installed here";

// Says so much to itself over a connection, and returns what came out of it.
std::string echo(Ring& ring, int rounds) {
    test::TcpPair pair = test::tcp_pair();
    Receiver receiver{ring, pair.theirs.number()};
    Sender sender{ring, pair.ours.number()};
    sender.whole = true;
    receiver.start();
    std::size_t said = 0;
    for (int round = 0; round < rounds; ++round) {
        const std::string text = pattern(200, static_cast<std::uint64_t>(round));
        sender.send_now(text);
        said += text.size();
        EXPECT_TRUE(run_until(ring, [&] { return receiver.bytes.size() == said; }));
    }
    receiver.cancel();
    EXPECT_TRUE(run_until(ring, [&] { return receiver.ended() && sender.done(); }));
    return receiver.bytes;
}

std::string all_said(int rounds) {
    std::string all;
    for (int round = 0; round < rounds; ++round)
        all += pattern(200, static_cast<std::uint64_t>(round));
    return all;
}

struct Refused {
    std::string heard;
    int calls = 0;
    int refusals = 0;
};

// Of all calls of io_uring_enter, every `period`th is answered with `error`.
bool echo_with_refusals(int error, int period, int rounds, Refused& seen) {
    return run_with_answers(
        SYS_io_uring_enter,
        [&] {
            const auto ring = test::open_ring({});
            seen.heard = echo(*ring, rounds);
        },
        [&](const seccomp_data&) -> KernelAnswer {
            if (++seen.calls % period != 0) return {};
            ++seen.refusals;
            return {.go_on = false, .error = error};
        });
}

TEST(Enter, IsTriedAgainWhateverItIsRefusedFor) {
    constexpr int rounds = 300;
    for (const int error : {EINTR, EAGAIN, EBUSY}) {
        for (const int period : {2, 3, 7}) {
            Refused seen;
            if (!echo_with_refusals(error, period, rounds, seen)) GTEST_SKIP() << no_filter;
            EXPECT_EQ(seen.heard, all_said(rounds)) << error << ", every " << period;
            EXPECT_GT(seen.refusals, rounds / period);
            // Each refusal costs a try more, and waits of 2 ms end in vain now and then.
            EXPECT_LT(seen.calls, rounds * 20) << error << ", every " << period;
        }
    }
}

// For a tenth of a second the kernel has no memory: the loop must wait, not spin. It then has
// something to submit, or nothing but to wait.
TEST(Enter, IsNotCalledOnAndOnWhileTheKernelRefuses) {
    constexpr auto refusing = std::chrono::milliseconds{100};
    constexpr int calls_max = 1'000 * 2;  // one in 100 us, and as much for a coarse clock
    for (const int error : {EAGAIN, EBUSY}) {
        for (const bool submits : {true, false}) {
            int refusals = 0;
            std::atomic<bool> refuses{false};
            const auto body = [&] {
                const auto ring = test::open_ring({});
                test::TcpPair pair = test::tcp_pair();
                Receiver receiver{*ring, pair.theirs.number()};
                receiver.start();
                test::run_once(*ring);
                const Instant end = ring->now() + refusing;
                std::jthread resumes{[&refuses, &ring, end] {
                    while (ring->now() < end)
                        std::this_thread::sleep_for(std::chrono::milliseconds{1});
                    refuses = false;
                }};
                refuses = true;
                Sender sender{*ring, pair.ours.number()};
                if (submits) sender.send_now("x");
                while (ring->now() < end) {
                    ring->wait(end);
                    ring->dispatch();
                }
                if (!submits) sender.send_now("x");
                EXPECT_TRUE(run_until(*ring, [&] { return receiver.bytes == "x"; }));
                receiver.cancel();
                EXPECT_TRUE(run_until(*ring, [&] { return receiver.ended(); }));
            };
            const bool ran = run_with_answers(SYS_io_uring_enter, body,
                                              [&](const seccomp_data&) -> KernelAnswer {
                                                  if (!refuses) return {};
                                                  ++refusals;
                                                  return {.go_on = false, .error = error};
                                              });
            if (!ran) GTEST_SKIP() << no_filter;
            EXPECT_GT(refusals, 0);
            EXPECT_LT(refusals, calls_max) << error << (submits ? ", submitting" : ", waiting");
        }
    }
}

// As a kernel answers that knows all operations but one.
std::string opened_without(int operation) {
    std::string error;
    const bool ran = run_with_answers(
        SYS_io_uring_register, [&error] { EXPECT_EQ(Ring::open({}, error), nullptr); },
        [operation](const seccomp_data& call) -> KernelAnswer {
            constexpr unsigned index_flag = 1U << 31;  // the ring is named by its registered place
            if ((call.args[1] & ~std::uint64_t{index_flag}) != IORING_REGISTER_PROBE) return {};
            // NOLINTNEXTLINE(performance-no-int-to-ptr): the call's own argument, in this process
            auto* probe = reinterpret_cast<io_uring_probe*>(call.args[2]);
            probe->last_op = IORING_OP_LAST - 1;
            probe->ops_len = IORING_OP_LAST;
            for (int i = 0; i < IORING_OP_LAST; ++i) {
                probe->ops[i].op = static_cast<std::uint8_t>(i);
                probe->ops[i].flags = i == operation ? 0 : IO_URING_OP_SUPPORTED;
            }
            return {.go_on = false};
        });
    return ran ? error : std::string{no_filter};
}

TEST(Probe, FindsAnOperationThatTheKernelDoesNotKnowBeforeTheFirstConnection) {
    struct Case {
        int operation;
        std::string_view name;
    };
    for (const Case& each : {Case{IORING_OP_ACCEPT, "accept"}, Case{IORING_OP_RECV, "receive"},
                             Case{IORING_OP_SEND, "send"}, Case{IORING_OP_ASYNC_CANCEL, "cancel"},
                             Case{IORING_OP_POLL_ADD, "poll"}, Case{IORING_OP_WRITE, "write"},
                             Case{IORING_OP_CLOSE, "close"}, Case{IORING_OP_SHUTDOWN, "shutdown"},
                             Case{IORING_OP_TIMEOUT, "timeout"}}) {
        const std::string said = opened_without(each.operation);
        if (said == no_filter) GTEST_SKIP() << no_filter;
        EXPECT_EQ(said, "this kernel's io_uring cannot " + std::string{each.name} +
                            ": run Linux 6.1 or newer");
    }
}

TEST(Probe, SaysThatAKernelWithoutBufferRingsIsTooOld) {
    std::string error;
    const bool ran = run_with_answers(
        SYS_io_uring_register, [&error] { EXPECT_EQ(Ring::open({}, error), nullptr); },
        [](const seccomp_data& call) -> KernelAnswer {
            if ((call.args[1] & 0xff) != IORING_REGISTER_PBUF_RING) return {};
            return {.go_on = false, .error = EINVAL};
        });
    if (!ran) GTEST_SKIP() << no_filter;
    EXPECT_EQ(error, "this kernel's io_uring is too old: run Linux 6.1 or newer");
}

}  // namespace
}  // namespace parley::ring
