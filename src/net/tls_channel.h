// tls::Channel: the TLS of one connection: sealed bytes in, plain ones out, and the reverse.
//
//   hello ── the ClientHello is whole ──▶ handshake ──▶ open ── the peer's close_notify ──▶ ended
//     │                                      │            │
//     └── is not TLS, too large              └────────────┴──▶ failed
//
// It does no I/O, owns no timer and reads no clock. It may go to another shard with its connection,
// since it knows nothing of either. What OpenSSL reads and writes are the bytes at hand, by a BIO
// of our own: an ordinary memory BIO would keep the largest buffer it ever had, for each
// connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "net/tls_context.h"

struct ssl_st;
struct bio_st;

namespace parley::net::tls {

class Source;

using Bytes = std::vector<std::byte>;

class Channel {
public:
    enum class Phase : std::uint8_t { hello, handshake, open, ended, failed };

    /// A server's side. It costs next to nothing until the first step(). The source must live until
    /// then.
    explicit Channel(const Source& source) noexcept;
    /// A client's side, which begins with step(): `host` is whom it wants to reach, a name or a
    /// numeric address.
    Channel(const Context& context, const std::string& host);
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;
    ~Channel();

    Phase phase() const noexcept { return phase_; }
    bool is_open() const noexcept { return phase_ == Phase::open; }

    // The handshake.

    enum class Kept : std::uint8_t {
        waits,     ///< more must come before a step is worth it
        ready,     ///< step() can go on
        not_tls,   ///< the peer does not speak TLS
        too_much,  ///< more than handshake_bytes_max
    };
    /// Keeps what came before the channel is open, for the next step().
    Kept keep(std::span<const std::byte> sealed);
    /// What was kept.
    std::span<const std::byte> kept() const noexcept { return kept_; }
    /// The public-key work: goes on with what was kept. If the channel is open then, read() gives
    /// what may have come behind the handshake.
    void step();
    /// Whether it began with a ticket, without public-key work. Requires that it is open.
    bool is_resumed() const noexcept;

    // An open channel.

    enum class Got : std::uint8_t { data, nothing, end, failure };
    struct Read {
        Got got = Got::nothing;
        std::span<std::byte> plain;  ///< of the place given to read()
    };
    /// Gives it sealed bytes, which must stay until read() has got all out of them.
    void feed(std::span<const std::byte> sealed) noexcept { incoming_ = sealed; }
    /// The next plain bytes, at most those of one record. `failure` comes once the peer broke the
    /// protocol; there may be an alert in output().
    Read read(std::span<std::byte> place);

    /// Appends `plain`, sealed. Requires that it is_open(), and some plain bytes. False if OpenSSL
    /// failed: the connection is lost.
    bool seal(std::span<const std::byte> plain, Bytes& out);
    /// Appends close_notify, the end of our side; once, and if there is anything to end.
    void close(Bytes& out);

    /// What must be sent before anything that is sealed later: handshake, tickets, alerts.
    const Bytes& output() const noexcept { return output_; }
    /// Appends it to `out` and forgets it.
    void take_output(Bytes& out);
    /// What was taken from here, and could not be sent, stands before all else again.
    void put_back(std::span<const std::byte> unsent);

    /// Why it failed, in OpenSSL's words. For clients, whose users read it.
    const std::string& reason() const noexcept { return reason_; }

private:
    friend struct ChannelBio;

    void begin(const Context& context);
    void fail();

    const Source* source_ = nullptr;
    ssl_st* ssl_ = nullptr;
    std::span<const std::byte> incoming_;
    Bytes* out_ = nullptr;  // where OpenSSL's present call writes to
    Bytes kept_;
    Bytes output_;
    std::string reason_;
    Phase phase_ = Phase::hello;
    bool closed_ = false;  // close_notify was written
};

}  // namespace parley::net::tls
