// Options: what parley-load was asked to do.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <sys/types.h>
#include <variant>

#include "client/secured.h"
#include "client/url.h"
#include "parley_load/cores.h"

namespace parley::load {

enum class ScenarioName : std::uint8_t { fanout, ptt, idle, churn, chat };

/// How churn ends a connection.
enum class CloseHow : std::uint8_t { alternate, close, fin, reset };

struct Options {
    ScenarioName scenario = ScenarioName::fanout;

    // Of all scenarios.
    client::ServerUrl server;
    client::Trust trust;               ///< of a server of wss://
    std::uint32_t connections = 1000;  ///< churn: at most at once
    std::uint32_t group_size = 10;
    std::chrono::seconds duration{10};
    std::chrono::seconds connect_max{30};
    std::uint32_t threads = 1;
    Cores cores;                         ///< empty: see choose_cores()
    pid_t server_pid = 0;                ///< 0: not known
    std::string jwt_secret;              ///< empty: the token is the user's name
    std::uint32_t ports_per_source = 0;  ///< 0: what the machine's port range allows
    std::uint64_t seed = 1;              ///< of everything random but names
    bool json = false;
    std::string csv;        ///< file, or empty
    std::string histogram;  ///< file, or empty

    // fanout; idle talks like it with one talker or none.
    std::string speech;  ///< WAV file; empty: see voice_packets()
    std::uint32_t talkers = 1;
    double frames_per_second = 50;  ///< of each talker, unless saturating
    bool saturate = false;
    std::uint32_t window = 1;                        ///< frames each talker has under way
    std::uint32_t slow_reader_bytes_per_second = 0;  ///< 0: none

    bool voice = false;  ///< idle: one talker

    // churn: connects; chat: texts. Both a second.
    double rate = 100;
    std::chrono::milliseconds hold{1000};
    CloseHow close_how = CloseHow::alternate;

    // ptt
    double presses = 10;  ///< a second, over all groups
    std::chrono::milliseconds burst_mean{3000};
    std::chrono::milliseconds frame{20};

    std::uint32_t text_bytes = 100;  ///< chat

    std::uint32_t group_count() const noexcept { return connections / group_size; }
    bool has_slow_reader() const noexcept { return slow_reader_bytes_per_second != 0; }
};

std::string_view name_of(ScenarioName scenario) noexcept;

/// The options, or the status to exit with at once: 0 after --help, 2 after a wrong command line,
/// which was explained on standard error.
std::variant<Options, int> read_options(int argc, char** argv);

}  // namespace parley::load
