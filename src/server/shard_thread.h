// server::ShardThread: one shard on a thread of its own, from opening its ring to its last turn.
#pragma once

#include <atomic>
#include <future>
#include <mutex>
#include <string>
#include <thread>

#include "server/options.h"

#include <parley/server.h>

namespace parley::server {

/// What the threads of one server share.
struct Crew {
    Crew(const Plan& what, Fabric& between, Commons& common) noexcept
        : plan(what), fabric(between), commons(common) {}

    const Plan& plan;
    Fabric& fabric;
    Commons& commons;
    std::atomic<bool> stopping{false};
    std::atomic<std::size_t> idle{0};  ///< shards whose workers are done; all leave together
};

class ShardThread {
public:
    ShardThread(Crew& crew, ShardId id, int listener);
    ShardThread(const ShardThread&) = delete;
    ShardThread& operator=(const ShardThread&) = delete;
    /// Waits for the thread; the crew must be stopping.
    ~ShardThread();

    /// Blocks until the shard runs, or could not be opened: then says why.
    std::string wait_until_running();
    /// Ends the present sleep. Threads: any; also in a signal handler.
    void wake() const noexcept { crew_.fabric.waker(id_).wake(); }
    /// Blocks for one turn. Threads: any but the shard's.
    ShardStats stats();

private:
    void run();
    void give_up(std::string error);
    void loop(Shard& shard, Worker& worker);
    void finish(Shard& shard, Worker& worker);
    void answer_stats(Worker& worker);

    Crew& crew_;
    const ShardId id_;
    const int listener_;
    std::promise<std::string> running_;
    std::mutex stats_mutex_;  // off every frame's path: taken when somebody asks
    std::promise<ShardStats>* stats_wanted_ = nullptr;
    std::atomic<bool> stats_asked_{false};
    bool ended_ = false;
    std::thread thread_;
};

}  // namespace parley::server
