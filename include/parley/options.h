// parley::Options: everything that can be chosen about a server.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <parley/limits.h>
#include <parley/recording.h>

namespace parley {

class Handler;

/// How a connection proves who it is.
enum class Auth : std::uint8_t {
    jwt,    ///< by a signed token
    trust,  ///< by saying so: the token is the user id. For closed networks and trials
};

/// Who decides which groups a user is in.
enum class Join : std::uint8_t {
    by_auth,  ///< open with Auth::trust, managed with Auth::jwt
    open,     ///< clients join and leave by themselves
    managed,  ///< tokens say; clients' own requests are ignored
};

/// Compression of messages (permessage-deflate, RFC 7692), for clients that offer it. Voice is
/// never compressed by the server.
enum class Deflate : std::uint8_t {
    off,
    on,        ///< each message by itself: costs an idle connection nothing
    takeover,  ///< with reference to earlier ones: smaller, for up to 80 KiB a connection
};

/// A certificate and its private key, as files in PEM: the chain behind the certificate, the key
/// without a passphrase.
struct TlsCertificate {
    std::string certificate_file;
    std::string key_file;
};

struct Options {
    /// Numeric address and port; port 0 asks for any free one (see Server::url()).
    std::string listen = "127.0.0.1:7420";

    /// If any, connections are secured by TLS 1.2 or 1.3, and Server::url() begins with wss. The
    /// first is for clients that name no host or an unknown one, the others for the hosts they
    /// name. Read at start and by Server::reload().
    std::vector<TlsCertificate> tls_certificates;
    /// The same with a certificate made at start for localhost and `listen`, for development.
    bool tls_self_signed = false;

    /// Shards, one thread each. 0: one for each of `cores`, or for each core that the process may
    /// run on.
    unsigned shards = 0;
    /// Cores to pin the shards to, in cpulist syntax (`0-3,6`), one shard each. Empty: not pinned.
    std::string cores;
    /// How long an idle shard looks for work before it sleeps. Above zero only on dedicated
    /// cores: it takes the whole core.
    std::chrono::microseconds spin{0};

    Auth auth = Auth::jwt;
    Join join = Join::by_auth;
    /// Auth::jwt needs exactly one of these three: a secret (HS256, HS384, HS512), a file with
    /// it, or a file with a public key (EdDSA).
    std::string jwt_secret;
    std::string jwt_secret_file;
    std::string jwt_public_key_file;
    /// If set, tokens must say so: their `iss` is this, and their `aud` this or a list that has it.
    std::string jwt_issuer;
    std::string jwt_audience;
    /// Takes a refused token for a user id, as VoicePing's LEGACY_JOIN_ENABLED. As unsafe as
    /// Auth::trust.
    bool legacy_join = false;
    /// Web pages that may connect beside those of the server's own host: their origins, as
    /// `https://chat.example.com`; `*` for all. Pages of other origins get 403. Programs, which
    /// send no origin, are not asked. With Auth::trust the own host counts only as an address or as
    /// `localhost`.
    std::vector<std::string> allowed_origins;
    /// Auth::trust and legacy_join are refused on addresses other than loopback without this.
    bool trust_the_network = false;

    /// Where the server keeps what it keeps in files: made, for its user alone, when there is
    /// something to keep. Empty: nowhere.
    std::string data_folder;
    /// What is kept beyond a connection, and where: `sqlite:PATH`,
    /// `redis://[[user]:password@]HOST:PORT[/DATABASE]`, `rediss://…[?ca=FILE]` over TLS,
    /// `redis+sentinel://HOST:PORT,…/MASTER`, or `memory`, which forgets it at the end. Empty:
    /// `sqlite:` with the file `parley.db` in data_folder, or `memory` without one.
    std::string store;

    std::chrono::milliseconds talk_max{90'000};    ///< longest talk burst
    std::chrono::milliseconds silence_max{3'000};  ///< then another may take the floor
    std::chrono::milliseconds busy_max{95'000};    ///< likewise, since the burst began
    Limits limits;

    /// Kept in data_folder.
    Recording recording;
    Sealing sealing;

    /// Told what an operator should know, a sentence without a line end; of each kind at most one
    /// a minute. Threads: any of the server's. Must not block for long.
    void (*log)(std::string_view sentence) noexcept = nullptr;

    Deflate deflate = Deflate::on;
    /// How a server that is told to drain sends its connections away (Server::drain()): so many a
    /// second, since they come back as fast and each costs the next server a handshake; faster
    /// only if all would not be gone in drain_max.
    std::uint32_t drain_rate = 2000;
    std::chrono::milliseconds drain_max{5'000};

    /// Sockets that listen already, such as systemd passes, instead of `listen`. Whoever passes
    /// them may keep them, so a connection that comes while no server accepts waits for the next.
    /// The server's own from now on; it closes them.
    std::vector<int> listeners;
    /// Path of a Unix socket at which servers of this address find each other. If one is there, its
    /// listening sockets are taken over, and it drains; and this one gives them to the next. Who
    /// may take them over is who may open the path: the same user, or root. Empty: nobody.
    std::string take_over;

    /// If set, the server relays nothing: every message of every connection goes to it, and no
    /// token is asked for. Must outlive the server.
    Handler* handler = nullptr;
};

}  // namespace parley
