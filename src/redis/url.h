// redis::Url: where a Redis is and how one signs in there, as an operator writes it.
//
//   redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]              plain
//   rediss://…[?ca=FILE]                                        over TLS
//   redis+sentinel://[USER:PASSWORD@]HOST[:PORT],…/MASTER[/DATABASE]
//
// A password may stand alone (`redis://:secret@host`), and `%40` and the like stand for bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::redis {

struct Endpoint {
    std::string host;  ///< a name or a numeric address; IPv6 without brackets
    std::uint16_t port = 0;

    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct Url {
    std::vector<Endpoint> endpoints;  ///< one, or those of the sentinels
    std::string master;               ///< the name that sentinels know it by; empty: without
    std::string user;                 ///< empty: the default user
    std::string password;             ///< empty: none is sent
    std::uint32_t database = 0;
    bool tls = false;
    std::string ca_file;  ///< in PEM; empty: what this system trusts

    bool has_sentinels() const noexcept { return !master.empty(); }
    /// Reads one. On failure puts a sentence into `error` that says what to write instead; it never
    /// repeats the password.
    static bool parse(std::string_view text, Url& out, std::string& error);
    /// As it was written, with the password left out: for logs and findings.
    std::string text() const;
};

/// Whether the text asks for a Redis at all, well or badly.
bool is_redis_url(std::string_view text) noexcept;

}  // namespace parley::redis
