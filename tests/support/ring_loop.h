// ring_loop: a real ring, and its loop for as long as a test wants.
#pragma once

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "base/assert.h"
#include "ring/ring.h"

namespace parley::test {

/// After this a test has failed: what it waits for takes milliseconds.
constexpr Duration patience_max = std::chrono::seconds{30};

inline std::unique_ptr<ring::Ring> open_ring(const ring::Options& options) {
    std::string error;
    auto ring = ring::Ring::open(options, error);
    if (ring == nullptr) std::fprintf(stderr, "%s\n", error.c_str());
    PARLEY_ASSERT(ring != nullptr);
    return ring;
}

/// One round that does not sleep.
inline void run_once(ring::Ring& ring) {
    ring.wait(Instant::min());
    ring.dispatch();
}

/// Rounds until `done()`; false if that does not come about. What a peer does in another way than
/// through the ring ends no wait, so waits are short.
template <class Done>
bool run_until(ring::Ring& ring, Done done) {
    const Instant give_up = ring.now() + patience_max;
    while (!done()) {
        if (ring.now() >= give_up) return false;
        ring.wait(ring.now() + std::chrono::milliseconds{2});
        ring.dispatch();
    }
    return true;
}

}  // namespace parley::test
