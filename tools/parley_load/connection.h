// Connection: one client of the load, small enough to have a hundred thousand.
#pragma once

#include <cstdint>

#include "client/socket.h"
#include "parley_load/checker.h"
#include "ws/frame_reader.h"

namespace parley::load {

struct Connection {
    enum class State : std::uint8_t { waiting, connecting, upgrading, joining, ready, closed };

    ws::FrameReader reader{ws::Role::client, ws::MessageLimits{}};
    Checker checker;
    client::Descriptor socket;
    std::uint32_t number = 0;  ///< among all of the run
    State state = State::waiting;
};

static_assert(sizeof(Connection) <= 96, "a hundred thousand are to fit in 10 MB");

}  // namespace parley::load
