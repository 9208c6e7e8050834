#include "http/reply.h"

#include <gtest/gtest.h>

using namespace std::chrono_literals;

namespace parley::http {
namespace {

TEST(Reply, HasExactlyTheseHeaders) {
    EXPECT_EQ(format({.status = 404, .body = "Not Found"}),
              "HTTP/1.1 404 Not Found\r\n"
              "Content-Type: text/plain\r\n"
              "Content-Length: 9\r\n"
              "Connection: keep-alive\r\n"
              "\r\n"
              "Not Found");
}

TEST(Reply, SaysThatTheConnectionCloses) {
    EXPECT_EQ(format({.status = 400,
                      .content_type = "text/html",
                      .body = "Bad Request",
                      .then = Reply::Then::close}),
              "HTTP/1.1 400 Bad Request\r\n"
              "Content-Type: text/html\r\n"
              "Content-Length: 11\r\n"
              "Connection: close\r\n"
              "\r\n"
              "Bad Request");
}

TEST(Reply, ToHeadHasTheLengthOfTheBodyButNotTheBody) {
    EXPECT_EQ(format({.body = "four", .body_is = Reply::Body::omitted}),
              "HTTP/1.1 200 OK\r\n"
              "Content-Type: text/plain\r\n"
              "Content-Length: 4\r\n"
              "Connection: keep-alive\r\n"
              "\r\n");
}

TEST(Reply, SaysWhenToComeBack) {
    const std::string bytes =
        format({.status = 503, .then = Reply::Then::close, .retry_after = 5s});
    EXPECT_NE(bytes.find("HTTP/1.1 503 Service Unavailable\r\n"), std::string::npos);
    EXPECT_NE(bytes.find("\r\nRetry-After: 5\r\n\r\n"), std::string::npos);
}

TEST(Reply, NamesEveryStatusThatIsSent) {
    for (const int status :
         {101, 200, 400, 401, 403, 404, 405, 408, 413, 414, 426, 429, 431, 500, 501, 503, 505}) {
        EXPECT_FALSE(reason_phrase(static_cast<std::uint16_t>(status)).empty()) << status;
    }
    EXPECT_TRUE(reason_phrase(299).empty());
}

}  // namespace
}  // namespace parley::http
