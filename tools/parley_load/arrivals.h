// Arrivals: when something is due, whatever the server does. Pure: reads no clock.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>

#include "parley_load/clock.h"

namespace parley::load {

/// Event k of an even schedule of `rate` a second is due this long after its beginning. Computed
/// from the whole, so that no rounding adds up.
inline Nanoseconds even_due(std::uint64_t k, double rate) noexcept {
    return static_cast<Nanoseconds>(static_cast<double>(k) * 1e9 / rate);
}

/// People at random: intervals and lengths whose chance to end does not depend on their age.
/// The same seed gives the same sequence on any machine.
class Chance final {
public:
    explicit Chance(std::uint64_t seed) noexcept : random_(seed) {}

    /// An exponential length with the given mean.
    Nanoseconds length(double mean_ns) noexcept {
        return static_cast<Nanoseconds>(-std::log1p(-unit()) * mean_ns);
    }
    /// The same, kept within bounds.
    Nanoseconds length_within(double mean_ns, Nanoseconds min, Nanoseconds max) noexcept {
        return std::clamp(length(mean_ns), min, max);
    }
    /// One of 0 to count - 1. Requires count > 0.
    std::uint32_t below(std::uint32_t count) noexcept {
        return static_cast<std::uint32_t>(random_() % count);
    }

private:
    /// From 0 up to but without 1, with 53 random bits.
    double unit() noexcept { return static_cast<double>(random_() >> 11) * 0x1p-53; }

    std::mt19937_64 random_;
};

}  // namespace parley::load
