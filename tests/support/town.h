// Town: the shards of one server on real rings, stepped one after the other by the test's thread.
//
// Everything of the server is there but its threads. Each shard has a listener on a port of its
// own, so that a test decides where a connection arrives.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "server/worker.h"
#include "support/ring_loop.h"

namespace parley::test {

class Town {
public:
    struct Options {
        std::size_t shards = 1;
        std::size_t lane_bytes = std::size_t{256} << 10;
        server::WorkerOptions worker;
        /// If set, what it says is counted while turns run: metered().
        std::uint64_t (*meter)() noexcept = nullptr;
    };

    explicit Town(const Options& options);
    Town(const Town&) = delete;
    Town& operator=(const Town&) = delete;
    /// Drops who is still connected, and checks that nothing is left over.
    ~Town();

    server::Worker& worker(std::size_t shard) { return houses_[shard]->worker; }
    Shard& shard(std::size_t shard) { return houses_[shard]->shard; }
    std::uint16_t port(std::size_t shard) const { return houses_[shard]->port; }
    std::size_t size() const { return houses_.size(); }

    /// The n-th user or group whose home is that shard.
    std::string user_at(std::size_t shard, std::size_t n) { return name_at("user-", shard, n); }
    std::string group_at(std::size_t shard, std::size_t n) { return name_at("group-", shard, n); }

    /// One turn of one shard; it does not sleep.
    void turn(std::size_t shard);
    /// One turn of each.
    void turn_all();
    /// Turns of all until `done()`; false if that does not come about.
    template <class Done>
    bool run_until(Done done) {
        const Instant give_up = time() + patience_max;
        while (!done()) {
            if (time() >= give_up) return false;
            turn_all_or_sleep();
        }
        return true;
    }
    /// Turns of all for at least that long.
    void run_for(Duration time_to_pass);
    /// Turns until nothing is under way between the shards.
    void settle();

    Instant time() { return shard(0).ring().now(); }
    /// Sessions on all shards.
    std::size_t sessions();
    /// By how much the meter rose in all turns so far.
    std::uint64_t metered() const { return metered_; }

private:
    struct House {
        House(ShardId id, Fabric& fabric, const server::WorkerOptions& options);
        Shard shard;
        server::Worker worker;
        std::uint16_t port = 0;
    };

    std::string name_at(const char* prefix, std::size_t shard, std::size_t n);
    void turn(std::size_t shard, Instant latest);
    void turn_all_or_sleep();
    std::uint64_t work_done();

    const std::unique_ptr<store::Backend> store_;  // if the options name none
    Options options_;
    Fabric fabric_;
    std::vector<std::unique_ptr<House>> houses_;
    std::uint64_t metered_ = 0;
};

}  // namespace parley::test
