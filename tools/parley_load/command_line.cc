// The command line: the options of each scenario and their help.
#include "parley_load/command_line.h"

#include <fmt/format.h>
#include <string>

namespace parley::load {
namespace {

constexpr const char* checking =
    "Behind each Opus packet, in the same payload, go 24 bytes: magic, talker, sequence number,\n"
    "the time it was due, and a checksum over all. Listeners check each of them.\n";

constexpr const char* open_loop =
    "Everything is due at a time that was fixed beforehand, whatever the server does, and is\n"
    "measured from that time: a server that stalls cannot hide it.\n";

// CLI::Range lets through what is no number, since nothing is less or more than that.
CLI::Validator rate_between(double least, double most) {
    return CLI::Validator{
        [least, most](const std::string& text) {
            double rate = 0;
            const bool within =
                CLI::detail::lexical_cast(text, rate) && rate >= least && rate <= most;
            return within ? std::string{}
                          : fmt::format("Value {} not in range {:g} to {:g}", text, least, most);
        },
        fmt::format("FLOAT in [{:g} - {:g}]", least, most)};
}

void declare_voice(CLI::App& app, Options& options) {
    app.add_option("--speech", options.speech, "WAV file to say, instead of the built-in choice");
}

void declare_fanout(CLI::App& app, Options& options) {
    declare_voice(app, options);
    app.add_option("--talkers", options.talkers, "Talkers in all, one per group at most")
        ->check(CLI::Range(1, 5'000'000))
        ->capture_default_str();
    auto* pace = app.add_option("--pace", options.frames_per_second, "Frames a second per talker");
    auto* saturate = app.add_flag("--saturate", options.saturate, "Send as fast as it is heard");
    auto* window = app.add_option("--window", options.window, "Frames under way per talker");
    pace->check(rate_between(0.1, 100'000))->capture_default_str()->excludes(saturate);
    window->check(CLI::Range(1, 1000))->capture_default_str()->needs(saturate);
    app.add_option("--slow-reader", options.slow_reader_bytes_per_second,
                   "One listener of the first group reads at this many bytes a second, unjudged")
        ->check(CLI::Range(1, 1'000'000'000));
    app.footer(
        std::string{"Talkers take the floor of one group each and send Opus packets of speech; all "
                    "others of the\ngroup listen. "} +
        checking + "\n" + open_loop +
        "Saturating talkers instead send the next frame as soon as the group, on average, has all\n"
        "but --window of the frames before, and a frame is due when it is sent.\n"
        "\n"
        "A talker gives the floor back and takes it anew after 60 s, for servers limit a talk\n"
        "burst; no frame is due in between.");
}

void declare_ptt(CLI::App& app, CommandLine& line) {
    declare_voice(app, line.options);
    app.add_option("--presses", line.options.presses, "Presses a second over all groups")
        ->check(rate_between(0.001, 1'000'000))
        ->capture_default_str();
    app.add_option("--burst-ms", line.burst_ms, "Mean length of a talk burst")
        ->check(CLI::Range(20, 60'000))
        ->capture_default_str();
    app.add_option("--frame-ms", line.frame_ms, "Milliseconds between two frames")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    app.footer(
        std::string{
            "In each group somebody presses the button now and then, talks for a while and lets "
            "go:\nSTART, a frame at once and every --frame-ms, STOP. Presses come at random "
            "(Poisson), bursts\nlast a random time (exponential, at most ten times the mean and "
            "60 s); --seed repeats them.\nA press into a group that is busy is refused: that is a "
            "result and no fault. Two talkers\nheard at once, or one who was refused, are faults.\n"
            "\n"} +
        open_loop);
}

void declare_churn(CLI::App& app, CommandLine& line) {
    app.add_option("--rate", line.options.rate, "Connects a second")
        ->check(rate_between(0.1, 1'000'000))
        ->capture_default_str();
    app.add_option("--hold-ms", line.hold_ms, "How long each stays, once ready")
        ->check(CLI::Range(0, 3'600'000))
        ->capture_default_str();
    app.add_option("--close", line.close,
                   "How it goes: close (WebSocket close frame), fin, reset, or alternate (close "
                   "and fin in turn)")
        ->check(CLI::IsMember({"alternate", "close", "fin", "reset"}))
        ->capture_default_str();
    app.footer(
        std::string{"Clients come, sign in, join a group, stay for --hold-ms and go. Measured is "
                    "the time from\nwhen a connect was due until the client has joined. At most "
                    "--connections are open at once;\na connect that is due beyond that is counted "
                    "and not made.\n\n"} +
        open_loop);
}

void declare_chat(CLI::App& app, CommandLine& line) {
    app.add_option("--rate", line.options.rate, "Texts a second over all groups")
        ->check(rate_between(0.1, 1'000'000))
        ->capture_default_str();
    app.add_option("--text-bytes", line.options.text_bytes, "Size of each text")
        ->check(CLI::Range(64, 4096))
        ->capture_default_str();
    app.footer(std::string{"Members of groups, up to 32 in each, write texts with a number and a "
                           "checksum; the server\nacknowledges each to its writer and delivers it "
                           "to all others of the group, who check it.\n\n"} +
               open_loop);
}

CLI::App& add_scenario(CLI::App& app, CommandLine& line, ScenarioName name,
                       const std::string& about) {
    CLI::App& scenario = *app.add_subcommand(std::string{name_of(name)}, about);
    scenario.parse_complete_callback([&line, name] { line.options.scenario = name; });
    declare_common(scenario, line);
    return scenario;
}

}  // namespace

void declare_common(CLI::App& app, CommandLine& line) {
    Options& options = line.options;
    app.add_option("--server", line.server, "Where to connect")->capture_default_str();
    app.add_option("--tls-ca", options.trust.ca_file,
                   "Certificates in PEM to trust for wss://, instead of the system's");
    app.add_flag("--tls-insecure", options.trust.anybody, "Trust any server of wss://, as a trial");
    app.add_option("--connections", options.connections, "Clients to connect (churn: at once)")
        ->check(CLI::Range(1, 5'000'000))
        ->capture_default_str();
    app.add_option("--group-size", options.group_size, "Members of each group")
        ->check(CLI::Range(1, 5'000'000))
        ->capture_default_str();
    app.add_option("--seconds", line.seconds, "How long to measure")
        ->check(CLI::Range(1, 86400))
        ->capture_default_str();
    app.add_option("--connect-seconds", line.connect_seconds, "How long all may take to get ready")
        ->check(CLI::Range(1, 3600))
        ->capture_default_str();
    app.add_option("--pid", line.pid,
                   "The server's process on this machine, to measure its CPU time and memory");
    app.add_option("--threads", options.threads, "Threads of the generator")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    app.add_option("--cores", line.cores,
                   "Cores for the generator, as 2-3,6; without it: those that the server of --pid "
                   "is not pinned to");
    app.add_option("--jwt-secret-file", line.jwt_secret_file,
                   "Secret with which to sign a token (HS256) for each user");
    app.add_option("--ports-per-source", options.ports_per_source,
                   "Connections from one address before the next of 127.0.1.1, 127.0.1.2, ... is "
                   "used; without it: what this machine's port range allows")
        ->check(CLI::Range(1, 65000));
    app.add_option("--seed", options.seed, "Of what is random in the load")->capture_default_str();
    app.add_flag("--json", options.json, "Print the result as one JSON object");
    app.add_option("--csv", options.csv, "Write a row for each second to this file");
    app.add_option("--histogram", options.histogram,
                   "Write the percentiles to this file, as HdrHistogram does");
}

void declare_scenarios(CLI::App& app, CommandLine& line) {
    using enum ScenarioName;
    declare_fanout(add_scenario(app, line, fanout, "Voice in groups: one talks, all others hear"),
                   line.options);
    declare_ptt(add_scenario(app, line, ptt, "Talk as people do: presses, bursts, refusals"), line);
    CLI::App& idle_app = add_scenario(app, line, idle, "Quiet connections, and what each costs");
    idle_app.add_flag("--voice", line.options.voice,
                      "Meanwhile one talks at 50 frames a second in the first group");
    idle_app.footer(
        "Connects all, then holds them for --seconds and answers pings. Reports the memory that "
        "each\ncost: the server's (with --pid), the kernel's and the generator's own. Beyond the "
        "descriptor\nlimit the generator divides itself into processes; beyond the ports of one "
        "address it uses\nmore of them.");
    declare_churn(add_scenario(app, line, churn, "Clients come and go"), line);
    declare_chat(add_scenario(app, line, chat, "Texts with their acknowledgements"), line);
}

}  // namespace parley::load
