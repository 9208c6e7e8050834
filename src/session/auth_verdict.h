// session::Verdict: who a token speaks for, or why it was refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/assert.h"
#include "base/time.h"
#include "store/limits.h"

namespace parley::session {

/// Bytes of a token. A request head has 8 KiB at most; half of it is left to everything else.
inline constexpr std::size_t token_size_max = 4096;
/// A token may be a user id as it is, so the longest token must still be a name.
static_assert(token_size_max == store::name_size_max);

/// Who a connection is, for as long as it lasts. Nothing a client sends later changes it.
struct Identity {
    std::string user;                 ///< 1 to 4,096 bytes of UTF-8 without control characters
    bool user_is_integer = false;     ///< the claim was a JSON integer; `user` is its decimal text
    std::vector<std::string> groups;  ///< named by the token, as it lists them; names like `user`
    bool groups_given = false;        ///< the token has a list of groups, be it empty
    std::optional<WallTime> good_until;  ///< the token's end, leeway included; none: it has no end
};

/// Why a token was refused. Counted by reason; the client is only told that it was refused.
enum class Refusal : std::uint8_t {
    missing_token,    ///< no token in any place that may hold one
    token_too_long,   ///< more than token_size_max bytes
    malformed_token,  ///< not three parts, or one is not strict base64url
    bad_header,       ///< not a JSON object, names repeat, or an extension is declared critical
    wrong_algorithm,  ///< not one that the configured key is for; `none` is always this
    bad_signature,    ///< made with another key, or of another text
    bad_payload,      ///< signed, but not a JSON object within limits, or names repeat
    bad_time,         ///< `exp` or `nbf` is not a number that can be a time
    expired,          ///< `exp` has passed
    not_yet_valid,    ///< `nbf` has not come
    wrong_issuer,     ///< `iss` is not the one asked for
    wrong_audience,   ///< `aud` does not name the one asked for
    no_user,          ///< no claim names a user
    bad_user,         ///< the user is not a usable name
    too_many_groups,  ///< more than store::groups_per_user_max
    foreign_origin,   ///< asked by a web page of an origin that may not (session/origins.h)
};
inline constexpr std::size_t refusal_count = 16;

/// The reason as in the enum, for counters and logs.
std::string_view text(Refusal refusal) noexcept;

/// What an operator is told of it: a sentence.
std::string_view sentence(Refusal refusal) noexcept;

/// The body of the 401 that answers the upgrade.
std::string_view http_body(Refusal refusal) noexcept;

/// Whether a user or a group may be called so: 1 to 4,096 bytes of valid UTF-8 without ASCII
/// control characters.
bool usable_name(std::string_view name) noexcept;

/// An identity, or a refusal. Must be looked at.
class [[nodiscard]] Verdict {
public:
    Verdict(Identity identity) noexcept : state_(std::move(identity)) {}
    Verdict(Refusal refusal) noexcept : state_(refusal) {}

    bool ok() const noexcept { return std::holds_alternative<Identity>(state_); }
    explicit operator bool() const noexcept { return ok(); }

    /// Requires ok(). The caller may move it out.
    Identity& identity() noexcept {
        PARLEY_ASSERT(ok());
        return *std::get_if<Identity>(&state_);
    }
    /// Requires !ok().
    Refusal refusal() const noexcept {
        PARLEY_ASSERT(!ok());
        return *std::get_if<Refusal>(&state_);
    }

private:
    std::variant<Identity, Refusal> state_;
};

}  // namespace parley::session
