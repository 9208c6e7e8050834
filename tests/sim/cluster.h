// Cluster: the shards of one server, as the real program makes them, stepped by a World.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "server/worker.h"
#include "shard/fabric.h"
#include "shard/shard.h"
#include "sim/world.h"

namespace parley::sim {

class Cluster {
public:
    /// Opens a listener on `port` for each shard. Sizes are small and drawn from the world's seed,
    /// so that their ends are reached.
    Cluster(World& world, std::size_t shards, std::uint16_t port);
    /// With these options, and enough of everything.
    Cluster(World& world, std::size_t shards, std::uint16_t port,
            const server::WorkerOptions& options);
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;

    /// Frames are so few that they run out, which may cost any connection its life.
    bool tight() const noexcept { return tight_; }
    /// Frames of voice that the server counted as dropped, over all listeners. A record that was
    /// dropped between shards stands for any number.
    std::uint64_t voice_dropped() const noexcept;
    /// What is left when every radio has gone; ends the program if it is anything.
    void check_nothing_left() const;
    /// Stops all shards in an orderly way.
    void stop();
    bool stopped() const noexcept { return world_.all_finished(); }
    const server::Worker& worker(std::size_t shard) const { return nodes_[shard]->worker(); }

private:
    class Node {
    public:
        Node(ShardId id, Cluster& cluster, std::uint16_t port);

        void run();
        void stop() noexcept {
            stopping_ = true;
            shard_.waker().wake();
        }
        void check_nothing_left(const World& world) const;
        const Shard& shard() const noexcept { return shard_; }
        const server::Worker& worker() const noexcept { return worker_; }

    private:
        mutable Shard shard_;  // its queries are not const
        mutable server::Worker worker_;
        bool stopping_ = false;
    };

    void start(std::size_t shards, std::uint16_t port);

    World& world_;
    const bool tight_;
    const std::unique_ptr<store::Backend> store_ = store::open_memory();
    server::WorkerOptions options_;
    Fabric fabric_;
    std::vector<std::unique_ptr<Node>> nodes_;
};

}  // namespace parley::sim
