// tls::Context: how handshakes are made: versions, ciphers, certificates by name, tickets.
//
// A server's is shared by all shards and never changed: a reload makes another (tls::Source).
// Connections hold the one they began with.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>

#include "net/tls_certificate.h"
#include "net/tls_tickets.h"

struct ssl_ctx_st;

namespace parley::net::tls {

/// A counted hold on one. The count is atomic: a hold is taken for a connection, not for a frame.
class Context {
public:
    using Certificates = std::span<const std::unique_ptr<Certificate>>;

    Context() noexcept = default;  ///< none
    Context(Context&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}
    Context& operator=(Context&& other) noexcept {
        std::swap(context_, other.context_);
        return *this;
    }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context();

    /// A server's: the first certificate is for whoever names no host or one that none is for; the
    /// others by name, the first that covers it. `tickets` must outlive every connection. On
    /// failure gives none and puts a sentence into `error`. Requires at least one certificate.
    static Context server(Certificates certificates, TicketKeys& tickets, std::string& error);

    /// How a client takes a server for the right one.
    struct Trust {
        bool anybody = false;  ///< whatever certificate it shows
        std::string ca_file;   ///< in PEM; empty: what this system trusts
    };
    /// A client's. On failure as server().
    static Context client(const Trust& trust, std::string& error);

    explicit operator bool() const noexcept { return context_ != nullptr; }
    /// Threads: any.
    Context share() const noexcept;
    ssl_ctx_st* get() const noexcept { return context_; }

private:
    explicit Context(ssl_ctx_st* context) noexcept : context_(context) {}

    ssl_ctx_st* context_ = nullptr;
};

}  // namespace parley::net::tls
