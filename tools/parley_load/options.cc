// Options: the command line of parley-load.
#include "parley_load/options.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace parley::load {
namespace {

constexpr int exit_wrong_command_line = 2;

constexpr const char* about =
    "Loads a server with voice, checks every frame that comes back, and measures.\n"
    "\n"
    "  parley-load fanout --connections 1000 --group-size 10 --talkers 100 --seconds 10";

constexpr const char* footer =
    "Talkers take the floor of one group each and send Opus packets of speech; all others of the\n"
    "group listen. Behind each packet, in the same payload, go 24 bytes: magic, talker, sequence\n"
    "number, the time it was due, and a checksum over all. Listeners check each of them.\n"
    "\n"
    "Paced talkers send on a fixed schedule, whatever the server does, and latency runs from the\n"
    "time a frame was due: a server that stalls cannot hide it. Saturating talkers send the next\n"
    "frame as soon as the whole group has all but --window of the frames before.\n"
    "\n"
    "A talker gives the floor back and takes it anew after 60 s, for servers limit a talk burst; "
    "no\n"
    "frame is due in between. Users and groups have new names in each run.\n"
    "\n"
    "Exit status: 0 every frame came once, whole and in order; 1 one did not, or the server "
    "cannot\n"
    "be reached or was too slow; 2 wrong command line.";

void declare(CLI::App& fanout, Options& options, std::string& server) {
    fanout.add_option("--server", server, "Where to connect")->capture_default_str();
    fanout.add_option("--connections", options.connections, "Clients to connect")
        ->check(CLI::Range(2, 5'000'000))
        ->capture_default_str();
    fanout.add_option("--group-size", options.group_size, "Members of each group")
        ->check(CLI::Range(2, 5'000'000))
        ->capture_default_str();
    fanout.add_option("--talkers", options.talkers, "Talkers in all, one per group at most")
        ->check(CLI::Range(1, 5'000'000))
        ->capture_default_str();
    fanout.add_option("--speech", options.speech,
                      "WAV file to say, instead of the built-in choice");
    auto* pace =
        fanout.add_option("--pace", options.frames_per_second, "Frames a second per talker");
    auto* saturate = fanout.add_flag("--saturate", options.saturate, "Send as fast as it is heard");
    auto* window = fanout.add_option("--window", options.window, "Frames under way per talker");
    pace->check(CLI::Range(0.1, 100'000.0))->capture_default_str()->excludes(saturate);
    window->check(CLI::Range(1, 1000))->capture_default_str()->needs(saturate);
    fanout.add_option("--pid", options.server_pid, "The server's process, to measure its CPU time")
        ->check(CLI::PositiveNumber);
    fanout.add_option("--threads", options.threads, "Threads of the generator")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    fanout.add_flag("--json", options.json, "Print the result as one JSON object");
}

int refuse(std::string_view why) {
    fmt::print(stderr, "parley-load: {}\nTry parley-load --help.\n", why);
    return exit_wrong_command_line;
}

/// What is wrong beyond what the declarations say; empty if nothing.
std::string contradiction(const Options& options) {
    if (options.connections % options.group_size != 0) {
        return fmt::format("--connections {} cannot be cut into groups of {}: choose a multiple",
                           options.connections, options.group_size);
    }
    if (options.talkers > options.group_count()) {
        return fmt::format(
            "--talkers {} is more than the {} groups: one talks in a group at a time",
            options.talkers, options.group_count());
    }
    return {};
}

}  // namespace

std::variant<Options, int> read_options(int argc, char** argv) {
    CLI::App app{about, "parley-load"};
    app.require_subcommand(1);
    app.footer(footer);
    CLI::App& fanout = *app.add_subcommand("fanout", "Voice in groups: one talks, all others hear");
    fanout.footer(footer);
    Options options;
    std::string server = "ws://127.0.0.1:7420";
    std::int64_t seconds = 10;
    std::int64_t connect_seconds = 30;
    declare(fanout, options, server);
    fanout.add_option("--seconds", seconds, "How long to talk")
        ->check(CLI::Range(1, 86400))
        ->capture_default_str();
    fanout.add_option("--connect-seconds", connect_seconds, "How long all may take to get ready")
        ->check(CLI::Range(1, 3600))
        ->capture_default_str();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);
        return refuse(error.what());
    }
    auto url = client::parse_server_url(server);
    if (!url) return refuse(url.error().text);
    options.server = *url;
    options.duration = std::chrono::seconds{seconds};
    options.connect_max = std::chrono::seconds{connect_seconds};
    if (const std::string why = contradiction(options); !why.empty()) return refuse(why);
    return options;
}

}  // namespace parley::load
