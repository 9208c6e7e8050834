// Options: what parley-talk was asked to do.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "client/secured.h"
#include "client/url.h"

namespace parley::talk {

struct Options {
    client::ServerUrl server;
    client::Trust trust;  ///< of a server of wss://
    std::string user;
    std::string token;                                  ///< the user if not given
    std::string group;                                  ///< empty: private talk only
    std::string to;                                     ///< a user; empty: to the group
    std::string say;                                    ///< WAV file to read; empty: listen
    std::string out;                                    ///< WAV file to write
    std::optional<std::chrono::milliseconds> time_max;  ///< --for
    std::chrono::milliseconds frame{20};
    std::int32_t bits_per_second = 24000;
    std::uint32_t rate_hz = 48000;
    std::chrono::milliseconds late_after{60};
    bool json = false;
};

/// The options, or the status to exit with at once: 0 after --help, 2 after a wrong command line,
/// which was explained on standard error.
std::variant<Options, int> read_options(int argc, char** argv);

}  // namespace parley::talk
