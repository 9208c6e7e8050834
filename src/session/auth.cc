// session::Authenticator: the two modes, and what they need to start.
#include "session/auth.h"

#include <sodium.h>
#include <utility>

namespace parley::session {

namespace {

constexpr std::chrono::seconds leeway_max = std::chrono::minutes(5);

/// What is wrong with the options of mode jwt; empty if nothing.
std::string_view fault(const AuthOptions& options) noexcept {
    const bool has_secret = !options.jwt_secret.empty();
    if (!has_secret && !options.jwt_public_key) {
        return "checking tokens needs a secret or a public key, and neither is given";
    }
    if (has_secret && options.jwt_public_key) {
        return "a secret and a public key are given for checking tokens; choose one";
    }
    if (has_secret && options.jwt_secret.size() < secret_size_min) {
        return "the secret for checking tokens has fewer than 16 bytes";
    }
    if (has_secret && options.jwt_secret.size() > secret_size_max) {
        return "the secret for checking tokens has more than 4096 bytes";
    }
    if (options.jwt_leeway < std::chrono::seconds(0) || options.jwt_leeway > leeway_max) {
        return "the leeway for the times in tokens is not between 0 and 300 seconds";
    }
    return {};
}

/// The token as user id, verbatim.
Verdict trust(std::string_view token) {
    if (token.empty()) return Refusal::missing_token;
    if (token.size() > token_size_max) return Refusal::token_too_long;
    if (!usable_name(token)) return Refusal::bad_user;
    Identity identity;
    identity.user = std::string(token);
    return identity;
}

}  // namespace

std::optional<Authenticator> Authenticator::create(AuthOptions options, std::string& error) {
    if (sodium_init() < 0) {
        error = "libsodium does not start";
        return std::nullopt;
    }
    std::optional<JwtKey> key;
    if (options.mode == AuthMode::jwt) {
        error = fault(options);
        if (error.empty()) {
            if (options.jwt_public_key) {
                key.emplace(*options.jwt_public_key);
            } else {
                key.emplace(std::in_place_type<HmacSecret>, options.jwt_secret);
            }
        }
    }
    sodium_memzero(options.jwt_secret.data(), options.jwt_secret.size());
    if (options.mode == AuthMode::jwt && !key) return std::nullopt;
    return Authenticator(std::move(key), options);
}

Authenticator::Authenticator(std::optional<JwtKey> key, const AuthOptions& options)
    : key_(std::move(key)),
      rules_{options.jwt_leeway, options.jwt_issuer, options.jwt_audience},
      legacy_join_(options.legacy_join) {}

Verdict Authenticator::verify(std::string_view token, WallTime now) const noexcept {
    if (!key_) return trust(token);
    Verdict verdict = verify_jwt(token, *key_, now, rules_);
    if (verdict.ok() || !legacy_join_) return verdict;
    Verdict as_name = trust(token);
    return as_name.ok() ? as_name : verdict;
}

}  // namespace parley::session
