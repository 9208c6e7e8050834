// Server URLs.
#include "client/url.h"

#include <gtest/gtest.h>

namespace parley::client {
namespace {

TEST(ServerUrl, HasHostPortAndPath) {
    auto url = parse_server_url("ws://example.org:7420/radio?v=1");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->host, "example.org");
    EXPECT_EQ(url->port, 7420);
    EXPECT_EQ(url->path, "/radio?v=1");
    EXPECT_EQ(url->authority(), "example.org:7420");
}

TEST(ServerUrl, DefaultsToPort80AndTheRoot) {
    auto url = parse_server_url("ws://10.0.0.1");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->port, 80);
    EXPECT_EQ(url->path, "/");
}

TEST(ServerUrl, KeepsAQueryThatFollowsTheHost) {
    auto url = parse_server_url("ws://host?x=/y");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->host, "host");
    EXPECT_EQ(url->path, "/?x=/y");
}

TEST(ServerUrl, TakesIpv6InBrackets) {
    auto url = parse_server_url("ws://[::1]:7420");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->host, "::1");
    EXPECT_EQ(url->authority(), "[::1]:7420");
    EXPECT_TRUE(parse_server_url("ws://[::1]"));
    EXPECT_FALSE(parse_server_url("ws://[::1"));
    EXPECT_FALSE(parse_server_url("ws://[]:7420"));
    EXPECT_FALSE(parse_server_url("ws://[::1]7420"));
}

TEST(ServerUrl, KnowsTlsByItsScheme) {
    auto url = parse_server_url("wss://example.org/radio");
    ASSERT_TRUE(url);
    EXPECT_TRUE(url->secure);
    EXPECT_EQ(url->host, "example.org");
    EXPECT_EQ(url->port, 443);
    EXPECT_EQ(url->path, "/radio");
    EXPECT_EQ(parse_server_url("wss://example.org:7420")->port, 7420);
    EXPECT_FALSE(parse_server_url("ws://example.org")->secure);
}

TEST(ServerUrl, RefusesWhatIsNone) {
    for (const char* text : {"",
                             "ws:/",
                             "ws://",
                             "wss:/",
                             "wss://",
                             "wss//host",
                             "http://host",
                             "host:7420",
                             "WS://host",
                             "ws://:7420",
                             "ws:///path",
                             "ws://host:",
                             "ws://host:0",
                             "ws://host:65536",
                             "ws://host:-1",
                             "ws://host:80x",
                             "ws://host: 80",
                             "ws://ho st",
                             "ws://host/a\r\nEvil: yes",
                             "ws://host/\x7f",
                             "ws://user@host",
                             "ws://host/\xc3\xa4"}) {
        EXPECT_FALSE(parse_server_url(text)) << text;
    }
}

}  // namespace
}  // namespace parley::client
