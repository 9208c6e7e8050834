// A store that answers late, or fails: who signs in takes part meanwhile, and nothing is undone by
// the answer when it comes.
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "support/radio.h"

namespace parley::group {
namespace {

using test::done_with;
using test::hears;
using test::join;
using test::let_in;
using test::Radio;
using test::Town;
using test::Type;

constexpr Error disk_full{Error::Domain::sqlite, 13};

/// A store in memory whose answers wait until the test lets them go, or which fails.
class HeldStore final : public store::Backend {
public:
    enum class Mode { answering, holding, failing };

    std::unique_ptr<store::Store> door(Shard& shard) override {
        inner_ = memory_->door(shard);
        return std::make_unique<Door>(*this);
    }
    /// Carries out what was asked meanwhile, in order, and from now on at once.
    void let_go() {
        mode = Mode::answering;
        for (Held& each : std::exchange(held_, {}))
            inner_->ask(*each.client, each.ticket, std::move(each.question));
    }
    Mode mode = Mode::answering;

private:
    class Door final : public store::Store {
    public:
        explicit Door(HeldStore& to) noexcept : to_(to) {}
        void ask(store::StoreClient& client, store::Ticket ticket,
                 store::Question question) noexcept override {
            if (to_.mode == Mode::failing) return client.on_answer(ticket, disk_full);
            to_.held_.push_back({&client, ticket, std::move(question)});
            if (to_.mode == Mode::answering) to_.let_go();
        }
        void user_signed_out(std::string_view user) noexcept override {
            to_.inner_->user_signed_out(user);
        }
        store::StoreState state() const noexcept override {
            return to_.mode == Mode::failing ? store::StoreState::down : store::StoreState::healthy;
        }
        store::StoreCounters counters() const noexcept override { return to_.inner_->counters(); }
        const Histogram* latency() const noexcept override { return nullptr; }

    private:
        HeldStore& to_;
    };
    struct Held {
        store::StoreClient* client;
        store::Ticket ticket;
        store::Question question;
    };

    const std::unique_ptr<store::Backend> memory_ = store::open_memory();
    std::unique_ptr<store::Store> inner_;
    std::vector<Held> held_;
};

class SignIn : public testing::Test {
protected:
    using Mode = HeldStore::Mode;

    // Ann is in the group, and away.
    SignIn() {
        Radio ann{town.port(0), {"ann"}};
        EXPECT_TRUE(join(town, ann, "fire"));
        EXPECT_TRUE(join(town, talker, "fire"));
        ann.close();
        EXPECT_TRUE(town.run_until([this] { return town.sessions() == 1; }));
    }
    ~SignIn() override { store.let_go(); }

    const Membership& membership() { return town.worker(0).membership(); }
    // The talker takes the floor, and ends: who hears the start is in the group.
    bool hears_the_group(Radio& radio) {
        const std::size_t before = radio.count(Type::start);
        talker.send(Type::start, "fire");
        EXPECT_TRUE(done_with(town, talker));
        talker.send(Type::stop, "fire");
        EXPECT_TRUE(done_with(town, talker));
        EXPECT_TRUE(done_with(town, radio));
        return radio.count(Type::start) > before;
    }

