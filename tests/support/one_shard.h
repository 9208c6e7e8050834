// one_shard: one shard on the real ring, with the net layer's share, stepped by the test's thread.
#pragma once

#include <cstring>
#include <string_view>

#include "net/connection.h"
#include "shard/shard.h"
#include "support/ring_loop.h"

namespace parley::test {

class OneShard {
public:
    explicit OneShard(const net::QueueLimits& limits) : net(shard, limits) {}

    /// One turn that does not sleep.
    void turn() { shard.turn(Instant::min()); }
    /// Turns until `done()`; false if that does not come about.
    template <class Done>
    bool run_until(Done done) {
        const Instant give_up = shard.now() + patience_max;
        while (!done()) {
            if (shard.now() >= give_up) return false;
            shard.turn(shard.now() + std::chrono::milliseconds{2});
        }
        return true;
    }
    FrameRef frame(std::string_view text) {
        FrameRef made = shard.frames().allocate(text.size());
        std::memcpy(made.space().data(), text.data(), text.size());
        made.set_size(text.size());
        return made;
    }

    Fabric fabric{{.shards = 1, .hash_key = {}}};
    Shard shard{ShardId{0}, fabric, open_ring({}), {}};
    net::Shared net;
};

}  // namespace parley::test
