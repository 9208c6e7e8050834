// Outlet: how bytes leave; what the kinds of floor do differently.
#pragma once

#include <cstddef>
#include <span>

namespace parley::bench {

class Outlet {
public:
    /// Sends to all `sockets` but one. The bytes stay as they are until the turn has been
    /// submitted.
    virtual void fan_out(std::span<const int> sockets, int except,
                         std::span<const std::byte> bytes) noexcept = 0;

    struct Counters {
        std::uint64_t system_calls = 0;
        std::uint64_t dropped = 0;  ///< listeners that could not take a frame
    };
    Counters counters;

protected:
    ~Outlet() = default;
};

}  // namespace parley::bench
