// server::DrainPace: how many connections are sent away when, if all have to go. Pure.
//
// They come back as fast as they leave, to a server that has to read the token of each: so they
// leave at a rate, and only where that would take too long, faster.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace parley::server {

class DrainPace {
public:
    struct Limits {
        double rate_max = 2000;                       ///< connections a second
        Duration time_max = std::chrono::seconds{5};  ///< then the last one has been sent away
    };

    DrainPace(const Limits& limits, Instant begin) noexcept;

    /// How many of `ready` leave now, if `left` in all still have to, these included. They are
    /// taken to have left. `now` never goes back.
    std::size_t take(std::size_t ready, std::size_t left, Instant now) noexcept;
    /// How many of `left` cannot be waited for any longer, if none is to leave faster than at the
    /// rate.
    std::size_t pressed(std::size_t left, Instant now) const noexcept;

    /// How long it takes to send `count` away.
    Duration length(std::size_t count) const noexcept;
    /// How much later than the first may come back those whom take() has let leave last, so that
    /// they come back at the rate, however they have left.
    Duration turn() const noexcept;

private:
    Duration time_left(Instant now) const noexcept;

    Limits limits_;
    Instant begin_;
    Instant last_;       // take()
    double credit_ = 0;  // parts of a connection that may leave
    std::size_t taken_ = 0;
};

}  // namespace parley::server
