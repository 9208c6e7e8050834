// Secured: TLS of one connection, the client's side, between its socket and its frames.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "client/outcome.h"
#include "client/voiceping.h"
#include "net/tls_channel.h"

namespace parley::client {

/// How a server of wss:// is taken for the right one.
using Trust = net::tls::Context::Trust;

class Secured final {
public:
    /// Plain bytes that one read of `sealed` may give, beyond their number: the rest of a record.
    static constexpr std::size_t plain_bytes_more = 2 * 16384;

    /// Begins a handshake with `host`: take_output() has its first bytes.
    Secured(const net::tls::Context& context, const std::string& host);

    /// Takes in what was received; gives the plain bytes, which lie at the beginning of `place`.
    /// There may be something to send then (take_output()). Errors: the server is not trusted, or
    /// breaks TLS. Requires that `place` has plain_bytes_more beyond the size of `sealed`.
    Outcome<std::span<std::byte>> take_in(std::span<const std::byte> sealed,
                                          std::span<std::byte> place);
    /// The handshake is over.
    bool is_open() const noexcept { return channel_.is_open(); }
    /// Appends what must be sent now.
    void take_output(Bytes& out) { channel_.take_output(out); }
    /// Appends `plain`, sealed, behind it. Nothing if the connection is not open.
    void seal(std::span<const std::byte> plain, Bytes& out);
    /// Appends the end of our side.
    void close(Bytes& out) { channel_.close(out); }

private:
    net::tls::Channel channel_;
};

}  // namespace parley::client
