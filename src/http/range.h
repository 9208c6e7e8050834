// http ranges: which part of something a request asks for (RFC 9110 section 14). Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace parley::http {

/// A part of something.
struct Range {
    std::uint64_t begin = 0;
    std::uint64_t size = 0;
};

enum class RangeAnswer : std::uint8_t {
    whole,    ///< 200: none was asked for, or none that is understood here
    part,     ///< 206
    outside,  ///< 416
};

/// Reads the value of a Range field, for something of `size` bytes; an empty one asks for all. One
/// range is understood; several are answered with the whole, as the RFC allows.
RangeAnswer find_range(std::string_view field, std::uint64_t size, Range& range) noexcept;

}  // namespace parley::http
