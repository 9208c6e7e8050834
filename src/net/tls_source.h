// tls::Source: where the connections of a server get their TLS from, now and after a reload.
//
// Owns the certificates' files by name, the present context and the ticket keys, which outlive
// every context. Connections keep what they began with; nobody is closed by a reload.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/tls_certificate.h"
#include "net/tls_context.h"
#include "net/tls_tickets.h"

namespace parley::net::tls {

class Source {
public:
    /// Reads the files, of which there is at least one pair; the first is for whoever names no
    /// host. On failure returns null and puts a sentence into `error`.
    static std::unique_ptr<Source> load(std::vector<Files> files, std::string& error);
    /// With a certificate made for `host` (see Certificate::self_signed), which a reload keeps.
    static std::unique_ptr<Source> self_signed(const std::string& host, std::string& error);

    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    ~Source() = default;

    /// For one new connection. Threads: any.
    Context context() const;

    /// Reads the files anew, for connections from now on. On failure all stays as it is, and
    /// `error` says why. Threads: one at a time, like all below. Blocks: for the files.
    bool reload(std::string& error);
    /// Whether the files are others than those that were read, or tried, last, and have been the
    /// same since the last call: half a write is not taken. A system call for each file.
    bool changed();

    /// What an operator should know about the present certificates: expired ones, a sentence each.
    std::vector<std::string> warnings() const;
    /// SHA-256 of the first certificate.
    std::string fingerprint() const;

private:
    /// What tells one state of a file from another.
    struct Stamp {
        std::uint64_t inode = 0;
        std::int64_t size = -1;  ///< -1: it cannot be looked at
        std::int64_t modified_ns = 0;

        friend bool operator==(const Stamp&, const Stamp&) = default;
    };
    using Certificates = std::vector<std::unique_ptr<Certificate>>;

    explicit Source(std::vector<Files> files);
    bool use(Certificates certificates, std::string& error);
    std::vector<Stamp> stamps() const;

    const std::vector<Files> files_;  // none: self-signed
    TicketKeys tickets_;
    Certificates certificates_;
    std::vector<Stamp> tried_;  // when the files were read last
    std::vector<Stamp> seen_;   // at the last changed()
    mutable std::mutex mutex_;  // of present_: taken once for each connection, never for a frame
    Context present_;
};

}  // namespace parley::net::tls
