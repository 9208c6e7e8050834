// Connection: one client of the load, small enough to have a million.
#pragma once

#include <cstdint>

#include "client/socket.h"
#include "ws/frame_reader.h"

namespace parley::load {

struct Connection {
    enum class State : std::uint8_t { waiting, connecting, upgrading, joining, ready, closed };

    ws::FrameReader reader{ws::Role::client, ws::MessageLimits{}};
    client::Descriptor socket;
    std::uint32_t number = 0;  ///< among all of the run
    State state = State::waiting;
    bool is_congested = false;  ///< bytes wait for room in its socket
};

static_assert(sizeof(Connection) <= 80, "a million are to fit in 80 MB");

}  // namespace parley::load
