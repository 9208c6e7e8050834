// Authenticator: the modes, what they need to start, and what a refused client is told.
#include "session/auth.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <thread>

#include "jwt_tokens.h"

namespace parley::session {
namespace {

using namespace tokens;  // what the tests below are made of

AuthOptions with_secret() {
    AuthOptions options;
    options.jwt_secret = secret;
    return options;
}

Authenticator created(AuthOptions options) {
    std::string error;
    std::optional<Authenticator> authenticator = Authenticator::create(std::move(options), error);
    EXPECT_EQ(error, "");
    return std::move(authenticator).value();
}

std::string fault(AuthOptions options) {
    std::string error;
    EXPECT_FALSE(Authenticator::create(std::move(options), error).has_value());
    return error;
}

TEST(Authenticator, HasNoDefaultSecret) {
    EXPECT_NE(fault({}).find("neither is given"), std::string::npos);
    AuthOptions legacy;
    legacy.legacy_join = true;
    EXPECT_NE(fault(legacy).find("neither is given"), std::string::npos);
}

TEST(Authenticator, DoesNotStartWithASecretThatCanBeGuessed) {
    AuthOptions options;
    options.jwt_secret = "fifteen bytes..";
    EXPECT_NE(fault(options).find("fewer than 16"), std::string::npos);
    options.jwt_secret = "sixteen bytes...";
    created(options);
    options.jwt_secret = std::string(secret_size_max + 1, 's');
    EXPECT_NE(fault(options).find("more than 4096"), std::string::npos);
}

TEST(Authenticator, DoesNotStartWithTwoKeys) {
    AuthOptions options = with_secret();
    options.jwt_public_key = Signer().public_key;
    EXPECT_NE(fault(options).find("choose one"), std::string::npos);
}

TEST(Authenticator, DoesNotStartWithAnAbsurdLeeway) {
    AuthOptions options = with_secret();
    options.jwt_leeway = std::chrono::seconds(-1);
    EXPECT_NE(fault(options).find("leeway"), std::string::npos);
    options.jwt_leeway = std::chrono::seconds(301);
    EXPECT_NE(fault(options).find("leeway"), std::string::npos);
}

TEST(Authenticator, NeverTellsTheSecret) {
    AuthOptions options;
    options.jwt_secret = "hunter2";
    EXPECT_EQ(fault(options).find("hunter2"), std::string::npos);
}

TEST(Authenticator, ChecksTokensWithTheSecret) {
    const Authenticator authenticator = created(with_secret());
    Verdict verdict = authenticator.verify(with_claims(R"({"uid":7,"channelIds":[1]})"), now);
    ASSERT_EQ(outcome(verdict), "ok");
    EXPECT_EQ(verdict.identity().user, "7");
    EXPECT_TRUE(verdict.identity().user_is_integer);
    EXPECT_EQ(outcome(authenticator.verify("plain-token", now)), "malformed_token");
    EXPECT_EQ(outcome(authenticator.verify(signed_token(R"({"alg":"HS256"})", "{}", "wrong"), now)),
              "bad_signature");
}

TEST(Authenticator, ChecksTokensWithThePublicKey) {
    const Signer signer;
    AuthOptions options;
    options.jwt_public_key = signer.public_key;
    const Authenticator authenticator = created(options);
    const std::string good = signer.sign(R"({"alg":"EdDSA"})", R"({"sub":"ann"})");
    EXPECT_EQ(outcome(authenticator.verify(good, now)), "ok");
    EXPECT_EQ(outcome(authenticator.verify(with_claims(R"({"sub":"ann"})"), now)),
              "wrong_algorithm");
}

TEST(Authenticator, AppliesTheLeewayItWasGiven) {
    AuthOptions options = with_secret();
    options.jwt_leeway = std::chrono::seconds(5);
    const Authenticator authenticator = created(options);
    const std::string token = with_claims(R"({"uid":"a","exp":1700000000})");
    EXPECT_EQ(outcome(authenticator.verify(token, now + std::chrono::seconds(4))), "ok");
    EXPECT_EQ(outcome(authenticator.verify(token, now + std::chrono::seconds(6))), "expired");
}

TEST(Authenticator, TellsAMissingTokenFromARefusedOneAndNothingMore) {
    const Authenticator authenticator = created(with_secret());
    const Verdict missing = authenticator.verify("", now);
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(http_body(missing.refusal()), "Unauthorized");
    const std::string expired = with_claims(R"({"uid":"a","exp":1})");
    const std::string nobody = with_claims("{}");
    for (const std::string& token : {std::string("x"), std::string("a.b.c"), expired, nobody}) {
        const Verdict refused = authenticator.verify(token, now);
        ASSERT_FALSE(refused.ok());
        EXPECT_EQ(http_body(refused.refusal()), "Unauthorized User");
    }
}

TEST(Authenticator, NamesEachReasonDifferently) {
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < refusal_count; ++i)
        names.push_back(text(static_cast<Refusal>(i)));
    for (std::size_t i = 0; i < names.size(); ++i) {
        EXPECT_FALSE(names[i].empty());
        EXPECT_EQ(std::count(names.begin(), names.end(), names[i]), 1);
    }
    EXPECT_EQ(text(Refusal::missing_token), "missing_token");
    EXPECT_EQ(text(Refusal::expired), "expired");
    EXPECT_EQ(text(Refusal::too_many_groups), "too_many_groups");
}

TEST(Authenticator, TakesTheTokenAsUserInTrustMode) {
    AuthOptions options;
    options.mode = AuthMode::trust;
    const Authenticator authenticator = created(options);
    const std::string jwt = with_claims(R"({"uid":"ann","exp":1})");
    for (const std::string& token :
         {std::string("ann"), std::string(" "), std::string("\u00e9\u202e"), jwt,
          std::string("__proto__"), std::string(4096, 'x')}) {
        Verdict verdict = authenticator.verify(token, now);
        ASSERT_EQ(outcome(verdict), "ok");
        EXPECT_EQ(verdict.identity().user, token);
        EXPECT_FALSE(verdict.identity().user_is_integer);
        EXPECT_FALSE(verdict.identity().groups_given);
    }
}

TEST(Authenticator, RefusesInTrustModeWhatCannotBeAName) {
    AuthOptions options;
    options.mode = AuthMode::trust;
    const Authenticator authenticator = created(options);
    EXPECT_EQ(outcome(authenticator.verify("", now)), "missing_token");
    EXPECT_EQ(outcome(authenticator.verify(std::string(4097, 'x'), now)), "token_too_long");
    for (const std::string& token :
         {std::string("a\0b", 3), std::string("a\nb"), std::string("\x1b[31m"), std::string("\x7f"),
          std::string("\xff"), std::string("\xc0\x80"), std::string("\xed\xa0\x80"),
          std::string("\xe2\x82")}) {
        EXPECT_EQ(outcome(authenticator.verify(token, now)), "bad_user") << token;
    }
}

TEST(Authenticator, TakesARefusedTokenAsUserForLegacyJoin) {
    AuthOptions options = with_secret();
    options.legacy_join = true;
    const Authenticator authenticator = created(options);
    Verdict good = authenticator.verify(with_claims(R"({"uid":"ann"})"), now);
    ASSERT_EQ(outcome(good), "ok");
    EXPECT_EQ(good.identity().user, "ann");

    const std::string expired = with_claims(R"({"uid":"ann","exp":1699999940})");
    for (const std::string& token : {std::string("ann"), expired}) {
        Verdict verdict = authenticator.verify(token, now);
        ASSERT_EQ(outcome(verdict), "ok");
        EXPECT_EQ(verdict.identity().user, token);
        EXPECT_FALSE(verdict.identity().groups_given);
    }
    EXPECT_EQ(outcome(authenticator.verify("", now)), "missing_token");
    EXPECT_EQ(outcome(authenticator.verify("a\nb", now)), "malformed_token");
    EXPECT_EQ(outcome(authenticator.verify(std::string(4097, 'x'), now)), "token_too_long");
}

TEST(Authenticator, ServesManyThreadsAtOnce) {
    const Authenticator authenticator = created(with_secret());
    const std::string good = with_claims(R"({"uid":"ann"})");
    const std::string bad = with_claims(R"({"uid":"ann","exp":1})");
    std::array<int, 4> right{};
    std::vector<std::thread> threads;
    for (int& count : right) {
        threads.emplace_back([&] {
            for (int i = 0; i < 200; ++i) {
                count += authenticator.verify(good, now).ok() ? 1 : 0;
                count += authenticator.verify(bad, now).ok() ? 0 : 1;
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    for (const int count : right)
        EXPECT_EQ(count, 400);
}

}  // namespace
}  // namespace parley::session
