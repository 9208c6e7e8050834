// Credentials: which header counts (VoicePing's order, and B35 mended).
#include <gtest/gtest.h>

#include "session/credentials.h"

namespace parley::session {
namespace {

TEST(Credentials, TakeTheTokenFromTheFirstHeaderThatHasOne) {
    CredentialHeaders headers{.token = "t",
                              .voicepingtoken = "v",
                              .device_id = "",
                              .deviceid = "",
                              .protocols = "p, d",
                              .authorization = "Bearer b"};
    EXPECT_EQ(find_credentials(headers).token, "t");
    headers.token = "";
    EXPECT_EQ(find_credentials(headers).token, "v");
    headers.voicepingtoken = "";
    EXPECT_EQ(find_credentials(headers).token, "p");
    headers.protocols = "";
    EXPECT_EQ(find_credentials(headers).token, "b");
    headers.authorization = "";
    EXPECT_EQ(find_credentials(headers).token, "");
}

TEST(Credentials, TakeTheDeviceFromTheFirstPlaceThatHasOne) {
    CredentialHeaders headers{.token = "t",
                              .voicepingtoken = "",
                              .device_id = "d1",
                              .deviceid = "d2",
                              .protocols = "p,d3",
                              .authorization = ""};
    EXPECT_EQ(find_credentials(headers).device, "d1");
    headers.device_id = "";
    EXPECT_EQ(find_credentials(headers).device, "d2");
    headers.deviceid = "";
    EXPECT_EQ(find_credentials(headers).device, "d3");
    headers.protocols = "p";
    EXPECT_EQ(find_credentials(headers).device, "t");
}

CredentialHeaders with_protocols(std::string_view list) {
    CredentialHeaders headers;
    headers.protocols = list;
    return headers;
}

TEST(Credentials, SplitTheProtocolListWhateverItsBlanks) {
    for (const std::string_view list : {"tok,dev", "tok, dev", "tok , dev", " tok\t,\tdev ",
                                        ",tok,dev", "tok,,dev", ", ,tok,, dev,", "tok,dev,more"}) {
        const Credentials found = find_credentials(with_protocols(list));
        EXPECT_EQ(found.token, "tok") << list;
        EXPECT_EQ(found.device, "dev") << list;
        EXPECT_EQ(found.subprotocol, "tok") << list;
        EXPECT_TRUE(found.has_subprotocol);
    }
}

TEST(Credentials, EchoTheFirstProtocolWhereverTheTokenCameFrom) {
    CredentialHeaders headers = with_protocols("chat, superchat");
    headers.token = "t";
    headers.device_id = "d";
    const Credentials found = find_credentials(headers);
    EXPECT_EQ(found.token, "t");
    EXPECT_EQ(found.device, "d");
    EXPECT_EQ(found.subprotocol, "chat");
    EXPECT_TRUE(found.has_subprotocol);
}

TEST(Credentials, EchoNothingWithoutAProtocol) {
    for (const std::string_view list : {"", " ", ",", " , ,"}) {
        const Credentials found = find_credentials(with_protocols(list));
        EXPECT_FALSE(found.has_subprotocol) << list;
        EXPECT_EQ(found.subprotocol, "");
        EXPECT_EQ(found.token, "");
        EXPECT_EQ(found.device, "");
    }
}

TEST(Credentials, ReadABearerAndNoOtherScheme) {
    const auto token_of = [](std::string_view value) {
        CredentialHeaders headers;
        headers.authorization = value;
        return find_credentials(headers).token;
    };
    EXPECT_EQ(token_of("Bearer a.b.c"), "a.b.c");
    EXPECT_EQ(token_of("bearer a.b.c"), "a.b.c");
    EXPECT_EQ(token_of(" BEARER   a.b.c "), "a.b.c");
    for (const std::string_view other :
         {"Bearer", "Bearer ", "Basic YTpi", "a.b.c", "Bearera.b.c", "Bearers a", "Token a"}) {
        EXPECT_EQ(token_of(other), "") << other;
    }
}

}  // namespace
}  // namespace parley::session
