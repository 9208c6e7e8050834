// Fabric: what ties the shards of one process together: a lane for every ordered pair, and who
// sleeps. Made before the shards, destroyed after them.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "base/hash.h"
#include "base/ids.h"
#include "ring/ring.h"
#include "shard/lane.h"

namespace parley {

class Fabric {
public:
    struct Options {
        std::size_t shards = 1;
        /// 1 MiB holds 4,000 voice records of 250 bytes: 80 ms of 50,000 frames a second from one
        /// shard to another. All lanes together take shards * (shards - 1) times this.
        std::size_t lane_bytes = std::size_t{1} << 20;
        HashKey hash_key;
    };

    explicit Fabric(const Options& options);
    Fabric(const Fabric&) = delete;
    Fabric& operator=(const Fabric&) = delete;
    /// Records that nobody took any more go with it.
    ~Fabric();

    std::size_t shards() const noexcept { return shards_; }
    const HashKey& hash_key() const noexcept { return hash_key_; }
    /// Where a user or a group lives, from the keyed hash of its id.
    ShardId home(std::uint64_t hash) const noexcept { return static_cast<ShardId>(hash % shards_); }
    /// Requires from != to.
    Lane& lane(ShardId from, ShardId to) noexcept;

    /// A shard makes its ring known before it first sleeps. Once for each shard. Threads: its own.
    void set_waker(ShardId shard, const ring::Waker& waker) noexcept;
    /// May be used for as long as the fabric lives, whatever became of the shard. Threads: any,
    /// also in a signal handler.
    ring::Waker waker(ShardId shard) const noexcept;

    /// The shard says that it is about to sleep, and must then look into its lanes once more.
    void announce_sleep(ShardId shard) noexcept;
    void announce_awake(ShardId shard) noexcept;
    /// After publishing to a lane: whether its reader must be woken. True once for each sleep.
    bool claim_wake(ShardId shard) noexcept;

private:
    struct alignas(64) Sleeper {
        std::atomic<bool> asleep{false};
        ring::KeptWaker kept;                // written once, by the shard
        std::atomic<bool> has_waker{false};  // kept may be read
    };

    std::size_t shards_;
    HashKey hash_key_;
    std::vector<std::unique_ptr<Lane>> lanes_;  // [from * shards + to], none from a shard to itself
    std::vector<Sleeper> sleepers_;
};

}  // namespace parley
