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

bool is_control(char c) noexcept {
    const auto value = static_cast<unsigned char>(c);
    return value < 0x20 || value == 0x7f;
}

}  // namespace

std::string_view text(Refusal refusal) noexcept {
    return texts[static_cast<std::size_t>(refusal)];
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
