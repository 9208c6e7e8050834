// Secured: a channel of the server's library, driven as a client.
#include "client/secured.h"

#include <fmt/format.h>

namespace parley::client {

namespace tls = net::tls;

Secured::Secured(const net::tls::Context& context, const std::string& host)
    : channel_(context, host) {
    channel_.step();
}

Outcome<std::span<std::byte>> Secured::take_in(std::span<const std::byte> sealed,
                                               std::span<std::byte> place) {
    std::size_t size = 0;
    if (channel_.phase() == tls::Channel::Phase::handshake) {
        if (channel_.keep(sealed) == tls::Channel::Kept::too_much) {
            return Failure{"it sends too much for a TLS handshake"};
        }
        channel_.step();
    } else {
        channel_.feed(sealed);
    }
    while (true) {
        const tls::Channel::Read read = channel_.read(place.subspan(size));
        if (read.got != tls::Channel::Got::data) break;
        size += read.plain.size();
    }
    if (channel_.phase() == tls::Channel::Phase::failed) {
        return Failure{fmt::format(
            "TLS failed: {}; is it a server of wss://, and is --tls-ca the certificate of who "
            "signed its own (or --tls-insecure meant)?",
            channel_.reason())};
    }
    return place.first(size);
}

void Secured::seal(std::span<const std::byte> plain, Bytes& out) {
    channel_.take_output(out);
    if (channel_.is_open() && !plain.empty()) static_cast<void>(channel_.seal(plain, out));
}

}  // namespace parley::client
