#include "http/request_head.h"

#include <ctime>
#include <gtest/gtest.h>
#include <random>

#include "heads.h"
#include "http/limits.h"

namespace parley::http {
namespace {

using Status = HeadParser::Status;

std::vector<std::string> elements(const RequestHead& head, std::string_view name) {
    std::vector<std::string> found;
    RequestHead::List list = head.list(name);
    while (const auto element = list.next())
        found.emplace_back(*element);
    return found;
}

/// A request of exactly `size` bytes, filled up by one header.
std::string request_of_size(std::size_t size) {
    std::string text = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    text += std::string(size - text.size() - 4, 'x') + "\r\n\r\n";
    return text;
}

std::string request_with_headers(std::size_t count) {
    std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (std::size_t i = 1; i < count; ++i)
        text += "X: y\r\n";
    return text + "\r\n";
}

std::string request_with_target(std::size_t size) {
    return "GET /" + std::string(size - 1, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

TEST(RequestHead, GivesTheRequestLineAndTheHeaders) {
    const RequestHead head = head_of(
        "GET /any/path?q=1 HTTP/1.1\r\nHost: example:3000\r\n"
        "Connection: keep-alive, Upgrade\r\nX-Empty:\r\nconnection:  , close ,\r\n\r\n");
    EXPECT_EQ(head.method(), "GET");
    EXPECT_EQ(head.target(), "/any/path?q=1");
    EXPECT_EQ(head.path(), "/any/path?q=1");
    EXPECT_EQ(head.minor_version(), 1);
    EXPECT_EQ(head.find("HOST"), "example:3000");
    EXPECT_EQ(head.find("connection"), "keep-alive, Upgrade");
    EXPECT_EQ(head.find("x-empty"), "");
    EXPECT_EQ(head.find("x"), std::nullopt);
    EXPECT_EQ(head.count("Connection"), 2u);
    EXPECT_EQ(head.count("X"), 0u);
    EXPECT_EQ(elements(head, "Connection"),
              (std::vector<std::string>{"keep-alive", "Upgrade", "close"}));
    EXPECT_TRUE(head.lists("Connection", "upgrade"));
    EXPECT_FALSE(head.lists("Connection", "up"));
    EXPECT_EQ(head.content_length(), 0u);
    EXPECT_FALSE(head.is_chunked());
}

TEST(RequestHead, ReadsTheVersion) {
    EXPECT_EQ(head_of("GET / HTTP/1.0\r\n\r\n").minor_version(), 0);
    EXPECT_EQ(head_of("GET / HTTP/1.9\r\nHost: a\r\n\r\n").minor_version(), 1);
}

TEST(RequestHead, TrimsBlanksAroundValuesOnly) {
    EXPECT_EQ(head_of("GET / HTTP/1.1\r\nHost: a\r\nX: \t b  c\t \r\n\r\n").find("X"), "b  c");
}

TEST(RequestHead, PathOfAnAbsoluteTargetIsWhatFollowsTheHost) {
    const auto path = [](std::string target) {
        return std::string{head_of("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n").path()};
    };
    EXPECT_EQ(path("http://a/"), "/");
    EXPECT_EQ(path("http://a:1/b?c://d"), "/b?c://d");
    EXPECT_EQ(path("ws://a"), "/");
    EXPECT_EQ(path("http://a?b/c"), "/");
    EXPECT_EQ(path("/b?http://a/c"), "/b?http://a/c");
    EXPECT_EQ(head_of("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").path(), "*");
}

TEST(RequestHead, KeepsAliveAsTheVersionAndConnectionSay) {
    const auto keeps = [](std::string text) {
        return head_of("GET / " + text + "\r\n\r\n").wants_keep_alive();
    };
    EXPECT_TRUE(keeps("HTTP/1.1\r\nHost: a"));
    EXPECT_FALSE(keeps("HTTP/1.1\r\nHost: a\r\nConnection: x, Close"));
    EXPECT_FALSE(keeps("HTTP/1.0"));
    EXPECT_TRUE(keeps("HTTP/1.0\r\nConnection: Keep-Alive"));
    EXPECT_FALSE(keeps("HTTP/1.0\r\nConnection: keep-alive, close"));
    EXPECT_FALSE(keeps("HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked"));
}

TEST(RequestHead, StaysReadableWhenMoved) {
    RequestHead first = head_of("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    const RequestHead second = std::move(first);
    EXPECT_EQ(second.target(), "/a");
    EXPECT_EQ(second.find("Host"), "a");
}

TEST(HeadParser, LeavesWhatFollowsTheHeadToTheCaller) {
    HeadParser parser;
    const std::string first = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";
    const std::string second = "GET /2 HTTP/1.1\r\nHost: b\r\n\r\n";
    const std::string both = first + second;
    EXPECT_EQ(feed(parser, both), (Outcome{.is_done = true, .consumed = first.size()}));
    EXPECT_EQ(parser.head().target(), "/1");
    EXPECT_EQ(feed(parser, second), (Outcome{.is_done = true}));  // not before take()
    EXPECT_EQ(parser.take().target(), "/1");
    EXPECT_EQ(feed(parser, second), (Outcome{.is_done = true, .consumed = second.size()}));
    EXPECT_EQ(parser.head().target(), "/2");
    EXPECT_EQ(parser.head().find("Host"), "b");
}

TEST(HeadParser, StaysFailed) {
    HeadParser parser;
    EXPECT_EQ(feed(parser, "\n").status, 400);
    EXPECT_EQ(feed(parser, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), (Outcome{.status = 400}));
}

TEST(HeadParser, TellsAFoldedHeaderFromOneWithoutName) {
    for (const std::string start : {" ", "\t"}) {
        HeadParser parser;
        feed(parser, "GET / HTTP/1.1\r\nHost: a\r\n" + start + "b: c\r\n");
        EXPECT_EQ(parser.failure().text, "A header is folded over two lines: send it on one.\n");
    }
}

TEST(HeadParser, HasNoOpinionBeforeTheLastByte) {
    const std::string text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for (std::size_t size = 0; size < text.size(); ++size) {
        HeadParser parser;
        EXPECT_EQ(feed_in_pieces(parser, text.substr(0, size), 100), (Outcome{.consumed = size}));
    }
}

TEST(HeadParser, ReadsAHeadOf8KiBAndNoByteMore) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{4096}, head_bytes_max * 2}) {
        for (const std::size_t size : {head_bytes_max - 1, head_bytes_max}) {
            HeadParser parser;
            EXPECT_EQ(feed_in_pieces(parser, request_of_size(size), piece),
                      (Outcome{.is_done = true, .consumed = size}));
        }
        HeadParser parser;
        EXPECT_EQ(feed_in_pieces(parser, request_of_size(head_bytes_max + 1), piece).status, 431);
    }
}

TEST(HeadParser, Reads64HeadersAndNoneMore) {
    for (const std::size_t count : {headers_max - 1, headers_max}) {
        EXPECT_EQ(head_of(request_with_headers(count)).count("X"), count - 1);
    }
    HeadParser parser;
    EXPECT_EQ(feed(parser, request_with_headers(headers_max + 1)).status, 431);
}

TEST(HeadParser, ReadsATargetOf4KiBAndNoByteMore) {
    for (const std::size_t piece : {std::size_t{1}, head_bytes_max}) {
        for (const std::size_t size : {target_bytes_max - 1, target_bytes_max}) {
            HeadParser parser;
            EXPECT_TRUE(feed_in_pieces(parser, request_with_target(size), piece).is_done);
            EXPECT_EQ(parser.head().target().size(), size);
        }
        HeadParser parser;
        const std::string one_more = request_with_target(target_bytes_max + 1);
        EXPECT_EQ(feed_in_pieces(parser, one_more, piece).status, 414);
    }
}

TEST(HeadParser, CutsARequestLineThatDoesNotEnd) {
    const std::string line = "GET /" + std::string(request_line_bytes_max, 'x');
    for (const std::size_t piece : {std::size_t{1}, line.size()}) {
        HeadParser parser;
        EXPECT_EQ(feed_in_pieces(parser, line, piece).status, 414);
    }
    HeadParser parser;
    EXPECT_EQ(feed(parser, line.substr(0, request_line_bytes_max)).status, 0);
    EXPECT_EQ(feed(parser, "x").status, 414);
}

TEST(HeadParser, SkipsBodiesUpTo64KiB) {
    const auto request = [](std::size_t length) {
        return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(length) +
               "\r\n\r\n";
    };
    for (const std::size_t length : {std::size_t{0}, body_bytes_max - 1, body_bytes_max}) {
        EXPECT_EQ(head_of(request(length)).content_length(), length);
    }
    HeadParser parser;
    EXPECT_EQ(feed(parser, request(body_bytes_max + 1)).status, 413);
    EXPECT_TRUE(
        head_of("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").is_chunked());
}

// Endless headers in 1-octet writes once cost a server minutes, as it began from 0 each time.
TEST(HeadParser, Cuts20MegabytesInSingleBytesWithin5Milliseconds) {
    const std::string start = "GET / HTTP/1.1\r\nHost: a\r\n";
    std::clock_t fastest = CLOCKS_PER_SEC;
    for (int round = 0; round < 5; ++round) {
        HeadParser parser;
        EXPECT_EQ(feed(parser, start).status, 0);
        const std::byte x{'x'};
        std::size_t fed = start.size();
        const std::clock_t begin = std::clock();
        while (fed < 20'000'000 && parser.feed({&x, 1}).status == Status::need_more)
            ++fed;
        fastest = std::min(fastest, std::clock() - begin);
        EXPECT_EQ(fed, head_bytes_max);
        EXPECT_EQ(parser.failure().status, 431);
    }
    EXPECT_LT(fastest, CLOCKS_PER_SEC / 200);
}

TEST(HeadParser, AnswersTheSameHoweverTheBytesAreCut) {
    std::mt19937 random{1};
    const std::string good =
        "POST http://a/b HTTP/1.1\r\nHost: a\r\nConnection: a, b\r\nContent-Length: 17\r\n\r\nrest";
    constexpr std::string_view spices{"\r\n: \t,/a\0\x7f\x80", 11};
    for (int round = 0; round < 850'000; ++round) {
        std::string text = good;
        for (auto changes = random() % 3; changes > 0; --changes) {
            text[random() % text.size()] = spices[random() % spices.size()];
        }
        HeadParser whole;
        const Outcome expected = feed(whole, text);
        HeadParser cut;
        Outcome outcome;
        std::size_t at = 0;
        while (at < text.size() && !outcome.is_done && outcome.status == 0) {
            const std::size_t size = std::min<std::size_t>(1 + random() % 40, text.size() - at);
            const std::size_t before = outcome.consumed;
            outcome = feed(cut, std::string_view{text}.substr(at, size));
            outcome.consumed += before;
            at += size;
        }
        ASSERT_EQ(outcome.is_done, expected.is_done) << text;
        ASSERT_EQ(outcome.status, expected.status) << text;
        if (!expected.is_done) continue;
        ASSERT_EQ(outcome.consumed, expected.consumed) << text;
        ASSERT_EQ(cut.head().target(), whole.head().target());
        ASSERT_EQ(elements(cut.head(), "Connection"), elements(whole.head(), "Connection"));
        ASSERT_EQ(cut.head().content_length(), whole.head().content_length());
    }
}

}  // namespace
}  // namespace parley::http
