// JWT: form, algorithm and signature (requirements F2, V21, V22).
#include "session/jwt.h"

#include <gtest/gtest.h>

#include "jwt_tokens.h"
#include "support/allocations.h"

namespace parley::session {
namespace {

using namespace tokens;  // what the tests below are made of

constexpr std::string_view ann = R"({"uid":"ann"})";

TEST(Jwt, AcceptsHs256Hs384AndHs512MadeByAnotherProgram) {
    // Signed by Python's hmac and hashlib: {"uid":"1","channelIds":["18"]}.
    const std::string payload = "eyJ1aWQiOiIxIiwiY2hhbm5lbElkcyI6WyIxOCJdfQ";
    for (const std::string& made :
         {"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." + payload +
              ".TE7YiHmek4i0J71EbS9Kp9uLDURpKUxgjYiRRWNOlbY",
          "eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9." + payload +
              ".JxexdKX9ZUHx-qLwK3m3YOK4gF-8QXZBwFbwWEhqyDtxZ4L8bEbu9ZYnfmntfVTd",
          "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9." + payload +
              ".iwbd10Gp5vOs_BLkq6WlVp0ZT9WuTX0XEMo7u0rgNjV-"
              "attbb3xwrToAzEgMWZvH0WrYHOjlZlJCZ993WXqcHA"}) {
        Verdict verdict = judge(made);
        ASSERT_EQ(outcome(verdict), "ok");
        EXPECT_EQ(verdict.identity().user, "1");
        EXPECT_FALSE(verdict.identity().user_is_integer);
        EXPECT_EQ(verdict.identity().groups, std::vector<std::string>{"18"});
        EXPECT_EQ(outcome(verify_jwt(made, HmacSecret("voiceping2359stagin"), now, {})),
                  "bad_signature");
    }
}

TEST(Jwt, AgreesWithTheExampleOfRfc7515) {
    const std::string token =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        "cnVlfQ."
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    std::array<unsigned char, 64> key{};
    std::size_t size = 0;
    const std::string_view text =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    ASSERT_EQ(sodium_base642bin(key.data(), key.size(), text.data(), text.size(), nullptr, &size,
                                nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
              0);
    const JwtKey hmac_key{HmacSecret({reinterpret_cast<const char*>(key.data()), size})};
    const WallTime good{std::chrono::seconds(1300819379)};
    // It names nobody, which is found out only after the signature and the times.
    EXPECT_EQ(outcome(verify_jwt(token, hmac_key, good, {})), "no_user");
    EXPECT_EQ(outcome(verify_jwt(token, hmac_key, good + std::chrono::seconds(1), {})), "expired");
}

TEST(Jwt, AgreesWithTheExampleOfRfc8037) {
    const std::string token =
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    Ed25519PublicKey key;
    std::size_t size = 0;
    const std::string_view text = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    ASSERT_EQ(sodium_base642bin(key.bytes.data(), key.bytes.size(), text.data(), text.size(),
                                nullptr, &size, nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
              0);
    // What is signed is a sentence, not an object; the signature itself is good.
    EXPECT_EQ(outcome(verify_jwt(token, key, now, {})), "bad_payload");
    key.bytes[0] ^= 1;
    EXPECT_EQ(outcome(verify_jwt(token, key, now, {})), "bad_signature");
}

TEST(Jwt, AcceptsEdDsaFromTheConfiguredKeyOnly) {
    const Signer signer;
    const std::string good = signer.sign(R"({"alg":"EdDSA"})", ann);
    EXPECT_EQ(outcome(verify_jwt(good, signer.public_key, now, {})), "ok");
    Ed25519PublicKey other = signer.public_key;
    other.bytes[31] ^= 0x80;
    EXPECT_EQ(outcome(verify_jwt(good, other, now, {})), "bad_signature");
    EXPECT_EQ(outcome(verify_jwt(good, Ed25519PublicKey{}, now, {})), "bad_signature");
    const std::string other_text = signer.sign(R"({"alg":"EdDSA"})", R"({"uid":"bob"})");
    const std::string mixed =
        good.substr(0, good.rfind('.')) + other_text.substr(other_text.rfind('.'));
    EXPECT_EQ(outcome(verify_jwt(mixed, signer.public_key, now, {})), "bad_signature");
}

TEST(Jwt, RefusesNoneHoweverItIsSpelled) {
    for (const std::string name : {"none", "None", "nOnE", "NONE", "", "hs256", "HS256 ", "HS1"}) {
        const std::string header = R"({"alg":")" + name + R"("})";
        EXPECT_EQ(outcome(judge(signed_token(header, ann))), "wrong_algorithm") << name;
        EXPECT_EQ(outcome(judge(unsigned_text(header, ann) + '.')), "wrong_algorithm") << name;
    }
    for (const std::string_view header : {"{}", R"({"alg":null})", R"({"alg":256})",
                                          R"({"alg":["HS256"]})", R"({"ALG":"HS256"})"}) {
        EXPECT_EQ(outcome(judge(signed_token(header, ann))), "wrong_algorithm") << header;
    }
}

TEST(Jwt, DoesNotTakeAPublicKeyForASecret) {
    // The classic confusion: a token signed by HMAC with the public key as its secret.
    const Signer signer;
    const std::string_view key{reinterpret_cast<const char*>(signer.public_key.bytes.data()),
                               signer.public_key.bytes.size()};
    for (const std::string name : {"HS256", "RS256", "ES256", "none", "Ed25519"}) {
        const std::string made = signed_token(R"({"alg":")" + name + R"("})", ann, key);
        EXPECT_EQ(outcome(verify_jwt(made, signer.public_key, now, {})), "wrong_algorithm") << name;
    }
    const std::string as_eddsa = signed_token(R"({"alg":"EdDSA"})", ann, key);
    EXPECT_EQ(outcome(verify_jwt(as_eddsa, signer.public_key, now, {})), "bad_signature");
}

TEST(Jwt, DoesNotTakeEdDsaOrRsaWhereASecretIsConfigured) {
    const Signer signer;
    EXPECT_EQ(outcome(judge(signer.sign(R"({"alg":"EdDSA"})", ann))), "wrong_algorithm");
    EXPECT_EQ(outcome(judge(signer.sign(R"({"alg":"HS512"})", ann))), "bad_signature");
    for (const std::string name : {"RS256", "PS256", "ES256", "EdDSA"}) {
        EXPECT_EQ(outcome(judge(signed_token(R"({"alg":")" + name + R"("})", ann))),
                  "wrong_algorithm");
    }
}

TEST(Jwt, RefusesASignatureOfAnotherHash) {
    for (const std::string name : {"HS384", "HS512"}) {
        EXPECT_EQ(outcome(judge(signed_token(R"({"alg":")" + name + R"("})", ann))),
                  "bad_signature");
    }
}

TEST(Jwt, IgnoresKeysThatTheHeaderBringsOrNames) {
    const Signer signer;
    const std::string_view key_bytes{reinterpret_cast<const char*>(signer.public_key.bytes.data()),
                                     signer.public_key.bytes.size()};
    const std::string jwk = R"("jwk":{"kty":"OKP","crv":"Ed25519","x":")" + base64url(key_bytes) +
                            R"("},"jku":"https://evil.example/keys","x5u":"file:///etc/passwd")";
    const std::string own = signer.sign(R"({"alg":"EdDSA",)" + jwk + "}", ann);
    EXPECT_EQ(outcome(judge(own)), "wrong_algorithm");
    Ed25519PublicKey configured = Signer().public_key;
    const std::array<unsigned char, crypto_sign_SEEDBYTES> seed{9};
    std::array<unsigned char, crypto_sign_SECRETKEYBYTES> unused{};
    crypto_sign_seed_keypair(configured.bytes.data(), unused.data(), seed.data());
    EXPECT_EQ(outcome(verify_jwt(own, configured, now, {})), "bad_signature");

