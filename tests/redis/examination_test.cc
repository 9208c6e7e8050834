// redis::examine() with a real Redis: one that will do, and each way in which one will not.
#include "redis/examination.h"

#include <gtest/gtest.h>

#include "support/redis_server.h"

namespace parley::redis {
namespace {

using Refusal = Examination::Refusal;

class ExaminationTest : public testing::Test {
protected:
    void SetUp() override {
        if (!test::has_redis_server()) GTEST_SKIP() << "redis-server is not installed";
    }
    /// What is found at `redis://BEFORE 127.0.0.1:PORT BEHIND`.
    static Examination found_at(const test::RedisServer& redis, const std::string& before = {},
                                const std::string& behind = {}) {
        const std::string address =
            "redis://" + before + "127.0.0.1:" + std::to_string(redis.port()) + behind;
        Url url;
        std::string error;
        EXPECT_TRUE(Url::parse(address, url, error)) << error;
        return examine(url);
    }
};

TEST_F(ExaminationTest, TellsWhatARedisIsThatWillDo) {
    const test::RedisServer redis{{"--appendonly", "no", "--appendfsync", "always"}};
    const Examination found = found_at(redis, "", "/3");
    EXPECT_EQ(found.trouble, "");
    EXPECT_TRUE(found.looked_inside);
    EXPECT_GE(std::stoi(found.version), 5);
    EXPECT_EQ(found.role, "master");
    EXPECT_EQ(found.append_only, "no");
    EXPECT_EQ(found.append_fsync, "always");
}

TEST_F(ExaminationTest, TellsAReplica) {
    const test::RedisServer redis;
    redis.ask("REPLICAOF 127.0.0.1 1");
    EXPECT_EQ(found_at(redis).role, "slave");
}

TEST_F(ExaminationTest, TellsThatNobodyIsThere) {
    test::RedisServer redis;
    redis.kill();
    const Examination found = found_at(redis);
    EXPECT_EQ(found.trouble, "Connection refused");
    EXPECT_EQ(found.refusal, Refusal::none);
    EXPECT_FALSE(found.looked_inside);
}

TEST_F(ExaminationTest, DoesNotWaitForOneThatStandsStill) {
    const test::RedisServer redis;
    redis.stop();
    const Examination found = found_at(redis);
    redis.go_on();
    EXPECT_EQ(found.trouble, "it does not answer");
    EXPECT_EQ(found.refusal, Refusal::none);
}

TEST_F(ExaminationTest, TellsThatThePasswordIsMissingOrWrong) {
    const test::RedisServer redis{{"--requirepass", "secret"}};
    EXPECT_EQ(found_at(redis, ":secret@").trouble, "");
    for (const char* wrong : {"", ":guess@", "nobody:secret@"}) {
        const Examination found = found_at(redis, wrong);
        EXPECT_NE(found.trouble, "") << wrong;
        EXPECT_EQ(found.refusal, Refusal::user) << wrong;
        EXPECT_FALSE(found.looked_inside) << wrong;
    }
}

TEST_F(ExaminationTest, TellsThatTheDatabaseIsNotThere) {
    const test::RedisServer redis{{"--databases", "2"}};
    EXPECT_EQ(found_at(redis, "", "/1").trouble, "");
    const Examination found = found_at(redis, "", "/2");
    EXPECT_NE(found.trouble, "");
    EXPECT_EQ(found.refusal, Refusal::database);
}

}  // namespace
}  // namespace parley::redis
