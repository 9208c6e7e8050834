// limits_options: the options of `parley serve` about limits (docs/LIMITS.md).
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>

#include <parley/limits.h>

namespace parley::daemon {

/// What is read as plain numbers and made a Limits by apply(). Must live until then.
struct LimitNumbers {
    std::int64_t opening_ms = 0;
    std::int64_t ping_ms = 0;
    std::int64_t pong_ms = 0;
    std::int64_t partial_ms = 0;
    std::int64_t closing_ms = 0;
    std::int64_t send_stall_ms = 0;
    std::int64_t lag_ms = 0;
    std::uint64_t memory_bytes = 0;
};

/// Adds the options, with what `limits` holds as defaults.
void add_limits(CLI::App& serve, Limits& limits, LimitNumbers& numbers);

/// After parsing.
void apply(const CLI::App& serve, const LimitNumbers& numbers, Limits& limits);

}  // namespace parley::daemon
