// What few connections need, kept apart so that an idle plain one is small. For connection.cc and
// connection_tls.cc alone.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "net/connection.h"

namespace parley::net {

struct Connection::Seldom {
    explicit Seldom(Connection& connection) noexcept
        : timer(Timer::Handler::to<&Connection::on_timer>(connection)),
          read_on(Timer::Handler::to<&Connection::on_read_on>(connection)),
          place(connection.shared_.handshakes_,
                tls::Handshakes::Place::Call::to<&Connection::step_handshake>(connection),
                tls::Handshakes::Place::Call::to<&Connection::give_way>(connection)) {}

    Timer timer;
    bool stalled = false;  // the send was interrupted to see whether it goes on

    // Of one whose peer is not read for a while.
    Timer read_on;
    std::vector<std::byte> unread;  // received before the kernel stopped receiving
    bool has_ended = false;         // the peer, behind `unread`

    // Of a secured one.
    std::unique_ptr<tls::Channel> channel;
    tls::Handshakes::Place place;
    FrameRef plain;            // what is being sealed, in parts
    std::uint32_t sealed = 0;  // of it
};

}  // namespace parley::net
