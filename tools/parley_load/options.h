// Options: what parley-load was asked to do.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <sys/types.h>
#include <variant>

#include "client/url.h"

namespace parley::load {

struct Options {
    client::ServerUrl server;
    std::string speech;  ///< WAV file; empty: see voice_packets()
    std::uint32_t connections = 1000;
    std::uint32_t group_size = 10;
    std::uint32_t talkers = 1;
    std::chrono::seconds duration{10};
    std::chrono::seconds connect_max{30};
    double frames_per_second = 50;  ///< of each talker, unless saturating
    bool saturate = false;
    std::uint32_t window = 1;  ///< frames each talker has under way when saturating
    pid_t server_pid = 0;      ///< 0: not known
    std::uint32_t threads = 1;
    bool json = false;

    std::uint32_t group_count() const noexcept { return connections / group_size; }
};

/// The options, or the status to exit with at once: 0 after --help, 2 after a wrong command line,
/// which was explained on standard error.
std::variant<Options, int> read_options(int argc, char** argv);

}  // namespace parley::load
