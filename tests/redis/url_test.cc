#include "redis/url.h"

#include <gtest/gtest.h>

namespace parley::redis {
namespace {

Url read(std::string_view text) {
    Url url;
    std::string error;
    EXPECT_TRUE(Url::parse(text, url, error)) << text << ": " << error;
    return url;
}

std::string refusal(std::string_view text) {
    Url url;
    std::string error;
    EXPECT_FALSE(Url::parse(text, url, error)) << text;
    return error;
}

using Endpoints = std::vector<Endpoint>;

TEST(RedisUrl, TakesHostPortAndDatabase) {
    EXPECT_EQ(read("redis://db.local").endpoints, (Endpoints{{"db.local", 6379}}));
    EXPECT_EQ(read("redis://db.local/").database, 0U);
    const Url url = read("redis://10.0.0.1:7000/12");
    EXPECT_EQ(url.endpoints, (Endpoints{{"10.0.0.1", 7000}}));
    EXPECT_EQ(url.database, 12U);
    EXPECT_FALSE(url.tls);
    EXPECT_FALSE(url.has_sentinels());
    EXPECT_EQ(read("redis://[::1]:7000").endpoints, (Endpoints{{"::1", 7000}}));
    EXPECT_EQ(read("redis://[::1]").endpoints, (Endpoints{{"::1", 6379}}));
}

TEST(RedisUrl, TakesUserAndPassword) {
    const Url both = read("redis://ann:s%40cret%2F@db");
    EXPECT_EQ(both.user, "ann");
    EXPECT_EQ(both.password, "s@cret/");
    EXPECT_EQ(both.endpoints, (Endpoints{{"db", 6379}}));
    const Url alone = read("redis://:secret@db:1");
    EXPECT_EQ(alone.user, "");
    EXPECT_EQ(alone.password, "secret");
}

TEST(RedisUrl, TakesTlsWithAnAuthorityOfOnesOwn) {
    EXPECT_TRUE(read("rediss://db").tls);
    const Url url = read("rediss://db:1/2?ca=/etc/redis ca.pem");
    EXPECT_EQ(url.ca_file, "/etc/redis ca.pem");
    EXPECT_EQ(url.database, 2U);
}

TEST(RedisUrl, TakesSentinels) {
    const Url url = read("redis+sentinel://:pw@s1:1,s2,[::1]:3/mymaster/4");
    EXPECT_EQ(url.endpoints, (Endpoints{{"s1", 1}, {"s2", 26379}, {"::1", 3}}));
    EXPECT_EQ(url.master, "mymaster");
    EXPECT_EQ(url.database, 4U);
    EXPECT_EQ(url.password, "pw");
}

TEST(RedisUrl, RefusesWhatItCannotReadAndSaysWhatToWrite) {
    for (const char* text : {"",
                             "redis:",
                             "http://db",
                             "redis://",
                             "redis://:7000",
                             "redis://db:0",
                             "redis://db:65536",
                             "redis://db:x",
                             "redis://db:1x",
                             "redis://db/x",
                             "redis://db/-1",
                             "redis://db/1/2",
                             "redis://db/99999",
                             "redis://a,b",
                             "redis://[::1",
                             "redis://[::1]x",
                             "redis://ann@db",
                             "redis://ann:%4@db",
                             "redis://ann:%zz@db",
                             "redis://db?ca=/x",
                             "rediss://db?ca=",
                             "rediss://db?x=1",
                             "redis+sentinel://s1",
                             "redis+sentinel://s1,/m"}) {
        EXPECT_NE(refusal(text).find("redis://[USER:PASSWORD@]HOST"), std::string::npos) << text;
    }
}

TEST(RedisUrl, NeverRepeatsThePassword) {
    EXPECT_EQ(refusal("redis://ann:secret@db/x").find("secret"), std::string::npos);
    EXPECT_EQ(read("redis://ann:secret@[::1]:1/2").text(), "redis://ann:…@[::1]:1/2");
    EXPECT_EQ(read("redis+sentinel://a,b:1/m").text(), "redis+sentinel://a:26379,b:1/m");
}

}  // namespace
}  // namespace parley::redis
