#include "ws/utf8_stream.h"

#include <algorithm>
#include <simdjson.h>

namespace parley::ws {
namespace {

/// Bytes of the character that `lead` begins; 0 if none begins so.
constexpr std::size_t character_size(std::byte lead) noexcept {
    if (lead < std::byte{0x80}) return 1;
    if (lead < std::byte{0xc2}) return 0;  // a continuation, or an overlong form
    if (lead < std::byte{0xe0}) return 2;
    if (lead < std::byte{0xf0}) return 3;
    return lead < std::byte{0xf5} ? 4 : 0;  // beyond U+10FFFF
}

constexpr bool is_continuation(std::byte byte) noexcept {
    return (byte & std::byte{0xc0}) == std::byte{0x80};
}

/// The second byte decides about overlong forms, surrogates and the end of the code space
/// (Unicode standard, table 3-7).
constexpr bool may_follow(std::byte lead, std::byte second) noexcept {
    switch (std::to_integer<unsigned>(lead)) {
        case 0xe0:
            return second >= std::byte{0xa0} && second <= std::byte{0xbf};
        case 0xed:
            return second >= std::byte{0x80} && second <= std::byte{0x9f};
        case 0xf0:
            return second >= std::byte{0x90} && second <= std::byte{0xbf};
        case 0xf4:
            return second >= std::byte{0x80} && second <= std::byte{0x8f};
        default:
            return is_continuation(second);
    }
}

/// True if `byte` may be the next one of the character that `begun` is the beginning of.
bool may_continue(std::span<const std::byte> begun, std::byte byte) noexcept {
    if (begun.empty()) return character_size(byte) > 0;
    return begun.size() == 1 ? may_follow(begun[0], byte) : is_continuation(byte);
}

/// Where the character begins that the text ends inside of; its size if there is none.
std::size_t unfinished_begin(std::span<const std::byte> text) noexcept {
    const std::size_t earliest = text.size() - std::min<std::size_t>(text.size(), 3);
    for (std::size_t at = text.size(); at-- > earliest;) {
        if (is_continuation(text[at])) continue;
        return character_size(text[at]) > text.size() - at ? at : text.size();
    }
    return text.size();
}

}  // namespace

bool Utf8Stream::feed(std::span<const std::byte> piece) noexcept {
    while (pending_bytes_ > 0 && !piece.empty()) {
        const auto begun = std::span{pending_}.first(pending_bytes_);
        if (!may_continue(begun, piece.front())) return false;
        if (begun.size() + 1 == character_size(begun[0])) {
            pending_bytes_ = 0;
        } else {
            pending_[pending_bytes_++] = piece.front();
        }
        piece = piece.subspan(1);
    }
    if (piece.empty()) return true;

    const std::size_t whole = unfinished_begin(piece);
    const auto* text = reinterpret_cast<const char*>(piece.data());
    if (whole > 0 && !simdjson::validate_utf8(text, whole)) return false;
    for (const std::byte byte : piece.subspan(whole)) {
        if (!may_continue(std::span{pending_}.first(pending_bytes_), byte)) return false;
        pending_[pending_bytes_++] = byte;
    }
    return true;
}

}  // namespace parley::ws
