// tls::TicketKeys: with what session tickets are sealed, so that a client that comes back needs no
// new public-key work.
//
// Stateless: what the server must remember, the client keeps. The keys live in memory only, are
// the same for all shards and stay over a reload of certificates. They change every
// ticket_key_life; the one before still opens tickets, so a ticket lasts for one to two lives.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>

#include "base/time.h"

namespace parley::net::tls {

struct TicketKey {
    std::array<unsigned char, 16> name{};    ///< which key it is, in the clear before each ticket
    std::array<unsigned char, 32> cipher{};  ///< AES-256
    std::array<unsigned char, 32> mac{};     ///< HMAC-SHA-256
};

/// Threads: any; the lock is held for a copy, once for each handshake.
class TicketKeys {
public:
    struct Found {
        TicketKey key;
        bool is_old;  ///< the ticket should be renewed
    };

    /// `now` begins the life of the first key. `now` of later calls never steps back.
    explicit TicketKeys(Instant now);
    TicketKeys(const TicketKeys&) = delete;
    TicketKeys& operator=(const TicketKeys&) = delete;
    /// Wipes the keys.
    ~TicketKeys();

    TicketKey sealing(Instant now);
    /// Nothing if it was sealed with a key that is not kept any more.
    std::optional<Found> opening(std::span<const unsigned char, 16> name, Instant now);

private:
    void rotate(Instant now);

    std::mutex mutex_;
    TicketKey current_;
    TicketKey last_;
    Instant current_since_;
    bool has_last_ = false;
};

}  // namespace parley::net::tls
