#include <cerrno>
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

class ReceiveTest : public testing::Test {
protected:
    ~ReceiveTest() override { end(receiver); }
    void end(Receiver& which) {
        which.cancel();
        EXPECT_TRUE(run_until(*ring, [&which] { return which.ended(); }));
    }

    std::unique_ptr<Ring> ring = test::open_ring({});
    TcpPair pair = tcp_pair();
    Receiver receiver{*ring, pair.ours.number()};
};

TEST_F(ReceiveTest, HandsOverTheBytesThatArrived) {
    receiver.start();
    test::write_all(pair.theirs, "hello");
    ASSERT_TRUE(run_until(*ring, [this] { return !receiver.happened.empty(); }));
    EXPECT_EQ(receiver.bytes, "hello");
    EXPECT_EQ(receiver.happened[0].result, 5);
    EXPECT_EQ(receiver.happened[0].bytes, 5U);
}

TEST_F(ReceiveTest, GoesOnWithoutBeingAskedAgain) {
    receiver.start();
    std::string expected;
    for (int i = 0; i < 100; ++i) {
        const std::string piece = pattern(static_cast<std::size_t>(1 + i), 1);
        test::write_all(pair.theirs, piece);
        expected += piece;
        ASSERT_TRUE(run_until(*ring, [&] { return receiver.bytes.size() == expected.size(); }));
    }
    EXPECT_EQ(receiver.bytes, expected);
    for (const Happened& each : receiver.happened)
        EXPECT_TRUE(each.more);
}

