#include "command_line.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "environment.h"
#include "limits_options.h"

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
    "Ends on SIGTERM or SIGINT, closing every connection with 1001. Every option can also stand\n"
    "in the environment, as PARLEY_LISTEN for --listen.";

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

}  // namespace

CommandLine read_command_line(int argc, char** argv) {
    CommandLine line;
    CLI::App app{about, "parley"};
    app.set_version_flag("--version", PARLEY_VERSION);
    app.require_subcommand(1);
    CLI::App& serve = *app.add_subcommand("serve", serve_help);
    app.add_subcommand("version", "Prints the version.");
    serve.add_flag("--dev", line.dev, "trust everybody, on loopback, keep nothing")
        ->envname("PARLEY_DEV");
    std::uint32_t busy_poll_us = 0;
    add_network(serve, line.options, busy_poll_us);
    Words words;
    add_identity(serve, line.options, words);

    std::string error;
    if (!read_environment(line.options, error)) return mistake(error);
    LimitNumbers limits;
    add_limits(serve, line.options.limits, limits);  // PING_INTERVAL may be its default by now
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
    // A key named here replaces the one of the environment.
    if (serve.count("--jwt-secret-file") + serve.count("--jwt-public-key-file") > 0) {
        line.options.jwt_secret.clear();
    }
    apply(words, line.options);
    apply(serve, limits, line.options.limits);
    line.options.spin = std::chrono::microseconds{busy_poll_us};
    if (line.dev) apply_dev(serve, words, line.options);
    line.action = CommandLine::Action::serve;
    return line;
}

}  // namespace parley::daemon
