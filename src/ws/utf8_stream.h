// Utf8Stream: tells whether text that arrives in pieces can still become valid UTF-8.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::ws {

/// Keeps at most the three bytes of a character that a piece ended inside of.
class Utf8Stream final {
public:
    /// False as soon as no continuation could make the bytes so far valid: at the very byte that
    /// spoils it, in whatever pieces it came. After that the object is of no more use.
    bool feed(std::span<const std::byte> piece) noexcept;
    /// True if the bytes so far are whole characters.
    bool is_complete() const noexcept { return pending_bytes_ == 0; }

private:
    std::array<std::byte, 3> pending_{};  ///< a valid beginning of a character, not a whole one
    std::uint8_t pending_bytes_ = 0;
};

}  // namespace parley::ws
