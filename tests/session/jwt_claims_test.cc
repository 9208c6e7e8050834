// JWT: what a token with a good signature may say (requirement F2; B26 and B36 of VoicePing).
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "jwt_tokens.h"
#include "session/jwt.h"

namespace parley::session {
namespace {

using namespace tokens;  // what the tests below are made of
using Names = std::vector<std::string>;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string outcome_of(std::string_view payload, WallTime at = now) {
    return outcome(judge(with_claims(payload), at));
}

Identity identity_of(std::string_view payload) {
    Verdict verdict = judge(with_claims(payload));
    EXPECT_EQ(outcome(verdict), "ok") << payload;
    return verdict ? verdict.identity() : Identity{};
}

TEST(JwtClaims, FindTheUserInTheFirstClaimThatNamesOne) {
    EXPECT_EQ(identity_of(R"({"sub":"s","user_id":"i","uid":"u","userId":"U"})").user, "U");
    EXPECT_EQ(identity_of(R"({"sub":"s","user_id":"i","uid":"u"})").user, "u");
    EXPECT_EQ(identity_of(R"({"sub":"s","user_id":"i"})").user, "i");
    EXPECT_EQ(identity_of(R"({"sub":"s"})").user, "s");
    EXPECT_EQ(identity_of(R"({"userId":null,"uid":"u"})").user, "u");
}

TEST(JwtClaims, RefuseATokenThatNamesNobody) {
    for (const std::string_view payload :
         {"{}", R"({"userid":"a"})", R"({"UID":"a"})", R"({"user":{"uid":"a"}})",
          R"({"userName":"a","role":"admin"})", R"({"uid":null})"}) {
        EXPECT_EQ(outcome_of(payload), "no_user") << payload;
    }
}

TEST(JwtClaims, RefuseAUserThatIsNoName) {
    for (const std::string_view value :
         {R"("")", "true", "false", "1.5", "1.0", "1e3", "[]", R"(["a"])", "{}", R"("a\u0000b")",
          R"("\n")", R"("\u001b[0m")", R"("\u007f")"}) {
        const std::string payload = R"({"userId":)" + std::string(value) + R"(,"uid":"u"})";
        EXPECT_EQ(outcome_of(payload), "bad_user") << value;
    }
}

TEST(JwtClaims, KeepIntegerUsersAsDecimalTextAndSaySo) {
    const std::pair<std::string, std::string> users[] = {
        {"2", "2"},
        {"0", "0"},
        {"-0", "0"},
        {"-7", "-7"},
        {"9223372036854775808", "9223372036854775808"},
        {"18446744073709551615", "18446744073709551615"},
        {"-9223372036854775808", "-9223372036854775808"}};
    for (const auto& [written, text] : users) {
        const Identity identity = identity_of(R"({"uid":)" + written + "}");
        EXPECT_EQ(identity.user, text);
        EXPECT_TRUE(identity.user_is_integer);
    }
    EXPECT_FALSE(identity_of(R"({"uid":"2"})").user_is_integer);
    EXPECT_EQ(outcome_of(R"({"uid":18446744073709551616})"), "bad_payload");
}

TEST(JwtClaims, TakeNamesThatOnlyLookDangerous) {
    for (const std::string name :
         {"__proto__", "constructor", "undefined", "\u202e", "\U0001f600", "../../etc"}) {
        EXPECT_EQ(identity_of(R"({"uid":")" + name + R"("})").user, name);
    }
    EXPECT_EQ(identity_of(R"({"uid":"\u00e9"})").user, "\u00e9");
}

TEST(JwtClaims, RefuseAPayloadThatIsNoPlainObject) {
    for (const std::string_view payload :
         {"", " ", R"("ann")", "[]", R"([{"uid":"a"}])", "null", "1", "{", R"({"uid":"a"})  {}",
          R"({"uid":"a",})",
          R"({uid:"a"})", R"({'uid':'a'})", "{\"uid\":\"\xff\"}", "{\"uid\":\"\xed\xa0\x80\"}",
          R"({"uid":"\ud800"})", R"({"uid":"a"}x)", "\xef\xbb\xbf{\"uid\":\"a\"}"}) {
        EXPECT_EQ(outcome_of(payload), "bad_payload") << payload;
    }
    EXPECT_EQ(outcome_of(std::string("{\"uid\":\"a\"}\0", 12)), "bad_payload");
}

TEST(JwtClaims, RefuseNamesThatRepeat) {
    for (const std::string_view payload :
         {R"({"uid":"a","uid":"b"})", R"({"uid":"a","x":1,"uid":"a"})",
          R"({"uid":"a","x":1,"x":2})", R"({"exp":1,"uid":"a","exp":9999999999})",
          R"({"uid":"a","\u0075id":"b"})"}) {
        EXPECT_EQ(outcome_of(payload), "bad_payload") << payload;
    }
    EXPECT_EQ(outcome_of(R"({"uid":"a","x":{"uid":"b"},"Uid":"c"})"), "ok");
}

TEST(JwtClaims, RefuseMoreThan64Names) {
    std::string payload = R"({"uid":"a")";
    for (int i = 1; i < 64; ++i)
        payload += ",\"c" + std::to_string(i) + "\":0";
    EXPECT_EQ(outcome_of(payload + '}'), "ok");
    EXPECT_EQ(outcome_of(payload + R"(,"one more":0})"), "bad_payload");
}

TEST(JwtClaims, RefuseDeepNestingWithoutRecursing) {
    const auto nested = [](std::size_t depth) {
        return R"({"uid":"a","x":)" + std::string(depth, '[') + std::string(depth, ']') + '}';
    };
    EXPECT_EQ(outcome_of(nested(30)), "ok");
    EXPECT_EQ(outcome_of(nested(32)), "bad_payload");
    EXPECT_EQ(outcome_of(nested(1400)), "bad_payload");
    EXPECT_EQ(outcome_of(std::string(2900, '[')), "bad_payload");
}

TEST(JwtClaims, ExpireWithTheLeewayAndNotASecondSooner) {
    const std::string_view payload = R"({"uid":"a","exp":1700000000})";
    EXPECT_EQ(outcome_of(payload, now), "ok");
    EXPECT_EQ(outcome_of(payload, now + seconds(29)), "ok");
    EXPECT_EQ(outcome_of(payload, now + seconds(30) - milliseconds(1)), "ok");
    EXPECT_EQ(outcome_of(payload, now + seconds(30)), "expired");
    EXPECT_EQ(outcome_of(payload, now + seconds(31)), "expired");
    EXPECT_EQ(outcome_of(payload, now + seconds(60)), "expired");
}

TEST(JwtClaims, BeginWithTheLeewayAndNotASecondSooner) {
    const std::string_view payload = R"({"uid":"a","nbf":1700000000})";
    EXPECT_EQ(outcome_of(payload, now), "ok");
    EXPECT_EQ(outcome_of(payload, now - seconds(29)), "ok");
    EXPECT_EQ(outcome_of(payload, now - seconds(30)), "ok");
    EXPECT_EQ(outcome_of(payload, now - seconds(30) - milliseconds(1)), "not_yet_valid");
    EXPECT_EQ(outcome_of(payload, now - seconds(31)), "not_yet_valid");
}

TEST(JwtClaims, SayHowLongTheTokenIsGood) {
    EXPECT_EQ(identity_of(R"({"uid":"a"})").good_until, std::nullopt);
    EXPECT_EQ(identity_of(R"({"uid":"a","exp":1700000600})").good_until, now + seconds(630));
    EXPECT_EQ(identity_of(R"({"uid":"a","exp":1700000600.5})").good_until,
              now + milliseconds(630'500));
    EXPECT_EQ(identity_of(R"({"uid":"a","exp":1e300})").good_until, std::nullopt);
}

std::string outcome_by(const JwtRules& rules, std::string_view payload) {
    return outcome(verify_jwt(with_claims(payload), JwtKey{HmacSecret(secret)}, now, rules));
}

TEST(JwtClaims, NameTheIssuerThatIsAskedFor) {
    const JwtRules rules{.issuer = "https://login.test", .audience = {}};
    EXPECT_EQ(outcome_by(rules, R"({"uid":"a","iss":"https://login.test"})"), "ok");
    for (const char* other : {R"({"uid":"a"})", R"({"uid":"a","iss":"https://login.test/"})",
                              R"({"uid":"a","iss":["https://login.test"]})",
                              R"({"uid":"a","iss":null})", R"({"uid":"a","iss":""})"}) {
        EXPECT_EQ(outcome_by(rules, other), "wrong_issuer") << other;
    }
    EXPECT_EQ(outcome_by({}, R"({"uid":"a","iss":7})"), "ok");  // nobody asks
}

TEST(JwtClaims, NameTheAudienceThatIsAskedFor) {
    const JwtRules rules{.issuer = {}, .audience = "parley"};
    for (const char* good :
         {R"({"uid":"a","aud":"parley"})", R"({"uid":"a","aud":["x","parley"]})"})
        EXPECT_EQ(outcome_by(rules, good), "ok") << good;
    for (const char* other : {R"({"uid":"a"})", R"({"uid":"a","aud":"Parley"})",
                              R"({"uid":"a","aud":["x",["parley"]]})", R"({"uid":"a","aud":[]})",
                              R"({"uid":"a","aud":{"parley":1}})"}) {
        EXPECT_EQ(outcome_by(rules, other), "wrong_audience") << other;
    }
}

TEST(JwtClaims, HonourALeewayOfNothing) {
    const JwtKey pinned{HmacSecret(secret)};
    const std::string token = with_claims(R"({"uid":"a","nbf":1700000000,"exp":1700000001})");
    const auto at = [&](WallTime time) { return outcome(verify_jwt(token, pinned, time, {})); };
    EXPECT_EQ(at(now - milliseconds(1)), "not_yet_valid");
    EXPECT_EQ(at(now), "ok");
    EXPECT_EQ(at(now + milliseconds(999)), "ok");
    EXPECT_EQ(at(now + seconds(1)), "expired");
}

TEST(JwtClaims, TakeTimesWithFractionsAndExponents) {
    EXPECT_EQ(outcome_of(R"({"uid":"a","exp":1.7e9})", now + seconds(29)), "ok");
    EXPECT_EQ(outcome_of(R"({"uid":"a","exp":1700000000.5})", now + milliseconds(30499)), "ok");
    EXPECT_EQ(outcome_of(R"({"uid":"a","exp":1700000000.5})", now + milliseconds(30500)),
              "expired");
    EXPECT_EQ(outcome_of(R"({"uid":"a","exp":1e308})"), "ok");
    EXPECT_EQ(outcome_of(R"({"uid":"a","exp":18446744073709551615})"), "ok");
    EXPECT_EQ(outcome_of(R"({"uid":"a","nbf":0,"exp":1e300})"), "ok");
    EXPECT_EQ(outcome_of(R"({"uid":"a","exp":0})"), "expired");
}

TEST(JwtClaims, RefuseTimesThatAreNone) {
    for (const std::string name : {"exp", "nbf"}) {
        for (const std::string value : {R"("1700000000")", "-1", "-0.5", "null", "true", "[]", "{}",
                                        R"("")", "[1700000000]", "-1e308"}) {
            EXPECT_EQ(outcome_of(R"({"uid":"a",")" + name + "\":" + value + "}"), "bad_time")
                << name << ' ' << value;
        }
        for (const std::string value :
             {"1e400", "-1e400", "NaN", "Infinity", "0x10", "01", "+1", "99999999999999999999"}) {
            EXPECT_EQ(outcome_of(R"({"uid":"a",")" + name + "\":" + value + "}"), "bad_payload")
                << name << ' ' << value;
        }
    }
}

TEST(JwtClaims, ListTheGroups) {
    const Identity identity = identity_of(
        R"({"uid":"a","channelIds":["18",7,"a b",-1,null,true,1.5,{},["x"],"","\u0000"]})");
    EXPECT_TRUE(identity.groups_given);
    EXPECT_EQ(identity.groups, (Names{"18", "7", "a b", "-1"}));
}

TEST(JwtClaims, TellAnEmptyListOfGroupsFromNone) {
    EXPECT_FALSE(identity_of(R"({"uid":"a"})").groups_given);
    EXPECT_TRUE(identity_of(R"({"uid":"a","channelIds":[]})").groups_given);
    for (const std::string value : {"null", "\"18\"", "18", "{}", R"({"0":"18"})"}) {
        const Identity identity = identity_of(R"({"uid":"a","channelIds":)" + value + "}");
        EXPECT_FALSE(identity.groups_given);
        EXPECT_TRUE(identity.groups.empty());
    }
}

TEST(JwtClaims, RefuseMoreThan128Groups) {
    const auto payload_with = [](std::size_t count) {
        std::string list;
        for (std::size_t i = 0; i < count; ++i) {
            list.append(i == 0 ? "" : ",").append(std::to_string(i));
        }
        return R"({"uid":"a","channelIds":[)" + list + "]}";
    };
    EXPECT_EQ(identity_of(payload_with(128)).groups.size(), 128U);
    EXPECT_EQ(outcome_of(payload_with(129)), "too_many_groups");
}

}  // namespace
}  // namespace parley::session
