// Two shards on two threads, as in the server.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <span>
#include <thread>

#include "shard/shard.h"
#include "support/ring_loop.h"

namespace parley {
namespace {

constexpr ShardId first_shard{0};
constexpr ShardId second_shard{1};
constexpr RecordKind kind = RecordKind::chat_letter;

// What two players share.
struct Match {
    Fabric fabric{{.shards = 2, .lane_bytes = 4096, .hash_key = {}}};
    std::atomic<int> finished{0};
};

// Half of a match, on a thread of its own: its ring and its shard are made there.
class Player {
public:
    Player(Match& match, ShardId id)
        : match_(match),
          shard_(id, match.fabric, test::open_ring({}), {}),
          other_(id == first_shard ? second_shard : first_shard) {}

protected:
    ~Player() = default;

    void post(std::span<const std::byte> head, std::span<const std::byte> rest) {
        EXPECT_TRUE(shard_.post(other_, kind, {head, rest}, Urgency::lasting));
    }
    // What was sent last must still go out, and nobody goes while the other may need it.
    void leave() {
        shard_.turn(Instant::min());
        ++match_.finished;
        while (match_.finished.load() < 2)
            shard_.turn(shard_.now() + std::chrono::milliseconds{1});
        shard_.turn(Instant::min());
    }
    Shard& shard() { return shard_; }

private:
    Match& match_;
    Shard shard_;
    ShardId other_;
};

void spin(std::uint64_t rounds) {
    std::atomic<std::uint64_t> spun{0};
    while (spun.fetch_add(1, std::memory_order_relaxed) < rounds) {
    }
}

// Sends a ball to and fro, with a pause between the turns so that the other's sleep begins at any
// moment of ours.
class BallPlayer : public Player {
public:
    BallPlayer(Match& match, ShardId id) : Player(match, id), random_(raw(id) + 1) {
        shard().on_record(kind, Shard::RecordHandler::to<&BallPlayer::on_ball>(*this));
    }

    void serve() {
        hit(1);
        shard().want_turn();  // or it would sleep first, and send at the end of that turn
    }
    // False if the ball did not come: the wake-up was lost.
    bool play(std::uint64_t hits) {
        hits_ = hits;
        while (seen_ + 1 < hits_) {
            const std::uint64_t before = seen_;
            const Instant give_up = shard().now() + test::patience_max;
            while (seen_ == before && shard().now() < give_up) {
                spin(random_() % 4 == 0 ? random_() % 2000 : 0);
                shard().turn(give_up);
            }
            // What a turn finds at the end of its patience, nobody had woken it for.
            if (shard().now() >= give_up) ++overslept_;
        }
        leave();
        EXPECT_GT(shard().counters().wakes, hits / 20) << "hardly anybody slept";
        return overslept_ == 0;
    }

private:
    void hit(std::uint64_t number) { post(std::as_bytes(std::span{&number, 1}), {}); }
    void on_ball(ShardId, std::span<std::byte> bytes) noexcept {
        const std::uint64_t expected = seen_ == 0 ? 0 : seen_ + 2;
        std::memcpy(&seen_, bytes.data(), sizeof(seen_));
        if (expected != 0) {
            EXPECT_EQ(seen_, expected);
        }
        if (seen_ < hits_) hit(seen_ + 1);
    }

    std::mt19937_64 random_;
    std::uint64_t hits_ = 0;
    std::uint64_t seen_ = 0;
    int overslept_ = 0;
};

TEST(ShardThreads, NeverLoseAWakeUp) {
    constexpr std::uint64_t hits = 200'000;
    Match match;
    std::thread other{[&match] {
        BallPlayer player{match, second_shard};
        EXPECT_TRUE(player.play(hits));
    }};
    BallPlayer player{match, first_shard};
    player.serve();
    EXPECT_TRUE(player.play(hits));
    other.join();
}

// Sends and takes records of any size as fast as they go: lanes run full, and some records need a
// block of their own.
class StormPlayer : public Player {
public:
    StormPlayer(Match& match, ShardId id) : Player(match, id) {
        shard().on_record(kind, Shard::RecordHandler::to<&StormPlayer::on_record>(*this));
    }

