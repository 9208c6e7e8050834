// session::Authenticator: decides who a connection is, once, when it arrives.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "session/auth_verdict.h"
#include "session/jwt.h"

namespace parley::session {

/// Bytes of a secret for signing tokens. With fewer than 16 it can be guessed from any one token
/// that was seen; more than 4,096 is a wrong file rather than a secret.
inline constexpr std::size_t secret_size_min = 16;
inline constexpr std::size_t secret_size_max = 4096;

enum class AuthMode : std::uint8_t {
    jwt,    ///< a signed token says who its bearer is
    trust,  ///< the token is the user id: anyone can be anyone. For closed networks and trials
};

struct AuthOptions {
    AuthMode mode = AuthMode::jwt;
    /// For mode jwt exactly one of these two; there is no default. Mode trust looks at neither.
    std::string jwt_secret;
    std::optional<Ed25519PublicKey> jwt_public_key;
    std::chrono::seconds jwt_leeway = jwt_leeway_default;  ///< 0 to 5 minutes
    std::string jwt_issuer;    ///< tokens must be of this issuer (`iss`); empty: of any
    std::string jwt_audience;  ///< tokens must be for this audience (`aud`); empty: for any
    /// With mode jwt: a token that is refused is taken as user id instead, as in mode trust, so
    /// that clients without tokens can still join while others already have them. Until it is
    /// off, tokens protect nobody.
    bool legacy_join = false;
};

/// Immutable once created, so every shard may use the same one at the same time.
class Authenticator {
public:
    /// Threads: any. Wipes the secret in `options` (a copy that the caller kept it wipes itself).
    /// Errors:  nothing, and one sentence in `error` for whoever wrote the options.
    static std::optional<Authenticator> create(AuthOptions options, std::string& error);

    Authenticator(Authenticator&&) noexcept = default;
    Authenticator(const Authenticator&) = delete;
    Authenticator& operator=(Authenticator&&) = delete;
    Authenticator& operator=(const Authenticator&) = delete;
    ~Authenticator() = default;

    /// Judges the token of one connection. `now` matters to mode jwt only.
    /// Threads: any. Blocks: no.
    /// Time:    3 us of CPU for a usual token and 40 us for the largest with a secret; with a
    ///          public key 50 us more. Measured; refusing takes no longer than accepting.
    Verdict verify(std::string_view token, WallTime now) const noexcept;

private:
    Authenticator(std::optional<JwtKey> key, const AuthOptions& options);

    std::optional<JwtKey> key_;  ///< none: mode trust
    JwtRules rules_;
    bool legacy_join_;
};

}  // namespace parley::session
