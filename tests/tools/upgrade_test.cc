// The WebSocket upgrade, the client's side.
#include "client/upgrade.h"

#include <gtest/gtest.h>

#include "client/accept_key.h"

namespace parley::client {
namespace {

constexpr const char* key = "dGhlIHNhbXBsZSBub25jZQ==";  // of RFC 6455, section 1.3
constexpr const char* accepted =
    "HTTP/1.1 101 Switching Protocols\r\n"
    "upgrade: WebSocket\r\n"
    "Connection: Upgrade\r\n"
    "SEC-WEBSOCKET-ACCEPT:s3pPLMBiTxaQ9kYGzzhZRbK+xOo= \r\n"
    "\r\n";

std::string without(std::string_view line) {
    std::string head = accepted;
    const std::size_t at = head.find(line);
    return head.erase(at, head.find("\r\n", at) + 2 - at);
}

TEST(AcceptKey, IsThatOfTheRfc) {
    EXPECT_EQ(accept_for(key), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(AcceptKey, HashesTextsOfEveryLengthAroundABlock) {
    // With the fixed text of 36 bytes: 36, 55, 56, 63, 64 and 128 bytes. From Python's hashlib.
    EXPECT_EQ(accept_for(""), "Kfh9QIsMVZcl6xEPYxPHzW8SZ8w=");
    EXPECT_EQ(accept_for(std::string(19, 'a')), "yzaGyu0mcUukN7CdsSwa30tnCpc=");
    EXPECT_EQ(accept_for(std::string(20, 'a')), "dUYRM7bOMwDmbriNIPr11x+r3E0=");
    EXPECT_EQ(accept_for(std::string(27, 'a')), "NCEiOv6lMC9mC8oEZnneqRdJ4DU=");
    EXPECT_EQ(accept_for(std::string(28, 'a')), "xMWmCBqYJY4uXzUs8PNU1t+Pzro=");
    EXPECT_EQ(accept_for(std::string(92, 'a')), "QozTWdJkJ6Mr6+QwqAHt8yNpBdc=");
}

TEST(UpgradeRequest, CarriesTheHeadersOfTheSdk) {
    const ServerUrl url{"host", 7420, "/x"};
    const std::string request = upgrade_request(url, {"acme_john", "phone 1/2"}, key);
    EXPECT_TRUE(request.starts_with("GET /x HTTP/1.1\r\nHost: host:7420\r\n"));
    EXPECT_NE(request.find("\r\nVoicePingToken: acme_john\r\n"), std::string::npos);
    EXPECT_NE(request.find("\r\nDeviceId: phone 1/2\r\n"), std::string::npos);
    EXPECT_TRUE(request.ends_with("\r\n\r\n"));
}

TEST(UpgradeResponse, IsAcceptedWhateverTheCaseOfItsNames) {
    EXPECT_TRUE(read_upgrade_response(accepted, "", key));
}

TEST(UpgradeResponse, IsRefusedWithoutItsProof) {
    EXPECT_FALSE(read_upgrade_response(without("SEC-WEBSOCKET-ACCEPT"), "", key));
    EXPECT_FALSE(read_upgrade_response(without("upgrade: WebSocket"), "", key));
    EXPECT_FALSE(read_upgrade_response(accepted, "", "another key"));
}

TEST(UpgradeResponse, IsRefusedWithAnExtensionNobodyAskedFor) {
    std::string head = accepted;
    head.insert(head.size() - 2, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    EXPECT_FALSE(read_upgrade_response(head, "", key));
}

TEST(UpgradeResponse, SaysWhatToDoAboutARefusedToken) {
    auto refused = read_upgrade_response("HTTP/1.1 401 Unauthorized\r\n\r\n", "", key);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().text.find("--token"), std::string::npos);
}

std::string said_of(std::string_view head, std::string_view rest) {
    auto refused = read_upgrade_response(head, rest, key);
    return refused ? "" : refused.error().text;
}

TEST(UpgradeResponse, SaysWhatTheServerSays) {
    EXPECT_EQ(
        said_of("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 10\r\n\r\n", "Too Many Requests"),
        "the server refused the WebSocket: 429 Too Many Requests; too many connections come "
        "from this address: --limit-sockets-per-address of the server bounds them");
    EXPECT_EQ(said_of("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\n\r\n", ""),
              "the server refused the WebSocket: 503 Service Unavailable; try again in 10 s");
    EXPECT_EQ(
        said_of("HTTP/1.1 400 Bad Request\r\n\r\n", "This port speaks TLS: use wss://.\n"),
        "the server refused the WebSocket: 400 Bad Request: This port speaks TLS: use wss://.");
    EXPECT_EQ(said_of("HTTP/1.1 404 Not Found\r\n\r\n", "Not Found"),
              "the server refused the WebSocket: 404 Not Found; is the URL right?");
    EXPECT_EQ(said_of("HTTP/1.1 400 \r\n\r\n", "\x1b[2J"),
              "the server refused the WebSocket: 400; is the URL right?");
}

TEST(UpgradeResponse, IsRefusedIfItIsNoHttp) {
    for (const char* head : {"", "\r\n\r\n", "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1\r\n\r\n",
                             "HTTP/1.1 1", "HTTP/2 101 \r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"}) {
        EXPECT_FALSE(read_upgrade_response(head, "", key)) << head;
    }
}

TEST(ResponseHead, EndsBeforeTheFramesThatFollow) {
    EXPECT_FALSE(response_head_size("HTTP/1.1 101\r\n"));
    EXPECT_EQ(response_head_size("HTTP/1.1 101\r\n\r\n\x82"), 16U);
}

}  // namespace
}  // namespace parley::client
