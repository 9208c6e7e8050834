#include "sim/cluster.h"

#include <array>
#include <string>

#include "base/assert.h"
#include "ring/socket.h"

namespace parley::sim {
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

Fabric::Options fabric_options(Random& random, std::size_t shards) {
    constexpr std::array<std::size_t, 4> lanes{4096, 4096, 16384, 65536};
    Fabric::Options options{.shards = shards, .lane_bytes = lanes[random.below(lanes.size())]};
    for (unsigned char& each : options.hash_key.bytes) {
        each = static_cast<unsigned char>(random.below(256));
    }
    return options;
}

std::unique_ptr<ring::Ring> open_ring() {
    std::string error;
    return ring::Ring::open({}, error);
}

Shard::Options shard_options(bool tight) {
    return {.frames = {.small_bytes = 256,
                       .small_count = tight ? 12U : 24U,
                       .medium_bytes = 2048,
                       .medium_count = tight ? 1U : 4U,
                       .large_bytes_max = tight ? 0 : std::size_t{1} << 20}};
}

}  // namespace

Cluster::Node::Node(ShardId id, Cluster& cluster, std::uint16_t port)
    : shard_(id, cluster.fabric_, open_ring(), shard_options(cluster.tight_)),
      worker_(shard_, cluster.options_, trusting()) {
    worker_.start(*ring::listen_tcp({.host = "127.0.0.1", .port = port}));
}

void Cluster::Node::run() {
    while (!stopping_)
        shard_.turn();
    worker_.stop();
    while (!worker_.idle())
        shard_.turn();
    shard_.turn(Instant::min());  // what was closed last goes down
}

void Cluster::Node::check_nothing_left(const World& world) const {
    const auto none = [&world](std::size_t count, const char* what) {
        if (count > 0) world.fail(std::to_string(count) + " " + what + " left over");
    };
    none(worker_.sessions().size(), "sessions");
    none(worker_.net().connections, "connections");
    none(worker_.net().waiting.in_use(), "places in send queues");
    none(worker_.listeners().groups(), "groups with listeners");
    none(worker_.groups().size(), "groups");
    none(worker_.floor().stops_pending(), "delayed STOPs");
    none(shard_.frames().outstanding(), "frames");
    none(shard_.timers().next_deadline() == Instant::max() ? 0 : 1, "timers");
}

Cluster::Cluster(World& world, std::size_t shards, std::uint16_t port)
    : world_(world),
      tight_(world.random().chance(80)),
      fabric_(fabric_options(world.random(), shards)) {
    options_.queues.waiting_frames_max = tight_ ? 128 : 2048;
    start(shards, port);
}

Cluster::Cluster(World& world, std::size_t shards, std::uint16_t port,
                 const server::WorkerOptions& options)
    : world_(world),
      tight_(false),
      options_(options),
      fabric_(fabric_options(world.random(), shards)) {
    start(shards, port);
}

void Cluster::start(std::size_t shards, std::uint16_t port) {
    options_.store = store_.get();
    for (std::size_t i = 0; i < shards; ++i) {
        nodes_.push_back(std::make_unique<Node>(static_cast<ShardId>(i), *this, port));
        world_.spawn(Fiber::Body::to<&Node::run>(*nodes_.back()));
    }
}

std::uint64_t Cluster::voice_dropped() const noexcept {
    constexpr std::uint64_t any = UINT32_MAX;
    std::uint64_t count = tight_ ? any : 0;
    for (const auto& node : nodes_) {
        count += node->worker().net().voice_dropped();
        if (node->shard().counters().records_dropped > 0) count += any;
    }
    return count;
}

void Cluster::check_nothing_left() const {
    for (const auto& node : nodes_)
        node->check_nothing_left(world_);
    const std::size_t listeners = nodes_.size();
    if (world_.open_descriptors() != listeners) world_.fail("descriptors left open");
    if (world_.operations_in_flight() != listeners) world_.fail("operations left in flight");
}

void Cluster::stop() {
    for (const auto& node : nodes_)
        node->stop();
}

}  // namespace parley::sim
