// session JWT: checks a signed token (RFC 7519, compact JWS) and reads who it names.
//
//   size, dots ─▶ header: algorithm ─▶ signature ─▶ payload: exp, nbf, iss, aud, user, groups
//
// What the key is for decides what is accepted; the token's header is only compared with it and
// cannot choose a key, so `jwk`, `jku`, `x5u`, `x5c` and `kid` mean nothing here. Nothing of the
// payload is looked at before the signature is known to be good. Does not fetch keys, does not
// decrypt, and keeps no list of revoked tokens.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "session/auth_verdict.h"

namespace parley::session {

/// How far the clock of whoever signs tokens may be from ours: `exp` counts this much later and
/// `nbf` this much earlier. NTP keeps hosts far closer; half a minute also covers one without it.
inline constexpr std::chrono::seconds jwt_leeway_default{30};

/// A shared secret: lets through HS256, HS384 and HS512. Wiped when it goes.
class HmacSecret {
public:
    explicit HmacSecret(std::string_view secret) : bytes_(secret.begin(), secret.end()) {}
    HmacSecret(HmacSecret&& from) noexcept = default;
    HmacSecret(const HmacSecret&) = delete;
    HmacSecret& operator=(HmacSecret&&) = delete;
    HmacSecret& operator=(const HmacSecret&) = delete;
    ~HmacSecret();

    const std::vector<unsigned char>& bytes() const noexcept { return bytes_; }

private:
    std::vector<unsigned char> bytes_;
};

/// A public key: lets through EdDSA (Ed25519) only.
struct Ed25519PublicKey {
    std::array<unsigned char, 32> bytes{};
};

using JwtKey = std::variant<HmacSecret, Ed25519PublicKey>;

/// What a token must say, beside being signed.
struct JwtRules {
    std::chrono::seconds leeway{0};
    std::string issuer;    ///< `iss` must be this; empty: it is not looked at
    std::string audience;  ///< `aud` must be this or have it in its list; empty: likewise
};

/// Judges a token.
///
/// User:    the first of the claims `userId`, `uid`, `user_id`, `sub` that is there and not null
///          decides: a string or an integer, usable as a name (see usable_name).
/// Times:   `exp` and `nbf`, if there, are numbers of seconds >= 0, fractions allowed. The token
///          is good while nbf - leeway <= now < exp + leeway; Identity::good_until is the latter.
/// Groups:  `channelIds`, if it is an array: its strings and integers that are usable names.
///          Whatever else it holds is ignored, and so is a `channelIds` that is no array.
/// Limits:  token_size_max bytes; 32 levels of nesting; 64 names in an object's top level, each
///          once; store::groups_per_user_max groups.
/// Errors:  the first refusal met in the order drawn above; never throws.
/// Threads: any. Blocks: no. Allocates: nothing before size and dots are found good.
Verdict verify_jwt(std::string_view token, const JwtKey& key, WallTime now,
                   const JwtRules& rules) noexcept;

}  // namespace parley::session
