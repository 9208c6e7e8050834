// What is agreed on in Sec-WebSocket-Extensions: every parameter, in every way to write it.
#include "ws/extensions.h"

#include <algorithm>
#include <ctime>
#include <gtest/gtest.h>

#include "http/request_head.h"

namespace parley::ws {
namespace {

/// The answer to an offer; "-" if all of it is declined.
std::string answer(std::string_view offer, Deflate policy) {
    const auto terms = accept_offer(offer, policy);
    return terms ? extension_answer(*terms) : "-";
}

http::RequestHead head_of(std::string_view text) {
    http::HeadParser parser;
    std::vector<std::byte> bytes(text.size());
    std::transform(text.begin(), text.end(), bytes.begin(),
                   [](char c) { return static_cast<std::byte>(c); });
    EXPECT_EQ(parser.feed(bytes).status, http::HeadParser::Status::done);
    return parser.take();
}

struct Row {
    std::string offer;
    std::string on;        // the answer without takeover, behind the name of the extension
    std::string takeover;  // likewise with takeover
};

const std::string none = "; server_no_context_takeover; client_no_context_takeover";
const std::string own = "; server_max_window_bits=12";

const std::vector<Row>& accepted() {
    static const std::vector<Row> rows = {
        {"permessage-deflate", none, own},
        {"Permessage-Deflate", none, own},
        {" \tpermessage-deflate\t ", none, own},
        {", ,permessage-deflate,,", none, own},
        {"permessage-deflate;client_max_window_bits", none, own + "; client_max_window_bits=12"},
        {"permessage-deflate ; client_max_window_bits = 15 ", none,
         own + "; client_max_window_bits=12"},
        {"permessage-deflate; client_max_window_bits=10", none,
         own + "; client_max_window_bits=10"},
        {"permessage-deflate; client_max_window_bits=8", none, own + "; client_max_window_bits=8"},
        {"permessage-deflate; server_no_context_takeover", none, "; server_no_context_takeover"},
        {"permessage-deflate; client_no_context_takeover", none,
         "; client_no_context_takeover" + own},
        {"permessage-deflate; client_no_context_takeover; server_no_context_takeover", none, none},
        {"permessage-deflate; server_max_window_bits=9", none + "; server_max_window_bits=9",
         "; server_max_window_bits=9"},
        {"permessage-deflate; server_max_window_bits=15", none + "; server_max_window_bits=15",
         own},
        {"permessage-deflate; server_max_window_bits=\"10\"", none + "; server_max_window_bits=10",
         "; server_max_window_bits=10"},
        {R"(permessage-deflate; server_max_window_bits="\1\0")",
         none + "; server_max_window_bits=10", "; server_max_window_bits=10"},
        {"permessage-deflate; server_max_window_bits=11; client_max_window_bits; "
         "server_no_context_takeover",
         none + "; server_max_window_bits=11",
         "; server_no_context_takeover; server_max_window_bits=11; client_max_window_bits=12"},
    };
    return rows;
}

/// None of these may be accepted.
const std::vector<std::string>& declined() {
    static const std::vector<std::string> rows = {
        "",
        " ",
        ",",
        ";",
        "permessage-deflat",
        "permessage-deflate2",
        "permessage-bzip2",
        "x-webkit-deflate-frame",
        "\"permessage-deflate\"",
        "permessage-deflate=1",
        "permessage-deflate x",
        "permessage-deflate;",
        "permessage-deflate;;client_max_window_bits",
        "permessage-deflate; =",
        "permessage-deflate; no_such_parameter",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; server_no_context_takeover=",
        "permessage-deflate; client_no_context_takeover=true",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
        "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=",
        "permessage-deflate; server_max_window_bits=\"\"",
        "permessage-deflate; server_max_window_bits=\"10",
        "permessage-deflate; server_max_window_bits=\"10\\",
        "permessage-deflate; server_max_window_bits=8",  // zlib has none
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=99",
        "permessage-deflate; server_max_window_bits=0",
        "permessage-deflate; server_max_window_bits=010",
        "permessage-deflate; server_max_window_bits=015",
        "permessage-deflate; server_max_window_bits=09",
        "permessage-deflate; server_max_window_bits=+9",
        "permessage-deflate; server_max_window_bits=-9",
        "permessage-deflate; server_max_window_bits=9.0",
        "permessage-deflate; server_max_window_bits=0x9",
        "permessage-deflate; server_max_window_bits=4294967305",
        "permessage-deflate; server_max_window_bits=10 11",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; client_max_window_bits=99",
        "permessage-deflate; client_max_window_bits=08",
        "permessage-deflate; client_max_window_bits=",
    };
    return rows;
}

TEST(Extensions, AnswersExactlyWhatIsAgreed) {
    for (const Row& row : accepted()) {
        EXPECT_EQ(answer(row.offer, Deflate::on), "permessage-deflate" + row.on) << row.offer;
        EXPECT_EQ(answer(row.offer, Deflate::takeover), "permessage-deflate" + row.takeover)
            << row.offer;
    }
}

TEST(Extensions, ACompressionThatIsOffDeclinesEverything) {
    for (const Row& row : accepted())
        EXPECT_EQ(answer(row.offer, Deflate::off), "-") << row.offer;
}

TEST(Extensions, DeclinesWhatIsWrongOrUnknown) {  // V11
    for (const std::string& offer : declined()) {
        EXPECT_EQ(answer(offer, Deflate::on), "-") << offer;
        EXPECT_EQ(answer(offer, Deflate::takeover), "-") << offer;
    }
}

TEST(Extensions, TheNextOfferIsTakenInstead) {
    for (const std::string& offer : declined()) {
        if (offer.find('"') != std::string::npos) continue;  // may reach over the comma: below
        EXPECT_EQ(answer(offer + ", permessage-deflate", Deflate::on), "permessage-deflate" + none)
            << offer;
    }
    EXPECT_EQ(
        answer("permessage-deflate; server_max_window_bits=10, permessage-deflate", Deflate::on),
        "permessage-deflate" + none + "; server_max_window_bits=10");
}

TEST(Extensions, ACommaInQuotesEndsNoOffer) {
    EXPECT_EQ(answer(R"(foo; a="b, permessage-deflate", bar)", Deflate::on), "-");
    EXPECT_EQ(answer(R"(foo; a="\", permessage-deflate", bar)", Deflate::on), "-");
    EXPECT_EQ(answer(R"(foo; a="b,c", permessage-deflate)", Deflate::on),
              "permessage-deflate" + none);
    // A quote that never ends takes the rest of its header with it.
    EXPECT_EQ(answer(R"(foo; a="b, permessage-deflate)", Deflate::on), "-");
}

TEST(Extensions, OffersMayStandInSeveralHeaders) {
    const http::RequestHead head = head_of(
        "GET / HTTP/1.1\r\nHost: x\r\n"
        "Sec-WebSocket-Extensions: foo; a=\"b\r\n"
        "sec-websocket-extensions:\r\n"
        "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=7\r\n"
        "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=11\r\n"
        "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
    const auto terms = negotiate_deflate(head, Deflate::on);
    ASSERT_TRUE(terms.has_value());
    EXPECT_EQ(terms->send_window_bits, 11);
    const http::RequestHead plain = head_of("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_FALSE(negotiate_deflate(plain, Deflate::on).has_value());
}

TEST(Extensions, TheTermsAreThoseOfTheAnswer) {
    const auto kept = accept_offer("permessage-deflate; client_max_window_bits", Deflate::takeover);
    EXPECT_EQ(kept, (DeflateTerms{.send_window_bits = 12,
                                  .receive_window_bits = 12,
                                  .send_takeover = true,
                                  .receive_takeover = true,
                                  .names_send_window = true,
                                  .names_receive_window = true}));
    // A client that did not allow it may not be told to use less than 2^15.
    const auto large = accept_offer("permessage-deflate", Deflate::takeover);
    EXPECT_EQ(large->receive_window_bits, 15);
    EXPECT_TRUE(large->receive_takeover);
}

TEST(Extensions, EightKibibytesOfJunkAreReadOnce) {  // V3
    for (const std::string junk : {" ", ";", ",", "a,", "\"", "\\", "\"\\", "permessage-deflate,;",
                                   "permessage-deflate; server_max_window_bits=7,", "=", "a=\"\",",
                                   ";permessage-deflate;"}) {
        std::string value;
        while (value.size() + junk.size() <= 8192)
            value += junk;
        const std::clock_t began = std::clock();
        for (int i = 0; i < 20; ++i)
            answer(value, Deflate::on);
        const double each = 1e3 * static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC / 20;
        EXPECT_LT(each, 5.0) << junk;  // milliseconds; it takes about 0.1
    }
}

}  // namespace
}  // namespace parley::ws
