#include "command_line.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

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
    "On its own cores: parley serve --cores 2-5 ...\n"
    "Over TLS:         parley serve --tls-cert chain.pem --tls-key key.pem ...\n\n"
    "Ends on SIGTERM or SIGINT, closing every connection with 1001; on SIGHUP reads the files of\n"
    "TLS anew, as it does when they change. Every option can also stand in the environment, as\n"
    "PARLEY_LISTEN for --listen.";

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
    std::string deflate;
};

// Options that come in pairs, each file at its place.
struct Pairs {
    std::vector<std::string> tls_certificates;
    std::vector<std::string> tls_keys;
};

void add_tls(CLI::App& serve, Options& options, Pairs& pairs) {
    serve
        .add_option("--tls-cert", pairs.tls_certificates,
                    "certificate and chain in PEM; speaks TLS alone then. May come several\n"
                    "times, each with its --tls-key: the first is for unknown hosts")
        ->expected(1)
        ->take_all()
        ->option_text("FILE")
        ->envname("PARLEY_TLS_CERT")
        ->group("TLS");
    serve.add_option("--tls-key", pairs.tls_keys, "its private key in PEM, without a passphrase")
        ->expected(1)
        ->take_all()
        ->option_text("FILE")
        ->envname("PARLEY_TLS_KEY")
        ->group("TLS");
    serve
        .add_flag("--tls-self-signed", options.tls_self_signed,
                  "makes a certificate for localhost and --listen: for development")
        ->envname("PARLEY_TLS_SELF_SIGNED")
        ->group("TLS");
}

// False if a file is without its fellow.
bool apply(const Pairs& pairs, Options& options) {
    if (pairs.tls_certificates.size() != pairs.tls_keys.size()) return false;
    for (std::size_t i = 0; i < pairs.tls_keys.size(); ++i) {
        options.tls_certificates.push_back({pairs.tls_certificates[i], pairs.tls_keys[i]});
    }
    return true;
}

void apply(const Words& words, Options& options) {
    if (!words.auth.empty()) options.auth = words.auth == "trust" ? Auth::trust : Auth::jwt;
    if (!words.join.empty()) options.join = words.join == "open" ? Join::open : Join::managed;
    if (words.deflate == "off") options.deflate = Deflate::off;
    if (words.deflate == "on") options.deflate = Deflate::on;
    if (words.deflate == "takeover") options.deflate = Deflate::takeover;
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
    serve.add_option("--jwt-issuer", options.jwt_issuer, "take only tokens whose iss is this")
        ->option_text("NAME")
        ->envname("PARLEY_JWT_ISSUER")
        ->group("Identity");
    serve.add_option("--jwt-audience", options.jwt_audience, "take only tokens for it (aud)")
        ->option_text("NAME")
        ->envname("PARLEY_JWT_AUDIENCE")
        ->group("Identity");
    serve
        .add_option("--allow-origin", options.allowed_origins,
                    "web pages that may connect, as https://chat.example.com;\n"
                    "may be repeated; * for all (default: those of the own host)")
        ->option_text("ORIGIN")
        ->allow_extra_args(false)
        ->envname("PARLEY_ALLOW_ORIGIN")
        ->group("Identity");
    serve
        .add_flag("--trust-the-network", options.trust_the_network,
                  "really trust everybody who reaches an address other than loopback")
        ->envname("PARLEY_TRUST_THE_NETWORK")
        ->group("Identity");
}

void add_compression(CLI::App& serve, Words& words) {
    serve
        .add_option("--deflate", words.deflate,
                    "compression of text for clients that offer it (permessage-deflate)\n"
                    "on: each message by itself (default)\n"
                    "takeover: referring to earlier ones, for up to 80 KiB each")
        ->check(CLI::IsMember({"off", "on", "takeover"}).description("").name(""))
        ->option_text("off|on|takeover")
        ->envname("PARLEY_DEFLATE")
        ->group("Network");
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
    add_compression(serve, words);
    Pairs pairs;
    add_tls(serve, line.options, pairs);

    std::string error;
    if (!read_environment(line.options, error)) return mistake(error);
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
    if (!apply(pairs, line.options)) {
        return mistake("every --tls-cert FILE needs its --tls-key FILE, in the same order");
    }
    line.options.spin = std::chrono::microseconds{busy_poll_us};
    if (line.dev) apply_dev(serve, words, line.options);
    line.action = CommandLine::Action::serve;
    return line;
}

}  // namespace parley::daemon
