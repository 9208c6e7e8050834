#include "command_line.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "environment.h"

#include <parley/version.h>

namespace parley::daemon {
namespace {

// Longer than a second is no wait for work but a core given away.
constexpr std::uint32_t busy_poll_us_max = 1'000'000;

constexpr const char* about =
    "Parley: one server for push-to-talk and realtime messaging.\n"
    "Radios and browsers that speak VoicePing connect to it as they are.";

constexpr const char* serve_help =
    "Runs the server.\n\n"
    "A first try:      parley serve --dev\n"
    "With signed ids:  parley serve --listen 0.0.0.0:7420 --jwt-secret-file secret.txt\n"
    "On its own cores: parley serve --cores 2-5 ...\n\n"
    "SIGTERM or SIGINT sends everybody away, within --drain; a second one ends it at once. Every\n"
    "option can also stand in the environment, as PARLEY_LISTEN for --listen.";

// Times on the command line are seconds, whole or not.
constexpr double drain_s_max = 86'400;

void add_lifecycle(CLI::App& serve, Options& options, double& drain_s) {
    serve.add_option("--drain", drain_s, "seconds that sending everybody away may take at the end")
        ->check(CLI::Range(0.0, drain_s_max).description("").name(""))
        ->option_text("SECONDS=5")
        ->envname("PARLEY_DRAIN")
        ->group("Lifecycle");
    serve
        .add_option("--drain-rate", options.drain_rate,
                    "connections sent away a second, if that is soon enough;\n"
                    "they come back as fast")
        ->check(CLI::Range(1U, UINT32_MAX).description("").name(""))
        ->option_text("N=2000")
        ->envname("PARLEY_DRAIN_RATE")
        ->group("Lifecycle");
    serve
        .add_option("--take-over", options.take_over,
                    "Unix socket at which servers of this address find each other:\n"
                    "a new one gets the listening sockets, and the old one drains")
        ->option_text("PATH")
        ->envname("PARLEY_TAKE_OVER")
        ->group("Lifecycle");
}

constexpr const char* doctor_help =
    "Says whether this machine can run the server, and what to do where it cannot.\n\n"
    "Takes the options of serve, and looks at what a server with them would use. Exits with 0 if\n"
    "one can run, with 78 if not.";

void add_network(CLI::App& serve, Options& options, std::uint32_t& busy_poll_us) {
    serve.add_option("--listen", options.listen, "numeric address and port; port 0: any free one")
        ->envname("PARLEY_LISTEN")
        ->capture_default_str()
        ->group("Network");
    serve.add_option("--shards", options.shards, "threads; default: one for each core")
        ->envname("PARLEY_SHARDS")
        ->group("Cores");
    serve.add_option("--cores", options.cores, "pin one shard to each of these, as 0-3,6")
        ->envname("PARLEY_CORES")
        ->group("Cores");
    serve
        .add_option("--busy-poll", busy_poll_us,
                    "microseconds to look for work before sleeping:\n"
                    "some tens, on cores that nothing else needs")
        ->check(CLI::Range(0U, busy_poll_us_max).description("").name(""))
        ->option_text("USEC=0")
        ->envname("PARLEY_BUSY_POLL")
        ->group("Cores");
}

// Options that are chosen by a word.
struct Words {
    std::string auth;
    std::string join;
};

void apply(const Words& words, Options& options) {
    if (!words.auth.empty()) options.auth = words.auth == "trust" ? Auth::trust : Auth::jwt;
    if (!words.join.empty()) options.join = words.join == "open" ? Join::open : Join::managed;
}

void add_identity(CLI::App& serve, Options& options, Words& words) {
    serve
        .add_option("--auth", words.auth,
                    "jwt: a signed token says who it is (default)\n"
                    "trust: the token is the user id, unchecked")
        ->check(CLI::IsMember({"jwt", "trust"}).description("").name(""))
        ->option_text("jwt|trust")
        ->envname("PARLEY_AUTH")
        ->group("Identity");
    serve
        .add_option("--join", words.join,
                    "open: clients join groups by themselves (default with trust)\n"
                    "managed: tokens say who is in which group (default with jwt)")
        ->check(CLI::IsMember({"open", "managed"}).description("").name(""))
        ->option_text("open|managed")
        ->envname("PARLEY_JOIN")
        ->group("Identity");
    serve.add_option("--jwt-secret-file", options.jwt_secret_file, "secret of HS256, HS384, HS512")
        ->option_text("FILE")
        ->envname("PARLEY_JWT_SECRET_FILE")
        ->group("Identity");
    serve
        .add_option("--jwt-public-key-file", options.jwt_public_key_file,
                    "public key of EdDSA (Ed25519)")
        ->option_text("FILE")
        ->envname("PARLEY_JWT_PUBLIC_KEY_FILE")
        ->group("Identity");
    serve
        .add_flag("--trust-the-network", options.trust_the_network,
                  "really trust everybody who reaches an address other than loopback")
        ->envname("PARLEY_TRUST_THE_NETWORK")
        ->group("Identity");
}

CommandLine mistake(const std::string& text) {
    std::fprintf(stderr, "parley: %s\n", text.c_str());
    return {.status = Exit::usage};
}

// What --dev means: everything thrown away, everybody trusted, on loopback only.
void apply_dev(const CLI::App& serve, const Words& words, Options& options) {
    // PORT, as many shells and containers have it, means all addresses; here loopback is meant.
    constexpr std::string_view everywhere = "0.0.0.0:";
    if (serve.count("--listen") == 0 && options.listen.starts_with(everywhere)) {
        options.listen = "127.0.0.1:" + options.listen.substr(everywhere.size());
    }
    if (words.auth.empty()) options.auth = Auth::trust;
    if (words.join.empty()) options.join = Join::open;
}

// What `serve` and `doctor` take alike. Each has its own, since CLI11 fills in defaults from the
// environment for commands that were not given too.
struct Command {
    Command(CLI::App& app, const char* name, const char* help, const Options& defaults)
        : line(*app.add_subcommand(name, help)), options(defaults) {
        line.add_flag("--dev", dev, "trust everybody, on loopback, keep nothing")
            ->envname("PARLEY_DEV");
        add_network(line, options, busy_poll_us);
        add_lifecycle(line, options, drain_s);
        add_identity(line, options, words);
    }

