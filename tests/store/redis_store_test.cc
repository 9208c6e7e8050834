// RedisStore beyond the contract: VoicePing's layout, data that is gone, a Redis that refuses.
#include "store/redis_store.h"

#include <deque>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>

#include "support/one_shard.h"
#include "support/redis_server.h"

namespace parley::store {
namespace {

class Door final : private StoreClient {
public:
    Door(test::OneShard& shard, Backend& backend)
        : shard_(shard), store_(backend.door(shard.shard)) {}
    Result<Answer> ask(Question question) {
        answer_.reset();
        store_->ask(*this, Ticket{1}, std::move(question));
        EXPECT_TRUE(shard_.run_until([&] { return answer_.has_value(); }));
        return std::move(*answer_);
    }
    /// The answer to a question that must go well.
    template <class Q>
    typename Q::Answer get(Q question) {
        Result<Answer> answer = ask(std::move(question));
        if (answer) return std::get<typename Q::Answer>(*answer);
        ADD_FAILURE() << "domain " << static_cast<int>(answer.error().domain) << ", code "
                      << answer.error().code;
        return {};
    }
    Error refusal(Question question) {
        const Result<Answer> answer = ask(std::move(question));
        EXPECT_FALSE(answer.ok());
        return answer.ok() ? Error{} : answer.error();
    }
    /// Asks until it goes well: the Redis has just come back.
    template <class Q>
    typename Q::Answer get_soon(const Q& question) {
        const Instant give_up = shard_.shard.now() + test::patience_max;
        while (shard_.shard.now() < give_up) {
            shard_.shard.turn(shard_.shard.now() + std::chrono::milliseconds{1});
            if (Result<Answer> answer = ask(question)) return std::get<typename Q::Answer>(*answer);
        }
        ADD_FAILURE() << "it does not come back";
        return {};
    }
    Store& store() { return *store_; }

private:
    void on_answer(Ticket, Result<Answer> answer) noexcept override { answer_ = std::move(answer); }

    test::OneShard& shard_;
    std::unique_ptr<Store> store_;
    std::optional<Result<Answer>> answer_;
};

/// Doors on one shard; they stay as long as it turns.
class RedisStoreTest : public testing::Test {
protected:
    ~RedisStoreTest() override {
        for (Door& door : doors_)
            door.store().stop();
        for (Door& door : doors_)
            EXPECT_TRUE(shard_.run_until([&] { return door.store().idle(); }));
    }

    Door& open(const std::string& url) {
        std::string error;
        backends_.push_back(open_redis(url, error));
        EXPECT_NE(backends_.back(), nullptr) << error;
        return doors_.emplace_back(shard_, *backends_.back());
    }
    static Message message(std::string id, std::string conversation, std::string sender) {
        return {.id = std::move(id),
                .conversation = std::move(conversation),
                .sender = std::move(sender),
                .body = "words"};
    }

