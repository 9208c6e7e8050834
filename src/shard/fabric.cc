#include "shard/fabric.h"

#include <cstring>

#include "base/assert.h"
#include "shard/envelope.h"

namespace parley {

Fabric::Fabric(const Options& options)
    : shards_(options.shards), hash_key_(options.hash_key), sleepers_(options.shards) {
    PARLEY_ASSERT(shards_ > 0);
    lanes_.resize(shards_ * shards_);
    for (std::size_t from = 0; from < shards_; ++from) {
        for (std::size_t to = 0; to < shards_; ++to) {
            if (from == to) continue;
            lanes_[from * shards_ + to] = std::make_unique<Lane>(options.lane_bytes);
        }
    }
}

Fabric::~Fabric() {
    for (const auto& lane : lanes_) {
        Lane::Record record;
        while (lane != nullptr && lane->front(record)) {
            Envelope envelope{};
            std::memcpy(&envelope, record.bytes.data(), sizeof(envelope));
            delete[] envelope.block;
            lane->pop();
        }
    }
}

Lane& Fabric::lane(ShardId from, ShardId to) noexcept {
    PARLEY_ASSERT(from != to);
    return *lanes_[raw(from) * shards_ + raw(to)];
}

void Fabric::set_waker(ShardId shard, const ring::Waker& waker) noexcept {
    Sleeper& sleeper = sleepers_[raw(shard)];
    sleeper.kept = ring::KeptWaker{waker};
    sleeper.has_waker.store(true, std::memory_order_release);
}

ring::Waker Fabric::waker(ShardId shard) const noexcept {
    const Sleeper& sleeper = sleepers_[raw(shard)];
    if (!sleeper.has_waker.load(std::memory_order_acquire)) return {};
    return sleeper.kept.waker();
}

void Fabric::announce_sleep(ShardId shard) noexcept {
    sleepers_[raw(shard)].asleep.store(true, std::memory_order_seq_cst);
}

void Fabric::announce_awake(ShardId shard) noexcept {
    sleepers_[raw(shard)].asleep.store(false, std::memory_order_relaxed);
}

bool Fabric::claim_wake(ShardId shard) noexcept {
    std::atomic<bool>& asleep = sleepers_[raw(shard)].asleep;
    if (!asleep.load(std::memory_order_seq_cst)) return false;
    return asleep.exchange(false, std::memory_order_seq_cst);
}

}  // namespace parley
