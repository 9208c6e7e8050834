#include "ws/handshake.h"

#include <gtest/gtest.h>

#include "http/limits.h"

namespace parley::ws {
namespace {

struct Header {
    std::string name;
    std::string value;
};

/// A good upgrade request; each test changes one thing about it.
struct Request {
    std::string line = "GET / HTTP/1.1";
    std::vector<Header> headers = {{"Host", "example:3000"},
                                   {"Upgrade", "websocket"},
                                   {"Connection", "Upgrade"},
                                   {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                                   {"Sec-WebSocket-Version", "13"}};

    Request with(const std::string& name, const std::string& value) const {
        Request changed = without(name);
        changed.headers.push_back({name, value});
        return changed;
    }
    Request without(const std::string& name) const {
        Request changed = *this;
        std::erase_if(changed.headers, [&](const Header& header) { return header.name == name; });
        return changed;
    }
    Request also(const std::string& name, const std::string& value) const {
        Request changed = *this;
        changed.headers.push_back({name, value});
        return changed;
    }

    http::RequestHead head() const {
        std::string text = line + "\r\n";
        for (const Header& header : headers)
            text += header.name + ": " + header.value + "\r\n";
        text += "\r\n";
        http::HeadParser parser;
        const auto progress = parser.feed(std::as_bytes(std::span{text}));
        EXPECT_EQ(progress.status, http::HeadParser::Status::done) << text;
        return parser.take();
    }
};

bool is_accepted(const Request& request) {
    return std::holds_alternative<Accept>(examine(request.head()));
}

std::vector<std::string> offered(const Request& request) {
    return std::get<Accept>(examine(request.head())).subprotocols;
}

void expect_bad_request(const Request& request, std::string_view reason) {
    const Handshake handshake = examine(request.head());
    ASSERT_TRUE(std::holds_alternative<Refuse>(handshake)) << reason;
    EXPECT_EQ(std::get<Refuse>(handshake).status, 400);
    EXPECT_EQ(std::get<Refuse>(handshake).body, "Bad Request");
    EXPECT_EQ(std::get<Refuse>(handshake).reason, reason);
}

TEST(Handshake, AnswersTheKeyOfTheRfc) {
    EXPECT_EQ(answer_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    EXPECT_EQ(answer_key("x3JJHMbDL1EzLkh9GBhXDw=="), "HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
}

TEST(Handshake, AcceptsAndAnswersWithExactlyTheseHeaders) {
    const Handshake handshake = examine(Request{}.head());
    ASSERT_TRUE(std::holds_alternative<Accept>(handshake));
    EXPECT_EQ(accept_reply(std::get<Accept>(handshake), ""),
              "HTTP/1.1 101 Switching Protocols\r\n"
              "Upgrade: websocket\r\n"
              "Connection: Upgrade\r\n"
              "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
              "\r\n");
}

TEST(Handshake, EchoesTheSubprotocolThatWasChosen) {
    const Handshake handshake =
        examine(Request{}.with("Sec-WebSocket-Protocol", "tok, dev").head());
    const Accept& accept = std::get<Accept>(handshake);
    ASSERT_EQ(accept.subprotocols, (std::vector<std::string>{"tok", "dev"}));
    EXPECT_EQ(accept_reply(accept, accept.subprotocols[0]),
              "HTTP/1.1 101 Switching Protocols\r\n"
              "Upgrade: websocket\r\n"
              "Connection: Upgrade\r\n"
              "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
              "Sec-WebSocket-Protocol: tok\r\n"
              "\r\n");
}

TEST(HandshakeDeathTest, OnlyAnOfferedSubprotocolMayBeEchoed) {
    const Accept accept = std::get<Accept>(examine(Request{}.head()));
    EXPECT_DEATH(accept_reply(accept, "tok"), "");
}

TEST(Handshake, ReadsTheOffersOfAllFieldsWithAndWithoutBlanks) {
    const std::string name = "Sec-WebSocket-Protocol";
    EXPECT_EQ(offered(Request{}), std::vector<std::string>{});
    EXPECT_EQ(offered(Request{}.with(name, "")), std::vector<std::string>{});
    EXPECT_EQ(offered(Request{}.with(name, "tok,dev")), (std::vector<std::string>{"tok", "dev"}));
    EXPECT_EQ(offered(Request{}.with(name, " tok ,, dev ,").also(name, "x")),
              (std::vector<std::string>{"tok", "dev", "x"}));
}

TEST(Handshake, SixteenSubprotocolsMayBeOffered) {
    std::string list = "0";
    for (std::size_t i = 1; i < subprotocols_max; ++i)
        list += "," + std::to_string(i);
    EXPECT_EQ(offered(Request{}.with("Sec-WebSocket-Protocol", list)).size(), subprotocols_max);
    expect_bad_request(Request{}.with("Sec-WebSocket-Protocol", list + ",x"),
                       "too many subprotocols");
}

TEST(Handshake, AcceptsAnyPathAndIgnoresExtensionsAndOrigin) {
    Request request = Request{}
                          .with("Sec-WebSocket-Extensions", "permessage-deflate")
                          .with("Origin", "https://elsewhere.example");
    request.line = "GET /any/path?q=1 HTTP/1.1";
    const Handshake handshake = examine(request.head());
    ASSERT_TRUE(std::holds_alternative<Accept>(handshake));
    EXPECT_EQ(accept_reply(std::get<Accept>(handshake), "").find("Extensions"), std::string::npos);
}

TEST(Handshake, AnswersTheExtensionThatTheCallerAgreedTo) {
    Handshake handshake = examine(Request{}.head());
    Accept& accept = std::get<Accept>(handshake);
    accept.deflate = DeflateTerms{.send_window_bits = 10, .names_send_window = true};
    EXPECT_EQ(accept_reply(accept, ""),
              "HTTP/1.1 101 Switching Protocols\r\n"
              "Upgrade: websocket\r\n"
              "Connection: Upgrade\r\n"
              "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
              "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
              "client_no_context_takeover; server_max_window_bits=10\r\n"
              "\r\n");
}

TEST(Handshake, AcceptsVersions13And8Only) {
    EXPECT_TRUE(is_accepted(Request{}.with("Sec-WebSocket-Version", "8")));
    for (const std::string version : {"12", "7", "14", "0", "", "013", "13, 8", "130", "1"}) {
        expect_bad_request(Request{}.with("Sec-WebSocket-Version", version),
                           "the Sec-WebSocket-Version is neither 13 nor 8");
    }
}

TEST(Handshake, TakesUpgradeAndConnectionInAnyCase) {
    EXPECT_TRUE(is_accepted(Request{}.with("Upgrade", "WebSocket")));
    EXPECT_TRUE(is_accepted(Request{}.with("Connection", "keep-alive, UPGRADE")));
    EXPECT_TRUE(
        is_accepted(Request{}.with("Connection", "keep-alive").also("Connection", "upgrade")));
    expect_bad_request(Request{}.with("Upgrade", "h2c"), "the upgrade is not to websocket");
    expect_bad_request(Request{}.with("Upgrade", "websocket2"), "the upgrade is not to websocket");
    expect_bad_request(Request{}.with("Connection", "keep-alive"),
                       "Connection does not list upgrade");
    expect_bad_request(Request{}.with("Connection", "upgraded"),
                       "Connection does not list upgrade");
}

TEST(Handshake, MissingHeadersAreRefused) {
    expect_bad_request(Request{}.without("Upgrade"), "not exactly one Upgrade");
    expect_bad_request(Request{}.without("Connection"), "Connection does not list upgrade");
    expect_bad_request(Request{}.without("Sec-WebSocket-Key"), "not exactly one Sec-WebSocket-Key");
    expect_bad_request(Request{}.without("Sec-WebSocket-Version"),
                       "not exactly one Sec-WebSocket-Version");
}

TEST(Handshake, RepeatedHeadersAreRefused) {
    expect_bad_request(Request{}.also("Upgrade", "websocket"), "not exactly one Upgrade");
    expect_bad_request(Request{}.also("sec-websocket-key", "x"),
                       "not exactly one Sec-WebSocket-Key");
    expect_bad_request(Request{}.also("Sec-WebSocket-Version", "13"),
                       "not exactly one Sec-WebSocket-Version");
}

TEST(Handshake, OtherMethodsAndHttp10AreRefused) {
    for (const std::string method : {"POST", "HEAD", "get", "OPTIONS"}) {
        Request request = Request{}.with("Content-Length", "0");
        request.line = method + " / HTTP/1.1";
        expect_bad_request(request, "the method is not GET");
    }
    Request request;
    request.line = "GET / HTTP/1.0";
    expect_bad_request(request, "the version is HTTP/1.0");
}

TEST(Handshake, TheKeyMayBeAnyTextOfUpTo128Characters) {
    const std::string name = "Sec-WebSocket-Key";
    for (const std::string& key : {std::string{"x"}, std::string{"not/b64"},
                                   std::string{"a/b=~;,\""}, std::string(key_bytes_max, 'k')}) {
        const Handshake handshake = examine(Request{}.with(name, key).head());
        ASSERT_TRUE(std::holds_alternative<Accept>(handshake)) << key;
        EXPECT_EQ(std::get<Accept>(handshake).key_answer, answer_key(key));
    }
    expect_bad_request(Request{}.with(name, std::string(key_bytes_max + 1, 'k')),
                       "the Sec-WebSocket-Key is too long");
    for (const std::string key : {"", "two words", "\xc3\xa4"}) {
        expect_bad_request(Request{}.with(name, key),
                           "the Sec-WebSocket-Key is empty or not plain text");
    }
}

// Bytes that a proxy takes for a body must not be read as frames here.
TEST(Handshake, AnUpgradeWithABodyIsRefused) {
    EXPECT_TRUE(is_accepted(Request{}.with("Content-Length", "0")));
    expect_bad_request(Request{}.with("Content-Length", "1"), "the upgrade has a body");
    expect_bad_request(Request{}.with("Transfer-Encoding", "chunked"), "the upgrade has a body");
}

TEST(Handshake, ARefusalClosesTheConnectionAndHasNoVersionHeader) {
    const Handshake handshake = examine(Request{}.with("Sec-WebSocket-Version", "12").head());
    EXPECT_EQ(refuse_reply(std::get<Refuse>(handshake)),
              "HTTP/1.1 400 Bad Request\r\n"
              "Content-Type: text/html\r\n"
              "Content-Length: 11\r\n"
              "Connection: close\r\n"
              "\r\n"
              "Bad Request");
}

TEST(Handshake, ARequestWithUpgradeWantsOne) {
    EXPECT_TRUE(wants_upgrade(Request{}.head()));
    EXPECT_TRUE(wants_upgrade(Request{}.with("Upgrade", "h2c").head()));
    EXPECT_FALSE(wants_upgrade(Request{}.without("Upgrade").head()));
}

TEST(Handshake, AListOfBlanksAndCommasIsReadOnce) {
    // As much as fits into a head; 20 KiB of it are refused there.
    std::string blanks(http::head_bytes_max - 300, ' ');
    EXPECT_TRUE(offered(Request{}.with("Sec-WebSocket-Protocol", "," + blanks + ",")).empty());
    for (char& c : blanks)
        c = ',';
    EXPECT_TRUE(offered(Request{}.with("Sec-WebSocket-Protocol", blanks)).empty());
}

}  // namespace
}  // namespace parley::ws
