#include "server/drain_pace.h"

#include <algorithm>

namespace parley::server {
namespace {

using Seconds = std::chrono::duration<double>;

double seconds(Duration duration) noexcept {
    return Seconds{duration}.count();
}

}  // namespace

DrainPace::DrainPace(const Limits& limits, Instant begin) noexcept
    : limits_(limits), begin_(begin), last_(begin) {}

Duration DrainPace::time_left(Instant now) const noexcept {
    return limits_.time_max - (now - begin_);
}

std::size_t DrainPace::take(std::size_t ready, std::size_t left, Instant now) noexcept {
    const Duration since = now - last_;
    const Duration until_end = limits_.time_max - (last_ - begin_);
    last_ = now;
    std::size_t count = ready;
    if (since < until_end) {
        const double needed = static_cast<double>(left) / seconds(until_end);
        credit_ += seconds(since) * std::max(limits_.rate_max, needed);
        count = std::min(ready, static_cast<std::size_t>(credit_));
        credit_ -= static_cast<double>(count);
        // Nobody was there to leave: that time is not made up for later.
        if (count == ready) credit_ = std::min(credit_, 1.0);
    }
    taken_ += count;
    return count;
}

std::size_t DrainPace::pressed(std::size_t left, Instant now) const noexcept {
    const Duration rest = time_left(now);
    if (rest <= Duration::zero()) return left;
    const double may_still = seconds(rest) * limits_.rate_max;
    if (may_still >= static_cast<double>(left)) return 0;
    return left - static_cast<std::size_t>(may_still);
}

Duration DrainPace::length(std::size_t count) const noexcept {
    const Seconds at_rate{static_cast<double>(count) / limits_.rate_max};
    if (at_rate >= limits_.time_max) return limits_.time_max;
    return std::chrono::duration_cast<Duration>(at_rate);
}

Duration DrainPace::turn() const noexcept {
    const Seconds at_rate{static_cast<double>(taken_) / limits_.rate_max};
    return std::chrono::duration_cast<Duration>(at_rate);
}

}  // namespace parley::server
