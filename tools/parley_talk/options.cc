// Options: the command line of parley-talk.
#include "parley_talk/options.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace parley::talk {
namespace {

constexpr int exit_wrong_command_line = 2;

constexpr const char* about =
    "A radio for the command line: says a WAV file in a group, or listens and records.\n"
    "\n"
    "  parley-talk --user bob   --group 18 --listen --out heard.wav\n"
    "  parley-talk --user alice --group 18 --say voice.wav\n";

constexpr const char* footer =
    "What the listener counts. VoicePing's voice messages carry no number, so:\n"
    "  frames        Opus packets received\n"
    "  lost          what is missing to the duration that the server's STOP names, less the time\n"
    "                from START to the first frame, in frames. Gaps are filled by Opus.\n"
    "  late          frames more than --late-ms behind the schedule of the burst's earliest frame\n"
    "  out of order  frames that came after their burst's STOP\n"
    "The file holds all talk bursts heard, one after the other, without the silence between.\n"
    "\n"
    "Exit status: 0 done; 1 the server cannot be reached, refused or went away, or a file cannot "
    "be\n"
    "used; 2 wrong command line.";

struct Raw {
    std::string server = "ws://127.0.0.1:7420";
    double seconds = 0;
    std::int64_t frame_ms = 20;
    std::int64_t late_ms = 60;
    bool listen = false;
};

void declare(CLI::App& app, Options& options, Raw& raw) {
    app.add_option("--server", raw.server, "Where to connect")->capture_default_str();
    app.add_option("--tls-ca", options.trust.ca_file,
                   "Certificates in PEM to trust for wss://, instead of the system's");
    app.add_flag("--tls-insecure", options.trust.anybody, "Trust any server of wss://, as a trial");
    app.add_option("--user", options.user, "Who to sign in as")->required();
    app.add_option("--token", options.token, "What to sign in with; the user's name if not given");
    app.add_option("--group", options.group, "Group to join, and to talk in");
    auto* to = app.add_option("--to", options.to, "Talk to this user alone, not in a group");
    auto* say = app.add_option("--say", options.say,
                               "Say this WAV file (PCM 16 bit at 8, 12, 16, 24 or 48 kHz) and end");
    auto* listen =
        app.add_flag("--listen", raw.listen, "Hear the group, and private talk to --user");
    auto* out = app.add_option("--out", options.out, "Write what is heard to this WAV file");
    auto* rate = app.add_option("--rate", options.rate_hz, "Samples a second of --out");
    auto* late = app.add_option("--late-ms", raw.late_ms, "Later than this is late");
    auto* frame = app.add_option("--frame-ms", raw.frame_ms,
                                 "Voice in one packet; 60 is what "
                                 "VoicePing radios send");
    auto* bits = app.add_option("--bitrate", options.bits_per_second, "Bits a second of voice");
    app.add_option("--for", raw.seconds, "End after this many seconds")
        ->check(CLI::Range(0.001, 1e6));
    app.add_flag("--json", options.json, "Print the summary as one JSON object");

    rate->check(CLI::IsMember({8000, 12000, 16000, 24000, 48000}))->capture_default_str();
    late->check(CLI::Range(1, 60000))->capture_default_str();
    frame->check(CLI::IsMember({20, 40, 60}))->capture_default_str();
    bits->check(CLI::Range(6000, 510000))->capture_default_str();
    say->excludes(listen);
    listen->needs(out);
    out->needs(listen);
    rate->needs(listen);
    late->needs(listen);
    to->needs(say);
    frame->needs(say);
    bits->needs(say);
}

/// What is wrong beyond what the declarations say; empty if nothing.
std::string_view contradiction(const Options& options, const Raw& raw) noexcept {
    if (options.say.empty() && !raw.listen)
        return "give --say FILE.wav, or --listen --out FILE.wav";
    if (options.user.empty()) return "--user is empty";
    if (!options.say.empty() && options.group.empty() == options.to.empty()) {
        return "--say needs either --group ID or --to USER";
    }
    const auto breaks_line = [](const std::string& text) {
        return text.find_first_of(std::string_view{"\r\n\0", 3}) != std::string::npos;
    };
    if (breaks_line(options.user) || breaks_line(options.token)) {
        return "--user and --token must be one line each";
    }
    return {};
}

int refuse(std::string_view why) {
    fmt::print(stderr, "parley-talk: {}\nTry parley-talk --help.\n", why);
    return exit_wrong_command_line;
}

}  // namespace

std::variant<Options, int> read_options(int argc, char** argv) {
    CLI::App app{about, "parley-talk"};
    app.footer(footer);
    Options options;
    Raw raw;
    declare(app, options, raw);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);
        return refuse(error.what());
    }
    auto server = client::parse_server_url(raw.server);
    if (!server) return refuse(server.error().text);
    if (const auto why = contradiction(options, raw); !why.empty()) return refuse(why);
    options.server = *server;
    if (options.token.empty()) options.token = options.user;
    if (raw.seconds > 0) {
        options.time_max = std::chrono::milliseconds{static_cast<std::int64_t>(raw.seconds * 1000)};
    }
    options.frame = std::chrono::milliseconds{raw.frame_ms};
    options.late_after = std::chrono::milliseconds{raw.late_ms};
    return options;
}

}  // namespace parley::talk