TEST_F(ReceiveTest, OnceEndsWithTheFirstPiece) {
    ring->receive_once(receiver.operation, pair.ours.number());
    receiver.on_bytes = [this] { EXPECT_TRUE(receiver.ended()); };
    receiver.stay_ended();
    test::write_all(pair.theirs, pattern(10'000, 1));  // three buffers
    ASSERT_TRUE(run_until(*ring, [this] { return !receiver.happened.empty(); }));
    EXPECT_EQ(receiver.bytes, pattern(10'000, 1).substr(0, 4096));
    EXPECT_FALSE(receiver.happened[0].more);
    EXPECT_TRUE(receiver.ended());
}

TEST_F(ReceiveTest, TakesWhatWasThereBefore) {
    test::write_all(pair.theirs, "early");
    receiver.start();
    ASSERT_TRUE(run_until(*ring, [this] { return receiver.bytes.size() == 5; }));
    EXPECT_EQ(receiver.bytes, "early");
}

TEST_F(ReceiveTest, SplitsWhatIsLargerThanABuffer) {
    const std::string bytes = pattern(100'000, 2);
    receiver.start();
    test::write_all(pair.theirs, bytes);
    ASSERT_TRUE(run_until(*ring, [&] { return receiver.bytes.size() == bytes.size(); }));
    EXPECT_EQ(receiver.bytes, bytes);
    for (const Happened& each : receiver.happened)
        EXPECT_LE(each.bytes, 4096U);
}

TEST_F(ReceiveTest, EndsWithZeroAtTheEndOfTheStream) {
    receiver.start();
    test::write_all(pair.theirs, "bye");
    pair.theirs.close();
    ASSERT_TRUE(run_until(*ring, [this] { return receiver.ended(); }));
    EXPECT_EQ(receiver.bytes, "bye");
    EXPECT_EQ(receiver.happened.back().result, 0);
    EXPECT_FALSE(receiver.happened.back().more);
    EXPECT_EQ(receiver.happened.back().bytes, 0U);
}

TEST_F(ReceiveTest, EndsWithTheErrorOfABrokenConnection) {
    receiver.start();
    test::run_once(*ring);
    test::close_with_reset(pair.theirs);
    ASSERT_TRUE(run_until(*ring, [this] { return receiver.ended(); }));
    EXPECT_EQ(receiver.happened.back().result, -ECONNRESET);
    EXPECT_FALSE(receiver.happened.back().more);
}

TEST_F(ReceiveTest, EndsWithALastCompletionWhenCancelled) {
    receiver.start();
    test::run_once(*ring);
    receiver.cancel();
    EXPECT_FALSE(receiver.ended());  // not before its last completion
    ASSERT_TRUE(run_until(*ring, [this] { return receiver.ended(); }));
    ASSERT_EQ(receiver.happened.size(), 1U);
    EXPECT_EQ(receiver.happened[0].result, -ECANCELED);
    EXPECT_FALSE(receiver.happened[0].more);
}

TEST_F(ReceiveTest, CancellingWhatIsIdleDoesNothing) {
    receiver.cancel();
    test::run_once(*ring);
    EXPECT_TRUE(receiver.happened.empty());
    receiver.start();  // the cancel does not catch a later one
    test::write_all(pair.theirs, "still");
    ASSERT_TRUE(run_until(*ring, [this] { return receiver.bytes.size() == 5; }));
}

TEST_F(ReceiveTest, ACancelLosesNoBytes) {
    // What came in the same moment is either handed over or still in the socket.
    for (int i = 0; i < 50; ++i) {
        const std::string piece = pattern(1000, static_cast<std::uint64_t>(i));
        receiver.bytes.clear();
        receiver.start();
        if (i % 2 == 0) test::run_once(*ring);
        test::write_all(pair.theirs, piece);
        end(receiver);
        std::string rest;
        while (receiver.bytes.size() + rest.size() < piece.size()) {
            const std::size_t left = piece.size() - receiver.bytes.size() - rest.size();
            const std::string more = test::read_exactly(pair.ours, left);
            ASSERT_FALSE(more.empty());
            rest += more;
        }
        ASSERT_EQ(receiver.bytes + rest, piece);
    }
}

// An owner may go in the handler of its last completion.
struct Leaver {
    Leaver(Ring& ring, int socket, std::unique_ptr<Leaver>& self)
        : operation(Operation::Handler::to<&Leaver::on_received>(*this)), owner(self) {
        ring.receive(operation, socket);
    }
    void on_received(const Completion& completion) noexcept {
        if (!completion.more) owner.reset();
    }
    Operation operation;
    std::unique_ptr<Leaver>& owner;
};

TEST_F(ReceiveTest, AnOwnerMayGoWithItsLastCompletion) {
    std::unique_ptr<Leaver> leaver;
    leaver = std::make_unique<Leaver>(*ring, pair.ours.number(), leaver);
    test::write_all(pair.theirs, "last words");
    pair.theirs.close();
    EXPECT_TRUE(run_until(*ring, [&leaver] { return leaver == nullptr; }));
}

using ReceiveDeathTest = ReceiveTest;

TEST_F(ReceiveDeathTest, AnOwnerMustNotGoBefore) {
    EXPECT_DEATH(
        {
            Receiver gone(*ring, pair.ours.number());
            gone.start();
        },
        "in_flight_");
    EXPECT_DEATH(
        {
            receiver.start();
            receiver.start();
        },
        "in_flight_");
}

class FewBuffersTest : public testing::Test {
protected:
    static constexpr std::uint32_t buffer_count = 4;
    static constexpr std::uint32_t buffer_bytes = 256;

    void open(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            pairs.push_back(tcp_pair());
            receivers.push_back(std::make_unique<Receiver>(*ring, pairs[i].ours.number()));
            receivers[i]->start();
        }
    }
    ~FewBuffersTest() override {
        for (auto& each : receivers)
            each->cancel();
        for (auto& each : receivers)
            EXPECT_TRUE(run_until(*ring, [&] { return each->ended(); }));
    }

    std::unique_ptr<Ring> ring =
        test::open_ring({.receive_buffers = buffer_count, .receive_buffer_bytes = buffer_bytes});
    std::vector<TcpPair> pairs;
    std::vector<std::unique_ptr<Receiver>> receivers;
};

TEST_F(FewBuffersTest, AllOfManySocketsProgress) {
    constexpr std::size_t count = 1000;
    open(count);
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < count; ++i) {
        expected.push_back(pattern(5000, i));
        test::write_all(pairs[i].theirs, expected[i]);
    }
    const auto all_came = [&] {
        for (std::size_t i = 0; i < count; ++i) {
            if (receivers[i]->bytes.size() < expected[i].size()) return false;
        }
        return true;
    };
    ASSERT_TRUE(run_until(*ring, all_came));
    std::size_t shortages = 0;
    for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(receivers[i]->bytes, expected[i]) << "socket " << i;
        shortages += receivers[i]->shortages;
    }
    EXPECT_GT(shortages, 0U);
    EXPECT_EQ(ring->counters().buffer_shortages, shortages);
}

TEST_F(FewBuffersTest, NoBufferIsLostInAShortage) {
    open(20);
    for (int round = 0; round < 50; ++round) {
        for (TcpPair& pair : pairs)
            test::write_all(pair.theirs, pattern(600, 3));
        const auto all_came = [&] {
            for (auto& each : receivers) {
                if (each->bytes.size() < 600 * static_cast<std::size_t>(round + 1)) return false;
            }
            return true;
        };
        ASSERT_TRUE(run_until(*ring, all_came));
    }
    // One turn can still fill all of them.
    test::run_once(*ring);
    receivers[0]->happened.clear();
    test::write_all(pairs[0].theirs, pattern(buffer_count * buffer_bytes * 2, 4));
    const auto began = [&] { return !receivers[0]->happened.empty(); };
    ASSERT_TRUE(run_until(*ring, began));
    EXPECT_EQ(receivers[0]->happened.size(), buffer_count);
    for (const Happened& each : receivers[0]->happened)
        EXPECT_EQ(each.bytes, buffer_bytes);
}

}  // namespace
}  // namespace parley::ring
