// store::RedisStore: one shard's door to a Redis, and what all doors to it share.
//
//   ask ─▶ Outbox ─▶ EVALSHA ─▶ Link ─▶ Redis ─▶ on_answer, in a later turn
//
// Each question is one script (redis_scripts.h), so it is carried out whole or not at all. How safe
// an answered question is against the loss of Redis' machine is what its operator has configured
// (docs/operations/redis.md). Decision 0012 says why it is done this way.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "redis/access.h"
#include "store/backend.h"
#include "store/outbox.h"
#include "store/redis_scripts.h"

namespace parley::store {

/// Which data is in Redis, as far as this process knows. Threads: any.
class RedisEpoch {
public:
    /// What to make of a Redis without data: if there was data before, numbers that are beyond all
    /// that were given then, so that none is given twice.
    std::string proposal(WallTime now) const;
    /// Learns which data there is.
    void learn(std::string_view epoch);
    /// Times that the data turned out to be other data.
    std::uint64_t changes() const noexcept { return changes_.load(std::memory_order_relaxed); }

private:
    mutable std::mutex mutex_;
    std::string known_;
    std::atomic<std::uint64_t> changes_{0};
};

/// What all doors share. Threads: any.
struct RedisShared {
    std::unique_ptr<redis::Access> access;
    RedisEpoch epoch;
};

/// Connects by itself. Must be stopped, and idle, before it goes. What is shared is the backend's,
/// and must outlive it.
class RedisStore final : public Store, private redis::Link::Owner {
public:
    RedisStore(Shard& shard, RedisShared& shared);
    ~RedisStore() override;

    void ask(StoreClient& client, Ticket ticket, Question question) noexcept override;
    void user_signed_out(std::string_view) noexcept override {}
    StoreState state() const noexcept override;
    std::string_view why_down() const noexcept override { return link_.trouble(); }
    StoreCounters counters() const noexcept override { return outbox_.counters(); }
    const Histogram* latency() const noexcept override { return &outbox_.latency(); }
    void stop() noexcept override;
    bool idle() const noexcept override { return link_.idle(); }

    const redis::Link& link() const noexcept { return link_; }

private:
    class Pending;

    std::size_t greet(std::vector<std::byte>& out) noexcept override;
    bool on_greeted(std::size_t number, const redis::Reply& reply) noexcept override;
    bool on_push(const redis::Reply&) noexcept override { return false; }

    Shard& shard_;
    RedisShared& shared_;
    redis::Link link_;
    Outbox outbox_;
    bool stopped_ = false;
    std::string epoch_;
    std::array<std::string, script_count> scripts_;  // by which Redis knows them
};

/// Opens the way to a Redis; it need not be there. On failure as open() in backend.h.
std::unique_ptr<Backend> open_redis(std::string_view address, std::string& error);

}  // namespace parley::store
