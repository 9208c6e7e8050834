// Options: from the command line, checked as a whole.
#include "parley_load/options.h"

#include <charconv>
#include <fmt/format.h>

#include "parley_load/command_line.h"
#include "parley_load/token.h"

namespace parley::load {
namespace {

constexpr int exit_wrong_command_line = 2;

constexpr const char* about =
    "Loads a server with voice, texts or connections, checks what comes back, and measures.\n"
    "\n"
    "  parley-load fanout --connections 1000 --group-size 10 --talkers 100 --seconds 10\n"
    "  parley-load ptt --connections 1000 --presses 50\n"
    "  parley-load idle --connections 100000 --voice --pid \"$(pgrep -x parley)\"\n"
    "  parley-load churn --rate 1000 --hold-ms 500\n"
    "  parley-load chat --rate 500\n"
    "\n"
    "parley-load SCENARIO --help explains each. The server may be any that speaks VoicePing's\n"
    "protocol; --pid works if it runs on this machine.";

constexpr const char* footer =
    "Users and groups have new names in each run. SIGINT and SIGTERM end a run early, with its\n"
    "result.\n"
    "\n"
    "Exit status: 0 everything came once, whole and in order; 1 something did not, the server\n"
    "cannot be reached, was not ready within --connect-seconds or did not deliver within 5 s "
    "after\n"
    "the end what was sent, or the run was interrupted; 2 wrong command line.";

int refuse(std::string_view why) {
    fmt::print(stderr, "parley-load: {}\nTry parley-load --help.\n", why);
    return exit_wrong_command_line;
}

/// What is wrong beyond what the declarations say; empty if nothing.
std::string contradiction(const Options& options) {
    if (options.scenario == ScenarioName::churn) return {};
    if (options.group_size < 2 && options.scenario != ScenarioName::idle) {
        return "--group-size 1: nobody would hear anything; choose 2 or more";
    }
    if (options.connections % options.group_size != 0) {
        return fmt::format("--connections {} cannot be cut into groups of {}: choose a multiple",
                           options.connections, options.group_size);
    }
    if (options.talkers > options.group_count()) {
        return fmt::format(
            "--talkers {} is more than the {} groups: one talks in a group at a time",
            options.talkers, options.group_count());
    }
    if (options.has_slow_reader() && options.group_size < 3) {
        return "--slow-reader needs groups of 3 or more: one talks, one is slow, others are judged";
    }
    if (options.voice && options.group_size < 2) {
        return "--voice needs groups of 2 or more: one talks and the others hear";
    }
    return {};
}

client::Outcome<pid_t> parse_pid(const std::string& text) {
    pid_t pid = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, pid);
    if (read.ec == std::errc{} && read.ptr == end && pid > 0) return pid;
    if (text.find_first_not_of(" \n") == std::string::npos) {
        return client::Failure{"--pid is empty: is the server running?"};
    }
    return client::Failure{
        fmt::format("--pid '{}' is not one process id: name the one that serves", text)};
}

CloseHow parse_close(std::string_view text) noexcept {
    if (text == "close") return CloseHow::close;
    if (text == "fin") return CloseHow::fin;
    if (text == "reset") return CloseHow::reset;
    return CloseHow::alternate;
}

/// Turns texts into what they mean. Errors: one means nothing.
client::Done finish(CommandLine& line, bool pid_given, bool cores_given) {
    Options& options = line.options;
    PARLEY_TRY(options.server, client::parse_server_url(line.server));
    if (pid_given) {
        PARLEY_TRY(options.server_pid, parse_pid(line.pid));
    }
    if (cores_given) {
        auto cores = parse_cores(line.cores);
        if (!cores) {
            return client::Failure{
                fmt::format("--cores '{}' is no list of cores such as 2-3,6", line.cores)};
        }
        options.cores = std::move(*cores);
    }
    if (!line.jwt_secret_file.empty()) {
        PARLEY_TRY(options.jwt_secret, read_secret(line.jwt_secret_file));
    }
    options.duration = std::chrono::seconds{line.seconds};
    options.connect_max = std::chrono::seconds{line.connect_seconds};
    options.hold = std::chrono::milliseconds{line.hold_ms};
    options.burst_mean = std::chrono::milliseconds{line.burst_ms};
    options.frame = std::chrono::milliseconds{line.frame_ms};
    options.close_how = parse_close(line.close);
    if (options.scenario != ScenarioName::fanout) options.talkers = options.voice ? 1 : 0;
    return Ok{};
}

}  // namespace

std::variant<Options, int> read_options(int argc, char** argv) {
    CLI::App app{about, "parley-load"};
    app.require_subcommand(1);
    app.footer(footer);
    CommandLine line;
    declare_scenarios(app, line);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);
        return refuse(error.what());
    }
    const CLI::App& chosen = *app.get_subcommands().front();
    if (auto done = finish(line, chosen.count("--pid") != 0, chosen.count("--cores") != 0); !done) {
        return refuse(done.error().text);
    }
    if (const std::string why = contradiction(line.options); !why.empty()) return refuse(why);
    return std::move(line.options);
}

}  // namespace parley::load
