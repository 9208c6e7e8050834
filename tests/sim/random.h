// Random: the one source of chance in a simulated run. The same seed gives the same run.
#pragma once

#include <cstdint>

namespace parley::sim {

/// splitmix64. Copyable, so that a part of a run may have a stream of its own.
class Random {
public:
    explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

    std::uint64_t next() noexcept {
        state_ += 0x9E3779B97F4A7C15ULL;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
        return mixed ^ (mixed >> 31);
    }
    /// Uniform in [0, end); 0 if `end` is 0.
    std::uint64_t below(std::uint64_t end) noexcept { return end == 0 ? 0 : next() % end; }
    /// Uniform in [first, last].
    std::uint64_t between(std::uint64_t first, std::uint64_t last) noexcept {
        return first + below(last - first + 1);
    }
    /// True in `per_mille` of 1,000 cases. Draws nothing if that is 0.
    bool chance(std::uint32_t per_mille) noexcept {
        return per_mille != 0 && below(1000) < per_mille;
    }

private:
    std::uint64_t state_;
};

}  // namespace parley::sim
