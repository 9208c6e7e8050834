// parley::Options: everything that can be chosen about a server.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <parley/limits.h>

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

struct Options {
    /// Numeric address and port; port 0 asks for any free one (see Server::url()).
    std::string listen = "127.0.0.1:7420";

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
    /// Takes a refused token for a user id, as VoicePing's LEGACY_JOIN_ENABLED. As unsafe as
    /// Auth::trust.
    bool legacy_join = false;
    /// Auth::trust and legacy_join are refused on addresses other than loopback without this.
    bool trust_the_network = false;

    std::chrono::milliseconds talk_max{90'000};    ///< longest talk burst
    std::chrono::milliseconds silence_max{3'000};  ///< then another may take the floor
    std::chrono::milliseconds busy_max{95'000};    ///< likewise, since the burst began
    Limits limits;

    /// Told what an operator should know, a sentence without a line end; of each kind at most one
    /// a minute. Threads: any of the server's. Must not block for long.
    void (*log)(std::string_view sentence) noexcept = nullptr;

    /// If set, the server relays nothing: every message of every connection goes to it, and no
    /// token is asked for. Must outlive the server.
    Handler* handler = nullptr;
};

}  // namespace parley
