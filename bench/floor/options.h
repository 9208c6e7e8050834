// Options: what parley-floor was asked to do.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "ring/socket.h"

namespace parley::bench {

struct FloorOptions {
    enum class Kind : std::uint8_t { epoll, io_uring };

    Kind kind = Kind::epoll;
    ring::Address listen{.host = "127.0.0.1", .port = 7420};
    std::optional<int> core;
    std::string congestion;    ///< TCP's congestion control by name; empty: the system's choice
    bool coalesce = false;     ///< what came for one group in one turn leaves as one send
    bool fixed_files = false;  ///< io_uring: sockets in the ring's own table
    /// io_uring: how long a turn waits for a batch of completions before it takes what there is.
    std::chrono::microseconds min_wait{0};
};

/// The options, or the status to exit with at once.
std::variant<FloorOptions, int> read_options(int argc, char** argv);

}  // namespace parley::bench