    for (const std::string kid : {"other", "../../dev/null", "' UNION SELECT 'x", "\\u0000"}) {
        const std::string header = R"({"kid":")" + kid + R"(","alg":"HS256",)" + jwk + "}";
        EXPECT_EQ(outcome(judge(signed_token(header, ann))), "ok") << kid;
        EXPECT_EQ(outcome(judge(signed_token(header, ann, ""))), "bad_signature") << kid;
        EXPECT_EQ(outcome(judge(signed_token(header, ann, key_bytes))), "bad_signature") << kid;
    }
}

TEST(Jwt, RefusesAHeaderThatIsNoPlainObject) {
    for (const std::string_view header :
         {"", "\"HS256\"", "[]", "null", "{", R"({"alg":"HS256"}x)", R"({"alg":"HS256"}{})",
          R"({"alg":"HS256","alg":"HS256"})", R"({"alg":"none","\u0061lg":"HS256"})",
          R"({"alg":"HS256","crit":["exp"]})", R"({"alg":"HS256","crit":[],"b64":false})",
          "{\"alg\":\"HS256\",\"x\":\"\xff\"}"}) {
        EXPECT_EQ(outcome(judge(signed_token(header, ann))), "bad_header") << header;
    }
}

TEST(Jwt, RefusesAMissingShortOrLongSignature) {
    const std::string good = with_claims(ann);
    const std::string text = good.substr(0, good.rfind('.') + 1);
    EXPECT_EQ(outcome(judge(text)), "bad_signature");
    EXPECT_EQ(outcome(judge(text.substr(0, text.size() - 1))), "malformed_token");
    const std::string mac = hmac(EVP_sha256(), secret, text.substr(0, text.size() - 1));
    EXPECT_EQ(outcome(judge(text + base64url(mac))), "ok");
    for (std::size_t size = 0; size < mac.size(); ++size) {
        EXPECT_EQ(outcome(judge(text + base64url(mac.substr(0, size)))), "bad_signature");
    }
    EXPECT_EQ(outcome(judge(text + base64url(mac + '\0'))), "bad_signature");
    EXPECT_EQ(outcome(judge(text + base64url(mac + mac))), "bad_signature");
}

TEST(Jwt, RefusesEveryFlippedBit) {
    const Signer signer;
    const std::string hs = with_claims(R"({"uid":"ann","exp":1800000000})");
    const std::string ed = signer.sign(R"({"alg":"EdDSA"})", ann);
    for (std::size_t octet = 0; octet < hs.size() || octet < ed.size(); ++octet) {
        for (int bit = 0; bit < 8; ++bit) {
            const auto flip = [&](std::string token) {
                token[octet] = static_cast<char>(token[octet] ^ (1 << bit));
                return token;
            };
            if (octet < hs.size()) {
                EXPECT_FALSE(judge(flip(hs)).ok()) << octet << ' ' << bit;
            }
            if (octet < ed.size()) {
                EXPECT_FALSE(verify_jwt(flip(ed), signer.public_key, now, {}).ok()) << octet;
            }
        }
    }
}

TEST(Jwt, RefusesEveryTruncation) {
    const std::string good = with_claims(ann);
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_FALSE(judge(good.substr(0, size)).ok()) << size;
    }
    EXPECT_EQ(outcome(judge("")), "missing_token");
}

