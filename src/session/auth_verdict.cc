// session::Verdict: the words for it.
#include "session/auth_verdict.h"

#include <algorithm>
#include <array>
#include <simdjson.h>

namespace parley::session {

namespace {

constexpr std::array<std::string_view, refusal_count> texts = {
    "missing_token",   "token_too_long", "malformed_token", "bad_header",
    "wrong_algorithm", "bad_signature",  "bad_payload",     "bad_time",
    "expired",         "not_yet_valid",  "wrong_issuer",    "wrong_audience",
    "no_user",         "bad_user",       "too_many_groups", "foreign_origin",
};
static_assert(static_cast<std::size_t>(Refusal::foreign_origin) + 1 == refusal_count);

constexpr std::array<std::string_view, refusal_count> sentences = {
    "a connection was refused: it brought no token",
    "a token was refused: it is longer than 4,096 bytes",
    "a token was refused: it is no JWT",
    "a token was refused: its header is no JSON object of a JWT",
    "a token was refused: it is signed in another way than the key is for; see --jwt-secret-file "
    "and --jwt-public-key-file",
    "a token was refused: its signature is not by the key of this server; is the secret the same "
    "where tokens are made?",
    "a token was refused: what it says is no JSON object within the limits",
    "a token was refused: its exp or nbf is no time",
    "a token was refused: it has expired; is the clock right, here and where tokens are made?",
    "a token was refused: it is not valid yet; is the clock right, here and where tokens are made?",
    "a token was refused: its iss is not that of --jwt-issuer",
    "a token was refused: its aud does not name that of --jwt-audience",
    "a token was refused: it names no user (userId, uid or user_id)",
    "a token was refused: its user is no usable name",
    "a token was refused: it names more than 128 groups",
    "a web page of another origin was refused; --allow-origin lets one in",
};

bool is_control(char c) noexcept {
    const auto value = static_cast<unsigned char>(c);
    return value < 0x20 || value == 0x7f;
}

}  // namespace

std::string_view text(Refusal refusal) noexcept {
    return texts[static_cast<std::size_t>(refusal)];
}

std::string_view sentence(Refusal refusal) noexcept {
    return sentences[static_cast<std::size_t>(refusal)];
}

std::string_view http_body(Refusal refusal) noexcept {
    return refusal == Refusal::missing_token ? "Unauthorized" : "Unauthorized User";
}

bool usable_name(std::string_view name) noexcept {
    if (name.empty() || name.size() > store::name_size_max) return false;
    if (std::any_of(name.begin(), name.end(), is_control)) return false;
    return simdjson::validate_utf8(name.data(), name.size());
}

}  // namespace parley::session