    void finish() {
        // A key named here replaces the one of the environment.
        if (line.count("--jwt-secret-file") + line.count("--jwt-public-key-file") > 0) {
            options.jwt_secret.clear();
        }
        apply(words, options);
        using Milliseconds = std::chrono::milliseconds;
        options.spin = std::chrono::microseconds{busy_poll_us};
        options.drain_max = Milliseconds{static_cast<Milliseconds::rep>(drain_s * 1000)};
        if (dev) apply_dev(line, words, options);
    }

    CLI::App& line;
    Options options;
    bool dev = false;
    std::uint32_t busy_poll_us = 0;
    double drain_s = std::chrono::duration<double>{Options{}.drain_max}.count();
    Words words;
};

}  // namespace

CommandLine read_command_line(int argc, char** argv) {
    CommandLine line;
    CLI::App app{about, "parley"};
    app.set_version_flag("--version", PARLEY_VERSION);
    app.require_subcommand(1);
    std::string error;
    Options defaults;
    if (!read_environment(defaults, error)) return mistake(error);
    Command serve{app, "serve", serve_help, defaults};
    Command doctor{app, "doctor", doctor_help, defaults};
    doctor.line.add_flag("--json", line.json, "for programs: a list of objects");
    app.add_subcommand("version", "Prints the version.");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& asked) {
        // CLI11 says by an exception that help was asked for, and what was wrong.
        const bool fine = asked.get_exit_code() == 0;
        app.exit(asked);
        line.status = fine ? Exit::success : Exit::usage;
        return line;
    }
    if (app.got_subcommand("version")) {
        std::printf("parley %s\n", PARLEY_VERSION);
        return line;
    }
    const bool serves = app.got_subcommand("serve");
    Command& given = serves ? serve : doctor;
    given.finish();
    line.action = serves ? CommandLine::Action::serve : CommandLine::Action::doctor;
    line.options = given.options;
    line.dev = given.dev;
    return line;
}

}  // namespace parley::daemon
