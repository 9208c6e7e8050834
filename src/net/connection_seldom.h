// What few connections need, kept apart so that an idle plain one is small. For connection.cc and
// connection_tls.cc alone.
#pragma once

#include <memory>

#include "net/connection.h"

namespace parley::net {

struct Connection::Seldom {
    Seldom(Timer::Handler on_timer, tls::Handshakes& handshakes,
           tls::Handshakes::Place::Step on_step) noexcept
        : timer(on_timer), place(handshakes, on_step) {}

    Timer timer;

    // Of a secured one.
    std::unique_ptr<tls::Channel> channel;
    tls::Handshakes::Place place;
    FrameRef plain;            // what is being sealed, in parts
    std::uint32_t sealed = 0;  // of it
};

}  // namespace parley::net
