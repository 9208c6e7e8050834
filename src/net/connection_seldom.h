// What few connections need, kept apart so that an idle plain one is small. For connection.cc and
// connection_tls.cc alone.
#pragma once

#include <memory>

#include "net/connection.h"

namespace parley::net {

struct Connection::Seldom {
    explicit Seldom(Connection& connection) noexcept
        : timer(Timer::Handler::to<&Connection::on_timer>(connection)),
          place(connection.shared_.handshakes_,
                tls::Handshakes::Place::Call::to<&Connection::step_handshake>(connection),
                tls::Handshakes::Place::Call::to<&Connection::give_way>(connection)) {}

    Timer timer;

    // Of a secured one.
    std::unique_ptr<tls::Channel> channel;
    tls::Handshakes::Place place;
    FrameRef plain;            // what is being sealed, in parts
    std::uint32_t sealed = 0;  // of it
};

}  // namespace parley::net
