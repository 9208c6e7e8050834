// session JWT: the checks, in the order in which they cost.
#include "session/jwt.h"

#include <algorithm>
#include <cmath>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <optional>
#include <sodium.h>

#include "session/jwt_segment.h"

namespace parley::session {

namespace {

namespace dom = simdjson::dom;
using Outcome = JwtSegment::Outcome;

static_assert(sizeof(Ed25519PublicKey::bytes) == crypto_sign_PUBLICKEYBYTES);

struct Parts {
    std::string_view header, payload, signature;
    std::string_view signed_text;  ///< header and payload with the dot between
};

/// Nothing unless there are exactly two dots.
std::optional<Parts> split(std::string_view token) noexcept {
    const std::size_t first = token.find('.');
    if (first == std::string_view::npos) return std::nullopt;
    const std::size_t second = token.find('.', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    if (token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
    return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
                 token.substr(second + 1), token.substr(0, second)};
}

const unsigned char* bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char*>(text.data());
}

/// A signature of exactly `size` bytes.
struct Signature {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    bool decode(std::string_view base64url, std::size_t size) noexcept {
        std::size_t decoded = 0;
        return decode_base64url(base64url, std::span(bytes).first(size), decoded) &&
               decoded == size;
    }
};
static_assert(EVP_MAX_MD_SIZE >= crypto_sign_BYTES);

/// All three come from OpenSSL: libsodium has HMAC with SHA-256 and SHA-512, but nothing with
/// SHA-384, and one way for the three is easier to trust than two.
struct HmacAlgorithm {
    std::string_view name;
    const EVP_MD* (*digest)();
    std::size_t size;  ///< of the signature, bytes
};
constexpr std::array<HmacAlgorithm, 3> hmac_algorithms = {{
    {"HS256", EVP_sha256, 32},
    {"HS384", EVP_sha384, 48},
    {"HS512", EVP_sha512, 64},
}};

std::optional<Refusal> check_signature(const HmacSecret& secret, std::string_view algorithm,
                                       const Parts& parts) noexcept {
    const auto used =
        std::find_if(hmac_algorithms.begin(), hmac_algorithms.end(),
                     [&](const HmacAlgorithm& each) { return each.name == algorithm; });
    if (used == hmac_algorithms.end()) return Refusal::wrong_algorithm;
    Signature signature;
    if (!signature.decode(parts.signature, used->size)) return Refusal::bad_signature;
    std::array<unsigned char, EVP_MAX_MD_SIZE> expected{};
    unsigned int expected_size = 0;
    const unsigned char* made = HMAC(
        used->digest(), secret.bytes().data(), static_cast<int>(secret.bytes().size()),
        bytes_of(parts.signed_text), parts.signed_text.size(), expected.data(), &expected_size);
    if (made == nullptr || expected_size != used->size) return Refusal::bad_signature;
    const int different = sodium_memcmp(expected.data(), signature.bytes.data(), used->size);
    return different == 0 ? std::nullopt : std::optional(Refusal::bad_signature);
}

std::optional<Refusal> check_signature(const Ed25519PublicKey& key, std::string_view algorithm,
                                       const Parts& parts) noexcept {
    if (algorithm != "EdDSA") return Refusal::wrong_algorithm;
    Signature signature;
    if (!signature.decode(parts.signature, crypto_sign_BYTES)) return Refusal::bad_signature;
    const int bad = crypto_sign_verify_detached(signature.bytes.data(), bytes_of(parts.signed_text),
                                                parts.signed_text.size(), key.bytes.data());
    return bad == 0 ? std::nullopt : std::optional(Refusal::bad_signature);
}

std::optional<Refusal> check_header_and_signature(const Parts& parts, const JwtKey& key) noexcept {
    JwtSegment header;
    const Outcome outcome = header.read(parts.header);
    if (outcome == Outcome::not_base64url) return Refusal::malformed_token;
    if (outcome != Outcome::object) return Refusal::bad_header;
    // Whoever wrote `crit` demands that what it lists is understood (RFC 7515, section 4.1.11).
    if (header.object().at_key("crit").error() == simdjson::SUCCESS) return Refusal::bad_header;
    std::string_view algorithm;
    if (header.object().at_key("alg").get(algorithm) != simdjson::SUCCESS) {
        return Refusal::wrong_algorithm;
    }
    if (const auto* secret = std::get_if<HmacSecret>(&key)) {
        return check_signature(*secret, algorithm, parts);
    }
    const auto* public_key = std::get_if<Ed25519PublicKey>(&key);
    PARLEY_ASSERT(public_key != nullptr);
    return check_signature(*public_key, algorithm, parts);
}

/// False if the claim is there but cannot be a time. Text such as 1e400 never gets here: the
/// parser knows no such number.
bool read_time(dom::object claims, std::string_view name, std::optional<double>& seconds) noexcept {
    dom::element claim;
    if (claims.at_key(name).get(claim) != simdjson::SUCCESS) return true;
    double value = 0;
    if (claim.get_double().get(value) != simdjson::SUCCESS) return false;
    if (!std::isfinite(value) || value < 0) return false;
    seconds = value;
    return true;
}

/// The end of a token's life as a time; nothing if it is later than times go.
std::optional<WallTime> end_of_life(double expires, std::chrono::seconds leeway) noexcept {
    // Beyond the year 9999 nobody waits for it.
    constexpr double seconds_max = 253'402'300'799;
    if (expires > seconds_max) return std::nullopt;
    const std::chrono::duration<double> since{expires};
    return WallTime{std::chrono::ceil<WallTime::duration>(since) + leeway};
}

std::optional<Refusal> check_times(dom::object claims, WallTime now, std::chrono::seconds leeway,
                                   Identity& identity) noexcept {
    std::optional<double> expires;
    std::optional<double> begins;
    if (!read_time(claims, "exp", expires) || !read_time(claims, "nbf", begins)) {
        return Refusal::bad_time;
    }
    using Seconds = std::chrono::duration<double>;
    const double now_seconds = Seconds(now.time_since_epoch()).count();
    const double leeway_seconds = Seconds(leeway).count();
    if (expires && now_seconds >= *expires + leeway_seconds) return Refusal::expired;
    if (begins && now_seconds + leeway_seconds < *begins) return Refusal::not_yet_valid;
    if (expires) identity.good_until = end_of_life(*expires, leeway);
    return std::nullopt;
}

/// Whether a claim is that text, or a list that has it.
bool names(dom::object claims, std::string_view claim_name, std::string_view wanted) noexcept {
    dom::element claim;
    if (claims.at_key(claim_name).get(claim) != simdjson::SUCCESS) return false;
    std::string_view text;
    if (claim.get(text) == simdjson::SUCCESS) return text == wanted;
    dom::array list;
    if (claim.get(list) != simdjson::SUCCESS) return false;
    return std::any_of(list.begin(), list.end(), [wanted](dom::element entry) {
        std::string_view each;
        return entry.get(each) == simdjson::SUCCESS && each == wanted;
    });
}

/// `iss` is a text, `aud` a text or a list of them (RFC 7519, sections 4.1.1 and 4.1.3).
std::optional<Refusal> check_parties(dom::object claims, const JwtRules& rules) noexcept {
    std::string_view issuer;
    if (!rules.issuer.empty() && (claims.at_key("iss").get(issuer) != simdjson::SUCCESS ||
                                  issuer != std::string_view{rules.issuer})) {
        return Refusal::wrong_issuer;
    }
    if (!rules.audience.empty() && !names(claims, "aud", rules.audience)) {
        return Refusal::wrong_audience;
    }
    return std::nullopt;
}

/// Nothing unless the value is a string or an integer, and usable as a name.
std::optional<std::string> read_name(dom::element value) {
    std::string name;
    if (value.is_string()) {
        name = std::string_view(value.get_string().value_unsafe());
    } else if (value.is_int64()) {
        name = std::to_string(value.get_int64().value_unsafe());
    } else if (value.is_uint64()) {
        name = std::to_string(value.get_uint64().value_unsafe());
    }
    return usable_name(name) ? std::optional(std::move(name)) : std::nullopt;
}

std::optional<Refusal> read_user(dom::object claims, Identity& identity) {
    for (const std::string_view claim_name : {"userId", "uid", "user_id", "sub"}) {
        dom::element claim;
        if (claims.at_key(claim_name).get(claim) != simdjson::SUCCESS || claim.is_null()) continue;
        std::optional<std::string> name = read_name(claim);
        if (!name) return Refusal::bad_user;
        identity.user = std::move(*name);
        identity.user_is_integer = !claim.is_string();
        return std::nullopt;
    }
    return Refusal::no_user;
}

std::optional<Refusal> read_groups(dom::object claims, Identity& identity) {
    dom::array list;
    if (claims.at_key("channelIds").get(list) != simdjson::SUCCESS) return std::nullopt;
    identity.groups_given = true;
    for (const dom::element entry : list) {
        std::optional<std::string> name = read_name(entry);
        if (!name) continue;
        if (identity.groups.size() == store::groups_per_user_max) return Refusal::too_many_groups;
        identity.groups.push_back(std::move(*name));
    }
    return std::nullopt;
}

}  // namespace

HmacSecret::~HmacSecret() {
    sodium_memzero(bytes_.data(), bytes_.size());
}

Verdict verify_jwt(std::string_view token, const JwtKey& key, WallTime now,
                   const JwtRules& rules) noexcept {
    if (token.empty()) return Refusal::missing_token;
    if (token.size() > token_size_max) return Refusal::token_too_long;
    const std::optional<Parts> parts = split(token);
    if (!parts) return Refusal::malformed_token;
    if (const auto refused = check_header_and_signature(*parts, key)) return *refused;

    JwtSegment payload;
    const Outcome outcome = payload.read(parts->payload);
    if (outcome == Outcome::not_base64url) return Refusal::malformed_token;
    if (outcome != Outcome::object) return Refusal::bad_payload;
    Identity identity;
    if (const auto refused = check_times(payload.object(), now, rules.leeway, identity)) {
        return *refused;
    }
    if (const auto refused = check_parties(payload.object(), rules)) return *refused;
    if (const auto refused = read_user(payload.object(), identity)) return *refused;
    if (const auto refused = read_groups(payload.object(), identity)) return *refused;
    return identity;
}

}  // namespace parley::session