    test::RedisServer server_;
    test::OneShard shard_{net::QueueLimits{}};
    std::deque<std::unique_ptr<Backend>> backends_;
    std::deque<Door> doors_;
    Door& door_ = open(server_.url());
};

TEST_F(RedisStoreTest, WritesUsersAndMembersAsVoicePingDoes) {
    door_.get(SignIn{"ann", "phone"});
    door_.get(AddMember{"ann", "fire"});
    EXPECT_EQ(server_.ask("HGETALL u.ann"), "*2\r\n$8\r\ndeviceId\r\n$5\r\nphone\r\n");
    EXPECT_EQ(server_.ask("SMEMBERS u.ann.g"), "*1\r\n$4\r\nfire\r\n");
    EXPECT_EQ(server_.ask("SMEMBERS g.fire.u"), "*1\r\n$3\r\nann\r\n");
    door_.get(SetGroups{"ann", {"police"}});
    EXPECT_EQ(server_.ask("SMEMBERS u.ann.g"), "*1\r\n$6\r\npolice\r\n");
    EXPECT_EQ(server_.ask("SMEMBERS g.fire.u"), "*0\r\n");
    EXPECT_EQ(server_.ask("SMEMBERS g.police.u"), "*1\r\n$3\r\nann\r\n");
    door_.get(RemoveMember{"ann", "police"});
    EXPECT_EQ(server_.ask("EXISTS u.ann.g g.police.u"), ":0\r\n");
}

TEST_F(RedisStoreTest, ReadsWhatAnotherHasWritten) {
    server_.ask("HSET u.ann deviceId tablet");
    server_.ask("SADD u.ann.g fire");
    server_.ask("SADD g.fire.u ann bob");
    const SignedIn known = door_.get(SignIn{"ann", "phone"});
    EXPECT_EQ(known.previous_device, "tablet");
    EXPECT_EQ(known.groups, std::vector<std::string>{"fire"});
    EXPECT_EQ(door_.get(GetMembers{"fire"}).members, (std::vector<Member>{{"ann"}, {"bob"}}));
    EXPECT_EQ(door_.get(List{List::What::groups}).names, std::vector<std::string>{"fire"});
}

TEST_F(RedisStoreTest, ListsTheLastFiftyMessagesAsVoicePingDoes) {
    for (int i = 0; i < 60; ++i)
        door_.get(KeepMessage{message("m" + std::to_string(i), "g:fire", "ann")});
    EXPECT_EQ(server_.ask("LLEN ._g_fire"), ":50\r\n");
    EXPECT_EQ(server_.ask("LINDEX ._g_fire 0"), "$3\r\nm59\r\n");
    door_.get(KeepMessage{message("m59", "g:fire", "ann")});  // again: nothing changes
    EXPECT_EQ(server_.ask("LINDEX ._g_fire 1"), "$3\r\nm58\r\n");

    door_.get(KeepMessage{message("d", direct_conversation("ann", "bob"), "ann")});
    EXPECT_EQ(server_.ask("LRANGE m.bob.u 0 -1"), "*1\r\n$1\r\nd\r\n");
    door_.get(KeepRecording{{.id = "r",
                             .conversation = direct_conversation("ann", "bob"),
                             .sender = "bob",
                             .file = "f"}});
    EXPECT_EQ(server_.ask("LRANGE m.ann.u 0 -1"), "*1\r\n$1\r\nr\r\n");
}

TEST_F(RedisStoreTest, LetsInAKnownDeviceWhileRedisTakesNoWrites) {
    door_.get(SignIn{"ann", "phone"});
    door_.get(AddMember{"ann", "fire"});
    server_.ask("CONFIG SET min-replicas-to-write 1");  // answers writes with NOREPLICAS
    EXPECT_EQ(door_.get(SignIn{"ann", "phone"}).groups, std::vector<std::string>{"fire"});
    EXPECT_EQ(door_.refusal(AddMember{"ann", "police"}),
              redis::fault_error(redis::Fault::read_only));
    server_.ask("CONFIG SET min-replicas-to-write 0");
    door_.get_soon(AddMember{"ann", "police"});
}

TEST_F(RedisStoreTest, SaysWhyNothingIsStoredAndGoesOnAfterwards) {
    door_.get(SignIn{"ann", "phone"});
    server_.ask("CONFIG SET maxmemory 1");
    EXPECT_EQ(door_.refusal(KeepMessage{message("m", "g:fire", "ann")}),
              redis::fault_error(redis::Fault::out_of_memory));
    EXPECT_EQ(door_.store().state(), StoreState::down);
    server_.ask("CONFIG SET maxmemory 0");
    EXPECT_FALSE(door_.get(KeepMessage{message("m", "g:fire", "ann")}).repeated);
    EXPECT_EQ(door_.store().state(), StoreState::healthy);
}

TEST_F(RedisStoreTest, ComesBackAfterRedisHasForgottenTheScripts) {
    door_.get(SignIn{"ann", "phone"});
    server_.ask("SCRIPT FLUSH");
    EXPECT_EQ(door_.refusal(SignIn{"ann", "phone"}), redis::fault_error(redis::Fault::no_script));
    EXPECT_EQ(door_.get_soon(SignIn{"ann", "phone"}).previous_device, "phone");
}

TEST_F(RedisStoreTest, GivesNoNumberTwiceAfterRedisWasEmptied) {
    EXPECT_EQ(door_.get(KeepMessage{message("a", "g:fire", "ann")}).order, 1U);
    EXPECT_EQ(door_.get(Enqueue{.user = "bob", .kind = "k"}).seq, 1U);
    server_.ask("FLUSHALL");
    // Not stored, and not as if nothing had been: then all is beyond what was.
    EXPECT_EQ(door_.refusal(KeepMessage{message("b", "g:fire", "ann")}),
              redis::fault_error(redis::Fault::emptied));
    const Queue queue = door_.get_soon(GetQueue{"bob", 1});
    EXPECT_GT(queue.lost_up_to, 1U);
    EXPECT_GE(queue.last_seq, queue.lost_up_to);
    EXPECT_GT(door_.get(Enqueue{.user = "bob", .kind = "k"}).seq, queue.last_seq);
    EXPECT_GT(door_.get(KeepMessage{message("b", "g:fire", "ann")}).order, 1'000'000U);
    EXPECT_TRUE(door_.get(GetHistory{"g:fire"}).messages.size() == 1);
}

TEST_F(RedisStoreTest, GivesNoNumberTwiceAfterRedisCameBackWithoutItsData) {
    EXPECT_EQ(door_.get(KeepMessage{message("a", "g:fire", "ann")}).order, 1U);
    server_.kill();
    server_.start();
    EXPECT_GT(door_.get_soon(KeepMessage{message("b", "g:fire", "ann")}).order, 1'000'000U);
}

TEST_F(RedisStoreTest, SharesOneEpochBetweenProcesses) {
    EXPECT_EQ(door_.get(KeepMessage{message("a", "g:fire", "ann")}).order, 1U);
    Door& second = open(server_.url());
    EXPECT_EQ(second.get(KeepMessage{message("b", "g:fire", "ann")}).order, 2U);
    EXPECT_EQ(door_.get(KeepMessage{message("c", "g:fire", "ann")}).order, 3U);
}

TEST_F(RedisStoreTest, WaitsForARedisThatIsNotThereYet) {
    server_.kill();
    Door& early = open(server_.url());
    EXPECT_EQ(early.refusal(SignIn{"ann", "phone"}), trouble(Trouble::too_late));
    EXPECT_EQ(early.refusal(SignIn{"ann", "phone"}), trouble(Trouble::unavailable));
    EXPECT_EQ(early.store().state(), StoreState::down);
    server_.start();
    early.get_soon(SignIn{"ann", "phone"});
    EXPECT_EQ(early.store().state(), StoreState::healthy);
}

TEST_F(RedisStoreTest, DoesNotWaitForAStoppedRedisLongerThanTwoSeconds) {
    door_.get(SignIn{"ann", "phone"});
    server_.stop();
    const Error why = door_.refusal(KeepMessage{message("a", "g:fire", "ann")});
    EXPECT_EQ(why, trouble(Trouble::no_answer));
    server_.go_on();
    // It may have been done or not; asking again with the same id is safe.
    EXPECT_EQ(door_.get_soon(KeepMessage{message("a", "g:fire", "ann")}).order, 1U);
    EXPECT_EQ(door_.get(GetHistory{"g:fire"}).messages.size(), 1U);
}

TEST_F(RedisStoreTest, SignsInAndUsesItsDatabase) {
    server_.ask("CONFIG SET requirepass se@cret");
    const std::string host = "@127.0.0.1:" + std::to_string(server_.port());
    open("redis://:se%40cret" + host + "/7").get(SignIn{"ann", "phone"});
    Door& elsewhere = open("redis://:se%40cret" + host);
    EXPECT_FALSE(elsewhere.get(GetUser{"ann"}).previous_device.has_value());
    EXPECT_TRUE(is_failure(open("redis://:wrong" + host).refusal(SignIn{"ann", "phone"})));
}

}  // namespace
}  // namespace parley::store
