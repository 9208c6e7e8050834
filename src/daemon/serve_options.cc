#include "serve_options.h"

#include <string_view>

#include "checks.h"
#include "environment.h"

namespace parley::daemon {
namespace {

// Longer than a second is no wait for work but a core given away.
constexpr std::uint32_t busy_poll_us_max = 1'000'000;

// Times on the command line are seconds, whole or not.
constexpr double drain_s_max = 86'400;

}  // namespace

ServeOptions::ServeOptions(CLI::App& line, const Options& defaults)
    : line_(line), options_(defaults) {
    line_.add_flag("--dev", dev_, "trust everybody, on loopback, keep nothing")
        ->envname("PARLEY_DEV");
    add_network();
    add_lifecycle();
    add_store();
    add_identity();
    add_tls();
    add_record_options(line_, options_, record_);
    add_limits(line_, options_.limits, limits_);  // PING_INTERVAL may be its default by now
}

void ServeOptions::add_network() {
    line_.add_option("--listen", options_.listen, "numeric address and port; port 0: any free one")
        ->envname("PARLEY_LISTEN")
        ->capture_default_str()
        ->group("Network");
    line_.add_option("--shards", options_.shards, "threads; default: one for each core")
        ->check(whole_number())
        ->envname("PARLEY_SHARDS")
        ->group("Cores");
    line_.add_option("--cores", options_.cores, "pin one shard to each of these, as 0-3,6")
        ->envname("PARLEY_CORES")
        ->group("Cores");
    line_
        .add_option("--busy-poll", busy_poll_us_,
                    "microseconds to look for work before sleeping:\n"
                    "some tens, on cores that nothing else needs")
        ->check(CLI::Range(0U, busy_poll_us_max).description("").name(""))
        ->option_text("USEC=0")
        ->envname("PARLEY_BUSY_POLL")
        ->group("Cores");
    line_
        .add_option("--deflate", deflate_,
                    "compression of text for clients that offer it (permessage-deflate)\n"
                    "on: each message by itself (default)\n"
                    "takeover: referring to earlier ones, for up to 80 KiB each")
        ->check(CLI::IsMember({"off", "on", "takeover"}).description("").name(""))
        ->option_text("off|on|takeover")
        ->envname("PARLEY_DEFLATE")
        ->group("Network");
}

void ServeOptions::add_lifecycle() {
    line_
        .add_option("--drain", drain_s_, "seconds that sending everybody away may take at the end")
        ->check(seconds_up_to(drain_s_max))
        ->option_text("SECONDS=5")
        ->envname("PARLEY_DRAIN")
        ->group("Lifecycle");
    line_
        .add_option("--drain-rate", options_.drain_rate,
                    "connections sent away a second, if that is soon enough;\n"
                    "they come back as fast")
        ->check(CLI::Range(1U, UINT32_MAX).description("").name(""))
        ->option_text("N=2000")
        ->envname("PARLEY_DRAIN_RATE")
        ->group("Lifecycle");
    line_
        .add_option("--take-over", options_.take_over,
                    "Unix socket at which servers of this address find each other:\n"
                    "a new one gets the listening sockets, and the old one drains")
        ->option_text("PATH")
        ->envname("PARLEY_TAKE_OVER")
        ->group("Lifecycle");
}

void ServeOptions::add_store() {
    line_
        .add_option("--store", options_.store,
                    "what is kept beyond a connection, and where:\n"
                    "sqlite:PATH, redis://[:password@]HOST:PORT[/DB] or memory\n"
                    "(default: the file parley.db in --data; with --dev: memory)")
        ->option_text("WHERE")
        ->envname("PARLEY_STORE")
        ->group("Store");
    line_
        .add_option("--data", options_.data_folder,
                    "folder of what is kept in files\n"
                    "(default: $STATE_DIRECTORY, else parley in $XDG_STATE_HOME,\n"
                    "else ~/.local/state/parley)")
        ->option_text("DIR")
        ->envname("PARLEY_DATA")
        ->group("Store");
}

void ServeOptions::add_identity() {
    line_
        .add_option("--auth", auth_,
                    "jwt: a signed token says who it is (default)\n"
                    "trust: the token is the user id, unchecked")
        ->check(CLI::IsMember({"jwt", "trust"}).description("").name(""))
        ->option_text("jwt|trust")
        ->envname("PARLEY_AUTH")
        ->group("Identity");
    line_
        .add_option("--join", join_,
                    "open: clients join groups by themselves (default with trust)\n"
                    "managed: tokens say who is in which group (default with jwt)")
        ->check(CLI::IsMember({"open", "managed"}).description("").name(""))
        ->option_text("open|managed")
        ->envname("PARLEY_JOIN")
        ->group("Identity");
    line_
        .add_option("--jwt-secret-file", options_.jwt_secret_file, "secret of HS256, HS384, HS512")
        ->option_text("FILE")
        ->envname("PARLEY_JWT_SECRET_FILE")
        ->group("Identity");
    line_
        .add_option("--jwt-public-key-file", options_.jwt_public_key_file,
                    "public key of EdDSA (Ed25519)")
        ->option_text("FILE")
        ->envname("PARLEY_JWT_PUBLIC_KEY_FILE")
        ->group("Identity");
    line_.add_option("--jwt-issuer", options_.jwt_issuer, "take only tokens whose iss is this")
        ->option_text("NAME")
        ->envname("PARLEY_JWT_ISSUER")
        ->group("Identity");
    line_.add_option("--jwt-audience", options_.jwt_audience, "take only tokens for it (aud)")
        ->option_text("NAME")
        ->envname("PARLEY_JWT_AUDIENCE")
        ->group("Identity");
    line_
        .add_option("--allow-origin", options_.allowed_origins,
                    "web pages that may connect, as https://chat.example.com;\n"
                    "may be repeated; * for all (default: those of the own host)")
        ->option_text("ORIGIN")
        ->allow_extra_args(false)
        ->envname("PARLEY_ALLOW_ORIGIN")
        ->group("Identity");
    line_
        .add_flag("--trust-the-network", options_.trust_the_network,
                  "really trust everybody who reaches an address other than loopback")
        ->envname("PARLEY_TRUST_THE_NETWORK")
        ->group("Identity");
}

void ServeOptions::add_tls() {
    line_
        .add_option("--tls-cert", tls_certificates_,
                    "certificate and chain in PEM; speaks TLS alone then. May come several\n"
                    "times, each with its --tls-key: the first is for unknown hosts")
        ->expected(1)
        ->take_all()
        ->option_text("FILE")
        ->envname("PARLEY_TLS_CERT")
        ->group("TLS");
    line_.add_option("--tls-key", tls_keys_, "its private key in PEM, without a passphrase")
        ->expected(1)
        ->take_all()
        ->option_text("FILE")
        ->envname("PARLEY_TLS_KEY")
        ->group("TLS");
    line_
        .add_flag("--tls-self-signed", options_.tls_self_signed,
                  "makes a certificate for localhost and --listen: for development")
        ->envname("PARLEY_TLS_SELF_SIGNED")
        ->group("TLS");
}

bool ServeOptions::finish(std::string& error) {
    // A key named here replaces the one of the environment.
    if (has_key()) options_.jwt_secret.clear();
    apply_words();
    if (has_key() && auth_ == "trust") {
        error =
            "--auth trust looks at no signature, so the key of --jwt-secret-file or "
            "--jwt-public-key-file would do nothing: leave one of them away";
        return false;
    }
    apply(line_, limits_, options_.limits);
    if (!apply(record_, options_, error)) return false;
    using Milliseconds = std::chrono::milliseconds;
    options_.spin = std::chrono::microseconds{busy_poll_us_};
    options_.drain_max = Milliseconds{static_cast<Milliseconds::rep>(drain_s_ * 1000)};
    if (dev_) {
        apply_dev();
    } else if (options_.data_folder.empty()) {
        options_.data_folder = default_data_folder();
    }
    if (!dev_ && options_.store.empty() && options_.data_folder.empty()) {
        error =
            "there is no home folder to keep anything in: name a folder with --data DIR, or "
            "keep nothing with --store memory";
        return false;
    }
    if (apply_pairs()) return true;
    error = "every --tls-cert FILE needs its --tls-key FILE, in the same order";
    return false;
}

void ServeOptions::apply_words() {
    if (!auth_.empty()) options_.auth = auth_ == "trust" ? Auth::trust : Auth::jwt;
    if (!join_.empty()) options_.join = join_ == "open" ? Join::open : Join::managed;
    if (deflate_ == "off") options_.deflate = Deflate::off;
    if (deflate_ == "on") options_.deflate = Deflate::on;
    if (deflate_ == "takeover") options_.deflate = Deflate::takeover;
}

// False if a file is without its fellow.
bool ServeOptions::apply_pairs() {
    if (tls_certificates_.size() != tls_keys_.size()) return false;
    for (std::size_t i = 0; i < tls_keys_.size(); ++i)
        options_.tls_certificates.push_back({tls_certificates_[i], tls_keys_[i]});
    return true;
}

bool ServeOptions::has_key() const {
    return line_.count("--jwt-secret-file") + line_.count("--jwt-public-key-file") > 0;
}

// What --dev means: everything thrown away, everybody trusted, on loopback only; unless it is said
// how to prove who one is.
void ServeOptions::apply_dev() {
    // PORT, as many shells and containers have it, means all addresses; here loopback is meant.
    constexpr std::string_view everywhere = "0.0.0.0:";
    if (line_.count("--listen") == 0 && options_.listen.starts_with(everywhere)) {
        options_.listen = "127.0.0.1:" + options_.listen.substr(everywhere.size());
    }
    if (auth_.empty() && !has_key()) options_.auth = Auth::trust;
    if (join_.empty() && options_.auth == Auth::trust) options_.join = Join::open;
}

}  // namespace parley::daemon
