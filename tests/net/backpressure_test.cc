// Peers that do not read, or read too slowly: what they lose, what they are told, and when they
// are no longer read themselves.
#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <sys/socket.h>

#include "net/connection.h"
#include "peer.h"
#include "ring/socket.h"

namespace parley::net {
namespace {

using std::chrono::milliseconds;

constexpr Delivery words = Delivery::lasting;

class SlowReaderTest : public ConnectionTest {
protected:
    explicit SlowReaderTest(milliseconds stall_max = milliseconds{100})
        : ConnectionTest({.lasting_bytes_max = 100'000,
                          .stall_max = stall_max,
                          .linger_max = milliseconds{300}}) {
        owner.last_words = "too slow";
    }
    // The peer takes what has arrived, and leaves the rest in the kernel.
    void read_up_to(std::string& got, std::size_t size) {
        const std::size_t before = got.size();
        got.resize(size);
        const ssize_t count =
            recv(pair.theirs.number(), got.data() + before, size - before, MSG_DONTWAIT);
        got.resize(before + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    }
    // All that the peer reads until the stream ends.
    std::string read_all(Stream& stream) {
        std::string got;
        EXPECT_TRUE(one.run_until([&] {
            stream = test::read_waiting(pair.theirs, got);
            return stream != Stream::open;
        }));
        return got;
    }
};

TEST_F(SlowReaderTest, IsToldBehindWhatWasOnItsWayAndNothingComesBetween) {
    std::string sent = fill();
    const std::string waiting(40'000, 'w');  // never sent
    while (one.net.slow_consumers == 0)
        send(waiting, words);
    send("after the decision", words);
    EXPECT_EQ(owner.too_slow, 0);  // never in the middle of a call
    ASSERT_TRUE(one.run_until([this] { return owner.too_slow > 0; }));
    send("after the word", words);
    Stream stream{};
    const std::string got = read_all(stream);
    EXPECT_EQ(stream, Stream::ended);
    ASSERT_GE(got.size(), owner.last_words.size());
    const std::size_t end = got.size() - owner.last_words.size();
    EXPECT_EQ(got.substr(end), owner.last_words);
    // Whole sends: what had begun, and none of what was dropped.
    EXPECT_EQ(got.substr(0, end), sent.substr(0, end));
    EXPECT_EQ(end % 50'000, 0U);
    EXPECT_EQ(one.net.slow_consumers, 1U);
}

TEST_F(SlowReaderTest, MayLetLessWaitWhileMemoryIsShort) {
    fill();
    one.net.pressed = true;
    ASSERT_GT(owner.connection->queued_bytes(), 100'000 / pressed_divisor);
    send("w", words);
    EXPECT_EQ(one.net.slow_consumers, 1U);
    ASSERT_TRUE(one.run_until([this] { return owner.too_slow > 0; }));
}

TEST_F(SlowReaderTest, IsResetIfItDoesNotReadTheWordInTime) {
    fill();
    while (one.net.slow_consumers == 0)
        send(std::string(40'000, 'w'), words);
    const Instant began = one.shard.now();
    EXPECT_TRUE(gone());
    EXPECT_GE(one.shard.now() - began, milliseconds{300});
    std::string got;
    ASSERT_TRUE(
        one.run_until([&] { return test::read_waiting(pair.theirs, got) == Stream::broken; }));
}

TEST_F(SlowReaderTest, IsFoundWhenNothingGoesOutForTooLong) {
    fill();
    const Instant began = one.shard.now();
    ASSERT_TRUE(one.run_until([this] { return owner.too_slow > 0; }));
    EXPECT_GE(one.shard.now() - began, milliseconds{100});
}

class ReaderWithPausesTest : public SlowReaderTest {
protected:
    // Long beside a pause: a machine that gives the test no time is not a reader who stands still.
    ReaderWithPausesTest() : SlowReaderTest(milliseconds{1000}) {}
};

TEST_F(ReaderWithPausesTest, IsKeptWhileSomethingGoesOutAndLosesNothing) {
    // One send that takes twice as long as one may stand still.
    const std::string sent = pattern(std::size_t{24} << 20, 1);
    send(sent, words);
    std::string got;
    for (int i = 0; i < 10; ++i) {
        const std::size_t wanted = got.size() + sent.size() / 12;
        ASSERT_TRUE(one.run_until([&] {
            read_up_to(got, wanted);
            return got.size() == wanted;
        }));
        const Instant until = one.shard.now() + milliseconds{200};
        ASSERT_TRUE(one.run_until([&] { return one.shard.now() >= until; }));
    }
    EXPECT_EQ(owner.too_slow, 0);
    ASSERT_TRUE(peer_reads(got, sent.size()));
    EXPECT_TRUE(got == sent);
}

// Answers each eight bytes, a question hardly larger than the smallest of a frame, with a kilobyte.
class Answering final : public Connection::Owner {
public:
    Answering(Shared& shared, int descriptor)
        : shared_(shared), connection(std::make_unique<Connection>(shared, descriptor, *this)) {}

    Shared& shared_;
    std::unique_ptr<Connection> connection;
    std::size_t received = 0;
    int ends = 0;

private:
    void on_received(std::span<std::byte> bytes) noexcept override {
        for (const std::byte each : bytes) {
            if (++received % 8 != 0) continue;
            FrameRef frame = shared_.shard.frames().allocate(1000);
            std::memset(frame.space().data(), std::to_integer<int>(each), 1000);
            frame.set_size(1000);
            connection->send(frame, words);
        }
    }
    void on_end() noexcept override { ++ends; }
    void on_too_slow() noexcept override { connection->abort(); }
    void on_closed() noexcept override { connection.reset(); }
    void on_detached(int) noexcept override {}
};

class QuestionsTest : public testing::Test {
protected:
    QuestionsTest() : one({.lasting_bytes_max = std::size_t{16} << 20}), pair(test::tcp_pair()) {
        // So that it is full soon.
        test::set_buffer(pair.ours, SO_SNDBUF, 4096);
        owner = std::make_unique<Answering>(one.net, pair.ours.release());
        owner->connection->settle();
        owner->connection->start();
    }
    ~QuestionsTest() override {
        if (owner->connection) owner->connection->abort();
        EXPECT_TRUE(one.run_until([this] { return !owner->connection; }));
        one.turn();
        EXPECT_EQ(one.shard.frames().outstanding(), 0U);
    }

    test::OneShard one;
    test::TcpPair pair;
    std::unique_ptr<Answering> owner;
};

TEST_F(QuestionsTest, AreNotReadFromWhoDoesNotReadTheAnswers) {
    const std::string asked = pattern(1'000'000, 1);  // 125 MB of answers
    std::size_t written = 0;
    std::size_t still = 0;
    ASSERT_TRUE(one.run_until([&] {
        const std::size_t more =
            test::write_some(pair.theirs, std::string_view{asked}.substr(written, 1000));
        written += more;
        still = more == 0 ? still + 1 : 0;
        return written == asked.size() || still > 100;
    }));
    EXPECT_GE(one.net.receives_paused, 1U);
    EXPECT_FALSE(owner->connection->is_reading());
    EXPECT_LT(owner->connection->queued_bytes(), std::size_t{1} << 20);
    EXPECT_EQ(one.net.slow_consumers, 0U);
}

TEST_F(QuestionsTest, AreAllAnsweredInOrderOnceTheAnswersAreRead) {
    const std::string asked = pattern(40'000, 2);
    std::size_t written = 0;
    std::string got;
    ASSERT_TRUE(one.run_until([&] {
        written += test::write_some(pair.theirs, std::string_view{asked}.substr(written));
        if (one.net.receives_paused == 0) return false;
        test::read_waiting(pair.theirs, got);
        return got.size() == asked.size() / 8 * 1000;
    })) << got.size();
    for (std::size_t i = 0; i < got.size() / 1000; ++i)
        ASSERT_EQ(got[i * 1000], asked[i * 8 + 7]) << i;
    EXPECT_TRUE(owner->connection->is_reading());
}

TEST_F(QuestionsTest, TheEndBehindThemIsHeardLast) {
    test::write_all(pair.theirs, std::string(16'000, 'q'));
    ASSERT_EQ(shutdown(pair.theirs.number(), SHUT_WR), 0);
    ASSERT_TRUE(one.run_until([this] { return one.net.receives_paused > 0; }));
    EXPECT_EQ(owner->ends, 0);
    std::string got;
    ASSERT_TRUE(one.run_until([&] {
        test::read_waiting(pair.theirs, got);
        return owner->ends > 0;
    }));
    EXPECT_EQ(owner->received, 16'000U);
    EXPECT_EQ(owner->ends, 1);
}

TEST_F(QuestionsTest, AnAdoptedConnectionThatIsDroppedIsReset) {
    owner->connection->abort();
    std::string got;
    Stream stream{};
    ASSERT_TRUE(one.run_until([&] {
        stream = test::read_waiting(pair.theirs, got);
        return stream != Stream::open;
    }));
    EXPECT_EQ(stream, Stream::broken);
}

// A listener's connection, with the buffers that the kernel gives it: of what the peer does not
// read the kernel must not keep so much that voice grows old there.
TEST(Accepted, AReaderThatStopsLosesVoiceBeforeTheKernelIsFull) {
    test::OneShard one{{}};
    const test::Descriptor listener{*ring::listen_tcp({.host = "127.0.0.1", .port = 0})};
    const test::Descriptor peer = test::connect_to(*ring::local_port(listener.number()));
    Owner owner{one.net, accept(listener.number(), nullptr, nullptr)};
    owner.connection->start();
    constexpr std::size_t voice_bytes = 1000;
    constexpr std::size_t kernel_bytes_max = std::size_t{512} << 10;  // both ends of loopback
    for (std::size_t sent = 0; sent < kernel_bytes_max + perishable_bytes_max;
         sent += voice_bytes) {
        owner.connection->send(one.frame(std::string(voice_bytes, 'v')), Delivery::perishable);
        one.turn();
    }
    EXPECT_GT(one.net.voice_dropped(), 0U);
    EXPECT_GT(one.net.sends_short, 0U);
    EXPECT_TRUE(owner.connection->is_open());
    owner.connection->abort();
    EXPECT_TRUE(one.run_until([&] { return !owner.connection; }));
    one.turn();
}

}  // namespace
}  // namespace parley::net
