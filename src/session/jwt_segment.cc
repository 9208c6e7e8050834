// session::JwtSegment: decoding, and the limits of JSON in tokens.
#include "session/jwt_segment.h"

#include <algorithm>
#include <sodium.h>

namespace parley::session {

namespace {

constexpr std::size_t nesting_max = 32;
constexpr std::size_t names_max = 64;

/// Escapes are resolved before names are compared, so `uid` and `u\u0069d` are the same. At most
/// 64 x 63 / 2 comparisons.
bool names_are_distinct(simdjson::dom::object object) noexcept {
    std::array<std::string_view, names_max> names;
    std::size_t count = 0;
    for (const simdjson::dom::key_value_pair field : object) {
        const auto seen = names.begin() + static_cast<std::ptrdiff_t>(count);
        if (count == names_max || std::find(names.begin(), seen, field.key) != seen) return false;
        names[count++] = field.key;
    }
    return true;
}

bool is_base64url(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

}  // namespace

bool decode_base64url(std::string_view text, std::span<unsigned char> bytes,
                      std::size_t& size) noexcept {
    // libsodium 1.0.18 reads every byte above 127 as `_`, so that one token has many spellings.
    if (!std::all_of(text.begin(), text.end(), is_base64url)) return false;
    // Without an end pointer libsodium refuses text that does not decode to its very end.
    return sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size,
                             nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

JwtSegment::Outcome JwtSegment::read(std::string_view base64url) noexcept {
    std::size_t size = 0;
    if (!decode_base64url(base64url, std::span(bytes_).first(size_max), size)) {
        return Outcome::not_base64url;
    }
    if (parser_.allocate(size_max, nesting_max) != simdjson::SUCCESS) return Outcome::not_an_object;
    simdjson::dom::element root;
    const bool in_place = false;  // the padding is ours: no copy
    if (parser_.parse(bytes_.data(), size, in_place).get(root) != simdjson::SUCCESS ||
        root.get_object().get(object_) != simdjson::SUCCESS || !names_are_distinct(object_)) {
        return Outcome::not_an_object;
    }
    return Outcome::object;
}

}  // namespace parley::session
