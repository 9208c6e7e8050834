// server::ShardThread: one shard on a thread of its own, from opening its ring to its last turn.
#pragma once

#include <atomic>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "server/options.h"

#include <parley/server.h>

namespace parley::server {

/// What the threads of one server share.
struct Crew {
    Crew(const Plan& what, Fabric& between, Commons& common) noexcept
        : plan(what), fabric(between), commons(common) {}

    const Plan& plan;
    Fabric& fabric;
    /// Whether to send the connections away, and to whom.
    enum class Drain : std::uint8_t { no, for_later, for_successor };
    std::atomic<Drain> draining{Drain::no};
    Commons& commons;
    std::atomic<bool> stopping{false};
    std::atomic<std::size_t> drained{0};  ///< shards that have sent all away
    std::atomic<std::size_t> idle{0};     ///< shards whose workers are done; all leave together

    /// Both may be called by any thread, and in a signal handler.
    void drain(Drain how) noexcept;
    void stop() noexcept;

private:
    void wake_all() const noexcept;
};

class ShardThread {
public:
    /// Takes over the listeners; none is fine too.
    ShardThread(Crew& crew, ShardId id, std::vector<int> listeners);
    ShardThread(const ShardThread&) = delete;
    ShardThread& operator=(const ShardThread&) = delete;
    /// Waits for the thread; the crew must be stopping.
    ~ShardThread();

    /// Blocks until the shard runs, or could not be opened: then says why.
    std::string wait_until_running();
    /// Ends the present sleep. Threads: any; also in a signal handler.
    void wake() const noexcept { crew_.fabric.waker(id_).wake(); }
    /// Blocks for one turn. Threads: any but the shard's.
    /// Nothing once the shard has ended.
    std::optional<ShardStats> stats();
    /// Blocks until the thread has ended. Threads: one at a time.
    void join();

private:
    void run();
    void give_up(std::string error);
    void loop(Shard& shard, Worker& worker);
    void look_after_drain(Worker& worker);
    void finish(Shard& shard, Worker& worker);
    void answer_stats(Worker& worker);

    Crew& crew_;
    const ShardId id_;
    const std::vector<int> listeners_;
    std::promise<std::string> running_;
    std::mutex stats_mutex_;  // off every frame's path: taken when somebody asks
    std::promise<std::optional<ShardStats>>* stats_wanted_ = nullptr;
    std::atomic<bool> stats_asked_{false};
    bool ended_ = false;
    bool drained_ = false;
    std::thread thread_;
};

}  // namespace parley::server
