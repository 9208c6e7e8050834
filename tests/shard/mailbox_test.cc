// Letters from other threads. Real threads, so that TSan may look on.
#include "shard/mailbox.h"

#include <array>
#include <gtest/gtest.h>
#include <thread>

#include "two_shards.h"

namespace parley {
namespace {

class Number final : public Mailbox::Letter {
public:
    Number(int number, std::vector<int>& heard) : number_(number), heard_(heard) {}
    void open() noexcept override { heard_.push_back(number_); }

private:
    const int number_;
    std::vector<int>& heard_;
};

void post(Mailbox& mailbox, int number, std::vector<int>& heard) {
    Mailbox::Letters letters;
    letters.push_back(std::make_unique<Number>(number, heard));
    mailbox.post(letters);
    EXPECT_TRUE(letters.empty());
}

TEST(Mailbox, OpensLettersInOrderOnTheShardsThread) {
    Mailbox mailbox{ring::Waker{}};
    std::vector<int> heard;
    EXPECT_TRUE(mailbox.empty());
    for (int i = 0; i < 3; ++i)
        post(mailbox, i, heard);
    EXPECT_FALSE(mailbox.empty());
    EXPECT_TRUE(heard.empty());
    mailbox.deliver();
    EXPECT_EQ(heard, (std::vector<int>{0, 1, 2}));
    EXPECT_TRUE(mailbox.empty());
}

TEST(Mailbox, LosesNothingThatManyThreadsPost) {
    constexpr int threads = 4;
    constexpr int letters = 2000;
    Mailbox mailbox{ring::Waker{}};
    std::vector<int> heard;
    std::vector<std::thread> posting;
    for (int thread = 0; thread < threads; ++thread) {
        posting.emplace_back([&mailbox, &heard, thread] {
            for (int i = 0; i < letters; ++i)
                post(mailbox, thread * letters + i, heard);
        });
    }
    while (heard.size() < std::size_t{threads} * letters) {
        if (mailbox.empty()) std::this_thread::yield();
        mailbox.deliver();
    }
    for (std::thread& thread : posting)
        thread.join();
    // Each thread's in the order in which it posted them.
    std::array<int, threads> last;
    last.fill(-1);
    for (const int number : heard) {
        int& before = last.at(static_cast<std::size_t>(number / letters));
        EXPECT_LT(before, number % letters);
        before = number % letters;
    }
}

// A letter that holds its mailbox, as those of stores do.
class HoldsItsMailbox final : public Mailbox::Letter {
public:
    HoldsItsMailbox(std::shared_ptr<Mailbox> mailbox, std::shared_ptr<int> witness)
        : mailbox_(std::move(mailbox)), witness_(std::move(witness)) {}
    void open() noexcept override {}

private:
    std::shared_ptr<Mailbox> mailbox_;
    std::shared_ptr<int> witness_;
};

TEST(Mailbox, DestroysWhatNobodyOpensAnyMore) {
    const auto witness = std::make_shared<int>();
    const auto post_one = [&](const std::shared_ptr<Mailbox>& mailbox) {
        Mailbox::Letters letters;
        letters.push_back(std::make_unique<HoldsItsMailbox>(mailbox, witness));
        mailbox->post(letters);
        EXPECT_TRUE(letters.empty());
    };
    std::shared_ptr<Mailbox> mailbox;
    {
        Fabric fabric{{.shards = 2, .lane_bytes = small_lane_bytes, .hash_key = {}}};
        const Shard shard{first_shard, fabric, test::open_ring({}), {}};
        mailbox = shard.mailbox();
        post_one(mailbox);
        EXPECT_EQ(witness.use_count(), 2);
    }
    EXPECT_EQ(witness.use_count(), 1);
    post_one(mailbox);
    EXPECT_EQ(witness.use_count(), 1);
    EXPECT_EQ(mailbox.use_count(), 1);
}

TEST(Mailbox, WakesAShardThatSleeps) {
    Fabric fabric{{.shards = 2, .lane_bytes = small_lane_bytes, .hash_key = {}}};
    Shard shard{first_shard, fabric, test::open_ring({}), {}};
    std::vector<int> heard;
    const auto mailbox = shard.mailbox();
    std::thread poster{[&] { post(*mailbox, 7, heard); }};
    // Without the wake-up this turn would end at its deadline only.
    const Instant late = shard.ring().now() + test::patience_max;
    while (heard.empty() && shard.ring().now() < late)
        shard.turn(late);
    poster.join();
    EXPECT_EQ(heard, std::vector<int>{7});
    EXPECT_LT(shard.ring().now(), late);
}

}  // namespace
}  // namespace parley
