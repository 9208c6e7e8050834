// session::JwtSegment: one part of a token, from base64url to a JSON object.
#pragma once

#include <array>
#include <cstddef>
#include <simdjson.h>
#include <span>
#include <string_view>

#include "session/auth_verdict.h"

namespace parley::session {

/// Strict base64url (RFC 4648, section 5) without padding: no other characters, no bits left
/// over. Returns false, with `bytes` in any state, unless the text is that and decodes to
/// `bytes.size()` bytes at most; `size` says how many.
bool decode_base64url(std::string_view text, std::span<unsigned char> bytes,
                      std::size_t& size) noexcept;

/// Holds the decoded bytes and the parser that what it yields points into.
class JwtSegment {
public:
    enum class Outcome { object, not_base64url, not_an_object };

    /// Reads one part. An object is valid UTF-8, nests at most 32 levels and has at most 64
    /// names, each once; anything else is not_an_object. Call it once.
    Outcome read(std::string_view base64url) noexcept;

    /// Requires that read() returned Outcome::object. Valid as long as this is.
    simdjson::dom::object object() const noexcept { return object_; }

private:
    static constexpr std::size_t size_max = token_size_max / 4 * 3;

    std::array<unsigned char, size_max + simdjson::SIMDJSON_PADDING> bytes_{};  // padding is zero
    simdjson::dom::parser parser_{size_max};
    simdjson::dom::object object_;
};

}  // namespace parley::session