TEST(Jwt, RefusesAnythingButTwoDots) {
    const std::string good = with_claims(ann);
    for (const std::string& token : {std::string("a"), std::string("a.b"), good + '.', '.' + good,
                                     good + ".x.y", std::string("a.b.c.d")}) {
        EXPECT_EQ(outcome(judge(token)), "malformed_token") << token;
    }
    EXPECT_EQ(outcome(judge("..")), "bad_header");
    EXPECT_EQ(outcome(judge("a.b.c")), "malformed_token");
}

TEST(Jwt, RefusesAMegabyteOfDotsWithoutAllocating) {
    const std::string dots(1 << 20, '.');
    const std::string fewer(token_size_max, '.');
    const JwtKey key{HmacSecret(secret)};
    const std::uint64_t before = test::allocations();
    const Verdict too_long = verify_jwt(dots, key, now, {});
    const Verdict malformed = verify_jwt(fewer, key, now, {});
    EXPECT_EQ(test::allocations(), before);
    EXPECT_EQ(outcome(too_long), "token_too_long");
    EXPECT_EQ(outcome(malformed), "malformed_token");
}

/// A good token of exactly this many bytes.
std::string token_of_size(std::size_t size) {
    for (std::size_t filler = 0; filler < size; ++filler) {
        for (const std::string_view header : {R"({"alg":"HS256"})", R"({"alg":"HS256" })"}) {
            const std::string payload =
                R"({"uid":"ann","x":")" + std::string(filler, 'x') + R"("})";
            // header, payload and signature in base64url, and two dots
            const std::size_t expected = (header.size() * 4 + 2) / 3 + (payload.size() * 4 + 2) / 3;
            if (expected + 43 + 2 == size) return signed_token(header, payload);
        }
    }
    return {};
}