    HeldStore store;
    Town town{{.worker = {.store = &store}}};
    Radio talker{town.port(0), {"talker"}};
};

TEST_F(SignIn, WhoSpeaksBeforeTheStoreAnswersIsHeardOnceItDoes) {
    store.mode = Mode::holding;
    Radio ann{town.port(0), {"ann"}};
    ASSERT_TRUE(let_in(town, ann));
    ann.send(Type::start, "fire");
    ann.send_voice("fire", "voice");
    ASSERT_TRUE(done_with(town, ann));
    EXPECT_EQ(ann.count(Type::start_ack) + ann.count(Type::start_failed), 0U);
    store.let_go();
    ASSERT_TRUE(hears(town, ann, Type::start_ack, 1));
    EXPECT_TRUE(hears(town, talker, Type::audio, 1));
}

TEST_F(SignIn, WhoJoinsBeforeTheStoreAnswersTalksAtOnce) {
    store.mode = Mode::holding;
    Radio bob{town.port(0), {"bob"}};
    ASSERT_TRUE(let_in(town, bob));
    bob.send(Type::user_add, "fire");
    bob.send(Type::start, "fire");
    ASSERT_TRUE(hears(town, bob, Type::start_ack, 1));
    EXPECT_EQ(membership().arriving(), 1U);
}

TEST_F(SignIn, WhoLeavesBeforeTheStoreAnswersStaysOut) {
    store.mode = Mode::holding;
    Radio ann{town.port(0), {"ann"}};
    ASSERT_TRUE(let_in(town, ann));
    ann.send(Type::user_remove, "fire");
    ASSERT_TRUE(done_with(town, ann));
    store.let_go();
    EXPECT_EQ(membership().arriving(), 0U);
    EXPECT_FALSE(hears_the_group(ann));
}

TEST_F(SignIn, WhoLeftAndCameBackBeforeTheStoreAnswersIsIn) {
    store.mode = Mode::holding;
    Radio ann{town.port(0), {"ann"}};
    ASSERT_TRUE(let_in(town, ann));
    ann.send(Type::user_remove, "fire");
    ann.send(Type::user_add, "fire");
    ASSERT_TRUE(done_with(town, ann));
    store.let_go();
    EXPECT_TRUE(hears_the_group(ann));
}

TEST_F(SignIn, OfTwoWhoWaitTheNewerStays) {
    store.mode = Mode::holding;
    Radio older{town.port(0), {"ann", "phone"}};
    ASSERT_TRUE(let_in(town, older));
    Radio newer{town.port(0), {"ann", "tablet"}};
    ASSERT_TRUE(let_in(town, newer));
    store.let_go();
    ASSERT_TRUE(town.run_until([&] { return older.closed_by_server(); }));
    EXPECT_EQ(older.count(Type::login_duplicated), 1U);
    EXPECT_TRUE(hears_the_group(newer));
    EXPECT_FALSE(newer.closed_by_server());
}

TEST_F(SignIn, GoesOnWithoutAStoreThatFailsAndIsWholeOnceItIsBack) {
    store.mode = Mode::failing;
    const std::uint64_t failures = membership().store_failures();
    Radio ann{town.port(0), {"ann"}};
    ASSERT_TRUE(let_in(town, ann));
    EXPECT_FALSE(hears_the_group(ann));
    EXPECT_GT(membership().store_failures(), failures);
    ann.send(Type::start, "fire");
    ASSERT_TRUE(hears(town, ann, Type::start_failed, 1));  // at once: nobody waits for the store
    ann.send(Type::user_add, "police");
    ann.send(Type::start, "police");
    ASSERT_TRUE(hears(town, ann, Type::start_ack, 1));
    store.mode = Mode::answering;
    ASSERT_TRUE(town.run_until([this] { return membership().arriving() == 0; }));
    EXPECT_TRUE(hears_the_group(ann));
}

TEST_F(SignIn, WhoLeftWhileTheStoreFailedStaysOutWhenItIsBack) {
    store.mode = Mode::failing;
    Radio ann{town.port(0), {"ann"}};
    ASSERT_TRUE(let_in(town, ann));
    ann.send(Type::user_remove, "fire");
    ASSERT_TRUE(done_with(town, ann));
    store.mode = Mode::answering;
    ASSERT_TRUE(town.run_until([this] { return membership().arriving() == 0; }));
    EXPECT_FALSE(hears_the_group(ann));
}

TEST_F(SignIn, WhoIsGoneBeforeTheAnswerLeavesNothingBehind) {
    store.mode = Mode::holding;
    {
        Radio ann{town.port(0), {"ann"}};
        ASSERT_TRUE(let_in(town, ann));
        ann.send(Type::start, "fire");
        ASSERT_TRUE(done_with(town, ann));
    }
    ASSERT_TRUE(town.run_until([this] { return town.sessions() == 1; }));
    EXPECT_EQ(membership().arriving(), 0U);
    store.let_go();
    talker.send(Type::start, "fire");
    EXPECT_TRUE(hears(town, talker, Type::start_ack, 1));
}

}  // namespace
}  // namespace parley::group
