// limits: how much of a request the server is willing to hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace parley::http {

/// The request line, all headers and the empty line behind them. A browser sends about 1 KiB of
/// headers, cookies of the same site may add 2 KiB, a token may have 4 KiB: 7 KiB, so 8 KiB.
inline constexpr std::size_t head_bytes_max = std::size_t{8} * 1024;

/// Headers of one request. Browsers behind two proxies send about 30; twice that.
inline constexpr std::size_t headers_max = 64;

/// The request target. Half of the head: no route of this server needs more than 100 bytes, and
/// tokens do not belong there.
inline constexpr std::size_t target_bytes_max = std::size_t{4} * 1024;

/// The request line: the longest target, 64 bytes for a method nobody has heard of, two blanks,
/// the version (8) and the line end (2).
inline constexpr std::size_t request_line_bytes_max = target_bytes_max + 64 + 2 + 8 + 2;

/// A body that is skipped to answer the request before it. No route reads bodies, so this only
/// bounds how long a wrong request may keep its connection.
inline constexpr std::size_t body_bytes_max = std::size_t{64} * 1024;

static_assert(request_line_bytes_max < head_bytes_max);
static_assert(head_bytes_max <= std::numeric_limits<std::uint16_t>::max(),
              "RequestHead keeps its offsets in 16 bits");

}  // namespace parley::http
