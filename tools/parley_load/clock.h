// Clock: time as the stamps carry it, the same in all threads and processes of the machine.
#pragma once

#include <chrono>
#include <cstdint>

namespace parley::load {

/// Nanoseconds of CLOCK_MONOTONIC.
using Nanoseconds = std::int64_t;

constexpr Nanoseconds second_ns = 1'000'000'000;
constexpr Nanoseconds never = INT64_MAX;

inline Nanoseconds now_ns() noexcept {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

/// What START carries, as radios do.
inline std::uint64_t epoch_ms() noexcept {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

}  // namespace parley::load
