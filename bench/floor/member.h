// Member: one connection of the floor, and its Group.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "http/request_head.h"

namespace parley::bench {

using Bytes = std::vector<std::byte>;

/// Who hears what any of them says: all but the speaker.
struct Group {
    std::vector<int> sockets;
    // With --coalesce: what came in this turn, ready to send, and who said it.
    Bytes pending;
    int pending_from = -1;
};

struct Member {
    Group* group = nullptr;
    bool open = false;
    bool upgraded = false;
    Bytes rest;                              ///< the beginning of a frame whose end is to come
    std::unique_ptr<http::HeadParser> head;  ///< until upgraded
};

}  // namespace parley::bench
