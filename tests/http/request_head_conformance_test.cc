// Whole requests and what a server must make of them, in the manner of h1spec: RFC 9112 rules,
// request smuggling and sloppy clients. Every case is fed at once and in pieces of 1 and 7 bytes.
#include <array>
#include <gtest/gtest.h>
#include <string>

#include "heads.h"

namespace parley::http {
namespace {

constexpr int read = 0;

struct Case {
    std::string_view name;
    std::string_view request;
    int status;  ///< `read`, or what must be answered
};

using namespace std::string_view_literals;

constexpr std::array cases{
    Case{"a plain GET", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"sv, read},
    Case{"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n"sv, read},
    Case{"a later minor version", "GET / HTTP/1.2\r\nHost: a\r\n\r\n"sv, read},
    Case{"an empty line in front", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"sv, read},
    Case{"header names in any case", "GET / HTTP/1.1\r\nhOST: a\r\n\r\n"sv, read},
    Case{"no blank behind the colon", "GET / HTTP/1.1\r\nHost:a\r\n\r\n"sv, read},
    Case{"an empty header value", "GET / HTTP/1.1\r\nHost: a\r\nX:\r\n\r\n"sv, read},
    Case{"an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"sv, read},
    Case{"a Host with port", "GET / HTTP/1.1\r\nHost: [::1]:3000\r\n\r\n"sv, read},
    Case{"a tab in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\tb\r\n\r\n"sv, read},
    Case{"a value above ASCII", "GET / HTTP/1.1\r\nHost: a\r\nX: \xc3\xa4\r\n\r\n"sv, read},
    Case{"absolute-form", "GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n"sv, read},
    Case{"OPTIONS of everything", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"sv, read},
    Case{"a method nobody knows", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n"sv, read},
    Case{"a body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"sv, read},
    Case{"a chunked body", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"sv,
         read},

    Case{"no Host", "GET / HTTP/1.1\r\n\r\n"sv, 400},
    Case{"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"sv, 400},
    Case{"two Hosts in 1.0", "GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n"sv, 400},
    Case{"a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"sv, 400},
    Case{"a Host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"sv, 400},
    Case{"two empty lines in front", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400},
    Case{"bare LF behind the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"sv, 400},
    Case{"bare LF behind a header", "GET / HTTP/1.1\r\nHost: a\n\r\n"sv, 400},
    Case{"bare LF as the end", "GET / HTTP/1.1\r\nHost: a\r\n\n"sv, 400},
    Case{"bare LF in front", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400},
    Case{"bare CR in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"sv, 400},
    Case{"bare CR in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\rY: b\r\n\r\n"sv, 400},
    Case{"bare CR in the target", "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400},
    Case{"CR CR LF", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"sv, 400},
    Case{"a folded header", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n"sv, 400},
    Case{"a header folded by a tab", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\tc\r\n\r\n"sv, 400},
    Case{"a blank before the first header", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"sv, 400},
    Case{"a blank before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"sv, 400},
    Case{"a header without colon", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"sv, 400},
    Case{"a header without name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"sv, 400},
    Case{"a separator in a name", "GET / HTTP/1.1\r\nHost: a\r\nX(Y): b\r\n\r\n"sv, 400},
    Case{"a name above ASCII", "GET / HTTP/1.1\r\nHost: a\r\nX\xc3\xa4: b\r\n\r\n"sv, 400},
    Case{"NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"sv, 400},
    Case{"escape in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \x1b[2J\r\n\r\n"sv, 400},
    Case{"delete in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n"sv, 400},
    Case{"no version", "GET /\r\nHost: a\r\n\r\n"sv, 400},
    Case{"a version that is none", "GET / HTTQ/1.1\r\nHost: a\r\n\r\n"sv, 400},
    Case{"a version in lower case", "GET / http/1.1\r\nHost: a\r\n\r\n"sv, 400},
    Case{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"sv, 505},
    Case{"HTTP/0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n"sv, 505},
    Case{"a version with more digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n"sv, 505},
    Case{"a version without minor", "GET / HTTP/1.\r\nHost: a\r\n\r\n"sv, 505},
    Case{"a version with a letter", "GET / HTTP/1.x\r\nHost: a\r\n\r\n"sv, 505},
    Case{"no target", "GET  HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400},
    Case{"two blanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400},
    Case{"a blank behind the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"sv, 400},
    Case{"a blank in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400},
    Case{"a target above ASCII", "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400},
    Case{"a relative target", "GET a HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400},
    Case{"a target of no scheme", "GET ://a/ HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400},
    Case{"a scheme that begins with a digit", "GET 1a://a/ HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400},
    Case{"a scheme of no letters", "GET h_t://a/ HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400},
    Case{"GET of everything", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400},
    Case{"a separator in the method", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400},
    Case{"no method", " / HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400},
    Case{"a blank in front", " GET / HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400},
    Case{"a TLS hello", "\x16\x03\x01\x02\r\n"sv, 400},

    Case{"two equal lengths",
         "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n"sv, 400},
    Case{"two lengths",
         "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"sv, 400},
    Case{"a list of lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n"sv, 400},
    Case{"a negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"sv, 400},
    Case{"a signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n"sv, 400},
    Case{"a length in hex", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n"sv, 400},
    Case{"an empty length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n"sv, 400},
    Case{"a length of 2^64",
         "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\n"sv, 413},
    Case{"a length and chunked",
         "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"sv,
         400},
    Case{"chunked and a length",
         "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"sv,
         400},
    Case{"another coding and a length",
         "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\nContent-Length: 5\r\n\r\n"sv, 400},
    Case{"chunked twice",
         "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n"sv, 501},
    Case{"chunked in two fields",
         "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
         "Transfer-Encoding: x\r\n\r\n"sv,
         501},
    Case{"another coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"sv, 501},
    Case{"an empty coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n"sv, 501},
    Case{"chunked in 1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"sv,
         400},
};

TEST(RequestHeadConformance, EveryRequestHasItsAnswerHoweverItIsCut) {
    for (const Case& request : cases) {
        for (const std::size_t piece_size :
             {request.request.size(), std::size_t{1}, std::size_t{7}}) {
            HeadParser parser;
            const Outcome outcome = feed_in_pieces(parser, request.request, piece_size);
            EXPECT_EQ(outcome.status, request.status) << request.name << ", cut at " << piece_size;
            EXPECT_EQ(outcome.is_done, request.status == read) << request.name;
            if (request.status == read) {
                EXPECT_EQ(outcome.consumed, request.request.size()) << request.name;
            }
        }
    }
}

TEST(RequestHeadConformance, EveryRefusalSaysWhatToDo) {
    for (const Case& request : cases) {
        HeadParser parser;
        if (feed(parser, request.request).is_done) continue;
        EXPECT_NE(parser.failure().text.find(": "), std::string_view::npos) << request.name;
        EXPECT_EQ(parser.failure().text.back(), '\n') << request.name;
    }
}

}  // namespace
}  // namespace parley::http