TEST(Jwt, TakesTokensUpTo4096Bytes) {
    const std::string longest = token_of_size(token_size_max);
    ASSERT_EQ(longest.size(), 4096U);
    EXPECT_EQ(outcome(judge(longest)), "ok");
    const std::string too_long = token_of_size(token_size_max + 1);
    ASSERT_EQ(too_long.size(), 4097U);
    EXPECT_EQ(outcome(judge(too_long)), "token_too_long");
}

TEST(Jwt, TakesStrictBase64urlOnly) {
    // A part of which the last character holds unused bits, and one with characters 62 and 63.
    const std::string header = base64url(R"({"alg":"HS256"})");
    const std::string payload = base64url(R"({"uid":"~~~>>>???"})");
    const auto sign = [](const std::string& text) {
        return text + '.' + base64url(hmac(EVP_sha256(), secret, text));
    };
    const std::string good = sign(header + '.' + payload);
    ASSERT_EQ(outcome(judge(good)), "ok");
    ASSERT_NE(payload.find('-'), std::string::npos);
    ASSERT_NE(payload.find('_'), std::string::npos);

    const auto with_last = [](std::string text, char last) {
        text.back() = last;
        return text;
    };
    const std::string one_over = base64url(R"({"uid":"an"} )");   // 13 bytes: 4 bits unused
    const std::string two_over = base64url(R"({"uid":"ann"} )");  // 14 bytes: 2 bits unused
    const std::string whole = base64url(R"({"uid":"a"} )");       // 12 bytes: no bits unused
    ASSERT_EQ(one_over.back(), 'A');
    ASSERT_EQ(two_over.back(), 'A');
    for (const std::string& bad :
         {payload + '=', payload + "==", payload + ' ', payload + '\n', ' ' + payload,
          with_last(one_over, 'B'), with_last(one_over, 'P'), with_last(two_over, 'B'),
          one_over + "==", two_over + '=', whole + 'A', std::string("*"), payload + '+',
          payload + '/', payload + std::string(1, '\0'), payload + '\xdf'}) {
        EXPECT_EQ(outcome(judge(sign(header + '.' + bad))), "malformed_token") << bad;
    }
    EXPECT_EQ(outcome(judge(sign(header + '.' + one_over))), "ok");
    EXPECT_EQ(outcome(judge(sign(header + "=." + payload))), "malformed_token");
    EXPECT_EQ(outcome(judge(good + '=')), "bad_signature");
    EXPECT_EQ(outcome(judge(with_last(good, static_cast<char>(good.back() + 1)))), "bad_signature")
        << "the last character of 32 bytes has two unused bits";
}

TEST(Jwt, KnowsEachTokenInOneSpellingOnly) {
    // libsodium 1.0.18 decodes bytes above 127 as `_`: a token with such a byte in its signature
    // verified as well as the one it was made from.
    std::string signature;
    std::string text;
    for (int i = 0; signature.find('_') == std::string::npos; ++i) {
        text =
            unsigned_text(R"({"alg":"HS256"})", R"({"uid":"ann","n":)" + std::to_string(i) + "}");
        signature = base64url(hmac(EVP_sha256(), secret, text));
    }
    const std::string good = text + '.' + signature;
    ASSERT_EQ(outcome(judge(good)), "ok");
    for (int byte = 0; byte < 256; ++byte) {
        std::string other = good;
        other[other.find('_', text.size())] = static_cast<char>(byte);
        EXPECT_EQ(judge(other).ok(), other == good) << byte;
    }
}

}  // namespace
}  // namespace parley::session
