#include "support/town.h"

#include "base/assert.h"
#include "ring/socket.h"

namespace parley::test {
namespace {

const session::Authenticator& trusting() {
    static const session::Authenticator authenticator = [] {
        std::string error;
        auto made = session::Authenticator::create({.mode = session::AuthMode::trust}, error);
        PARLEY_ASSERT(made.has_value());
        return std::move(*made);
    }();
    return authenticator;
}

}  // namespace

Town::House::House(ShardId id, Fabric& fabric, const server::WorkerOptions& options)
    : shard(id, fabric, open_ring({}), {}), worker(shard, options, trusting()) {
    const int listener = *ring::listen_tcp({.host = "127.0.0.1", .port = 0});
    port = *ring::local_port(listener);
    worker.start(listener);
}

Town::Town(const Options& options)
    : store_(options.worker.store == nullptr ? store::open_memory() : nullptr),
      options_(options),
      fabric_({.shards = options.shards, .lane_bytes = options.lane_bytes, .hash_key = {}}) {
    if (store_) options_.worker.store = store_.get();
    for (std::size_t i = 0; i < options.shards; ++i) {
        houses_.push_back(
            std::make_unique<House>(static_cast<ShardId>(i), fabric_, options_.worker));
    }
    turn_all();  // from here on they accept
}

Town::~Town() {
    for (const auto& house : houses_) {
        house->worker.stop();
        house->worker.abort();
    }
    const auto idle = [this] {
        for (const auto& house : houses_) {
            if (!house->worker.idle() || house->shard.frames().outstanding() > 0) return false;
        }
        return true;
    };
    PARLEY_ASSERT(run_until(idle));
    settle();
    for (const auto& house : houses_) {
        PARLEY_ASSERT(house->worker.sessions().size() == 0);
        PARLEY_ASSERT(house->worker.listeners().groups() == 0);
        PARLEY_ASSERT(house->worker.net().waiting.in_use() == 0);
    }
}

std::string Town::name_at(const char* prefix, std::size_t shard, std::size_t n) {
    for (int i = 0;; ++i) {
        const std::string name = prefix + std::to_string(i);
        if (raw(fabric_.home(keyed_hash(name, fabric_.hash_key()))) != shard) continue;
        if (n-- == 0) return name;
    }
}

void Town::turn(std::size_t shard) {
    turn(shard, Instant::min());
}

void Town::turn(std::size_t shard, Instant latest) {
    const std::uint64_t before = options_.meter == nullptr ? 0 : options_.meter();
    houses_[shard]->shard.turn(latest);
    if (options_.meter != nullptr) metered_ += options_.meter() - before;
}

void Town::turn_all() {
    for (std::size_t i = 0; i < houses_.size(); ++i)
        turn(i);
}

std::uint64_t Town::work_done() {
    std::uint64_t work = 0;
    for (const auto& house : houses_) {
        work += house->shard.ring().counters().completions;
        work += house->shard.counters().records_in + house->shard.counters().records_out;
    }
    return work;
}

void Town::turn_all_or_sleep() {
    const std::uint64_t before = work_done();
    turn_all();
    if (work_done() != before) return;
    turn(0, time() + std::chrono::milliseconds{1});
}

void Town::run_for(Duration time_to_pass) {
    const Instant until = time() + time_to_pass;
    while (time() < until)
        turn_all_or_sleep();
}

void Town::settle() {
    for (int quiet = 0; quiet < 4; ++quiet) {
        const std::uint64_t before = work_done();
        turn_all();
        if (work_done() != before) quiet = 0;
    }
}

std::size_t Town::sessions() {
    std::size_t count = 0;
    for (const auto& house : houses_)
        count += house->worker.sessions().size();
    return count;
}

}  // namespace parley::test
