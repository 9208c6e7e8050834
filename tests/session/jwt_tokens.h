// Tokens for tests: made to order, good or broken in one place.
#pragma once

#include <array>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <string>
#include <string_view>

#include "session/jwt.h"

namespace parley::session::tokens {

inline constexpr std::string_view secret = "voiceping2359staging";
inline constexpr WallTime now{std::chrono::seconds(1'700'000'000)};

inline std::string base64url(std::string_view bytes) {
    std::string text(sodium_base64_ENCODED_LEN(bytes.size(), 7), '\0');
    sodium_bin2base64(text.data(), text.size(),
                      reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    text.resize(text.find('\0') == std::string::npos ? text.size() : text.find('\0'));
    return text;
}

inline std::string hmac(const EVP_MD* digest, std::string_view key, std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned int size = 0;
    HMAC(digest, key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size);
    return {reinterpret_cast<const char*>(mac.data()), size};
}

inline std::string unsigned_text(std::string_view header, std::string_view payload) {
    return base64url(header) + '.' + base64url(payload);
}

/// A token of these two texts, signed with HMAC-SHA-256 whatever the header says.
inline std::string signed_token(std::string_view header, std::string_view payload,
                                std::string_view key = secret) {
    const std::string text = unsigned_text(header, payload);
    return text + '.' + base64url(hmac(EVP_sha256(), key, text));
}

/// A good HS256 token with this payload.
inline std::string with_claims(std::string_view payload) {
    return signed_token(R"({"alg":"HS256","typ":"JWT"})", payload);
}

/// An Ed25519 key pair, the same in each run.
struct Signer {
    Signer() {
        const std::array<unsigned char, crypto_sign_SEEDBYTES> seed{1, 2, 3};
        crypto_sign_seed_keypair(public_key.bytes.data(), secret_key.data(), seed.data());
    }
    std::string sign(std::string_view header, std::string_view payload) const {
        const std::string text = unsigned_text(header, payload);
        std::array<unsigned char, crypto_sign_BYTES> signature{};
        crypto_sign_detached(signature.data(), nullptr,
                             reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                             secret_key.data());
        return text + '.' +
               base64url({reinterpret_cast<const char*>(signature.data()), signature.size()});
    }

    Ed25519PublicKey public_key;
    std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret_key{};
};

/// "ok", or the refusal's name: what a failing expectation then shows.
inline std::string outcome(Verdict verdict) {
    return verdict ? std::string("ok") : std::string(text(verdict.refusal()));
}

inline Verdict judge(std::string_view token, WallTime at = now) {
    return verify_jwt(token, HmacSecret(secret), at, {.leeway = jwt_leeway_default});
}

}  // namespace parley::session::tokens