    void play(std::uint64_t count) {
        const Instant give_up = shard().now() + test::patience_max;
        std::uint64_t sent = 0;
        while ((sent < count || seen_ < count) && shard().now() < give_up) {
            for (int i = 0; i < 30 && sent < count; ++i)
                send(++sent);
            shard().turn(sent < count ? Instant::min() : give_up);
        }
        EXPECT_EQ(seen_, count);
        EXPECT_EQ(wrong_, 0U);
        EXPECT_GT(shard().counters().records_delayed, 0U);
        leave();
    }

private:
    static std::size_t size_of(std::uint64_t number) {
        return number % 64 == 0 ? 1000 + number % 4000 : number % 300;
    }
    static std::byte fill_of(std::uint64_t number) {
        return static_cast<std::byte>(number * 37 & 0xff);
    }
    void send(std::uint64_t number) {
        const auto rest = std::span{filler_}.first(size_of(number));
        std::ranges::fill(rest, fill_of(number));
        post(std::as_bytes(std::span{&number, 1}), rest);
    }
    void on_record(ShardId, std::span<std::byte> bytes) noexcept {
        ++seen_;
        std::uint64_t number = 0;
        std::memcpy(&number, bytes.data(), sizeof(number));
        const auto rest = bytes.subspan(sizeof(number));
        const bool whole =
            rest.size() == size_of(number) &&
            std::ranges::count(rest, fill_of(number)) == static_cast<std::ptrdiff_t>(rest.size());
        if (number != seen_ || !whole) ++wrong_;
    }

    std::array<std::byte, 5000> filler_{};
    std::uint64_t seen_ = 0;
    std::uint64_t wrong_ = 0;
};

TEST(ShardThreads, LoseAndReorderNothingInAStorm) {
    constexpr std::uint64_t count = 50'000;
    Match match;
    std::thread other{[&match] {
        StormPlayer player{match, second_shard};
        player.play(count);
    }};
    StormPlayer player{match, first_shard};
    player.play(count);
    other.join();
}

// Sleeps for good, unless a record wakes it.
class Sleeper : public Player {
public:
    Sleeper(Match& match, ShardId id) : Player(match, id) {
        shard().on_record(kind, Shard::RecordHandler::to<&Sleeper::on_record>(*this));
    }
    void sleep() {
        const Instant give_up = shard().now() + test::patience_max;
        while (!woken_ && shard().now() < give_up)
            shard().turn(give_up);
        EXPECT_TRUE(woken_);
        EXPECT_LT(shard().now(), give_up);
        leave();
    }
    void wake_other() {
        constexpr std::byte word{1};
        post(std::span{&word, 1}, {});
        leave();
    }
    std::uint64_t wakes() { return shard().counters().wakes; }

private:
    void on_record(ShardId, std::span<std::byte>) noexcept { woken_ = true; }
    bool woken_ = false;
};

TEST(ShardThreads, ARecordWakesASleepingShard) {
    Match match;
    std::atomic<bool> asleep{false};
    std::thread other{[&] {
        Sleeper sleeper{match, second_shard};
        asleep.store(true);
        sleeper.sleep();
    }};
    Sleeper waker{match, first_shard};
    while (!asleep.load())
        std::this_thread::yield();
    // Its claim succeeds only while its flag is up: then it is put up again for the real one.
    while (!match.fabric.claim_wake(second_shard))
        std::this_thread::yield();
    match.fabric.announce_sleep(second_shard);
    waker.wake_other();
    other.join();
    EXPECT_EQ(waker.wakes(), 1U);
}

}  // namespace
}  // namespace parley
