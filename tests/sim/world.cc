#include "sim/world.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/assert.h"
#include "sim/ring_model.h"

namespace parley::sim {
namespace {

thread_local World* the_world = nullptr;

constexpr int first_descriptor = 3;  // as in a process with its three standard streams
constexpr WallTime wall_start{std::chrono::seconds{1'767'225'600}};  // 2026-01-01

}  // namespace

World::World(std::uint64_t seed) : World(seed, Faults{}) {
    faults_ = Faults::drawn(random_);
}

World::World(std::uint64_t seed, const Faults& faults)
    : seed_(seed), random_(seed), faults_(faults), now_(std::chrono::hours{1}) {
    PARLEY_ASSERT(the_world == nullptr);
    the_world = this;
    descriptors_.resize(first_descriptor);
}

World::~World() {
    the_world = nullptr;
}

World& World::current() noexcept {
    PARLEY_ASSERT(the_world != nullptr);
    return *the_world;
}

void World::faults_off() noexcept {
    const std::uint32_t buffers = faults_.receive_buffers;  // allotted already
    faults_ = Faults::none();
    faults_.receive_buffers = buffers;
    for (Shard& shard : shards_)
        shard.stalled_until = now_;
    for (const auto& stream : streams_) {
        stream->socket_bytes = faults_.socket_bytes;
        poke(stream->send);
    }
}

WallTime World::wall_now() const noexcept {
    return wall_start + wall_ahead_ +
           std::chrono::floor<std::chrono::milliseconds>(now_.time_since_epoch());
}

void World::set_wall_clock() noexcept {
    constexpr std::chrono::milliseconds most = std::chrono::years{10};
    const auto span = static_cast<std::uint64_t>(2 * most.count());
    wall_ahead_ = std::chrono::milliseconds{random_.below(span)} - most;
}

void World::pause(Duration time) {
    for (Shard& shard : shards_)
        shard.stalled_until = now_ + time;
    run_for(time);
}

// ---- time and scheduling

void World::spawn(Fiber::Body body) {
    shards_.push_back(
        {.fiber = std::make_unique<Fiber>(body), .asleep_in = nullptr, .stalled_until = {}});
}

bool World::all_finished() const noexcept {
    return std::ranges::all_of(shards_, [](const Shard& it) { return it.fiber->finished(); });
}

void World::run_for(Duration time) {
    const Instant until = now_ + time;
    while (now_ < until) {
        advance_to(now_);
        if (Shard* shard = pick_runnable(); shard != nullptr) {
            run(*shard);
        } else {
            advance_to(std::min(until, next_event()));
        }
    }
    advance_to(now_);
}

void World::stop_shards_for(Duration time) {
    for (Shard& shard : shards_)
        shard.stalled_until = now_ + time;
    run_for(time);
}

// When a shard would run again. For one that cannot, the end of time.
Instant World::wake_time(const Shard& shard) const noexcept {
    if (shard.fiber->finished()) return Instant::max();
    const Instant ready = shard.asleep_in == nullptr ? now_ : shard.asleep_in->wake_time();
    return std::max(ready, shard.stalled_until);
}

Instant World::next_event() const noexcept {
    Instant next = peer_reads_.empty() ? Instant::max() : peer_reads_.top().at;
    for (const Shard& shard : shards_)
        next = std::min(next, wake_time(shard));
    return next;
}

void World::advance_to(Instant time) {
    while (!peer_reads_.empty() && peer_reads_.top().at <= time) {
        const PeerRead read = peer_reads_.top();
        peer_reads_.pop();
        now_ = std::max(now_, read.at);
        peer_reads(*read.stream);
    }
    now_ = std::max(now_, time);
}

World::Shard* World::pick_runnable() noexcept {
    Shard* picked = nullptr;
    std::uint64_t candidates = 0;
    for (Shard& shard : shards_) {
        if (wake_time(shard) > now_) continue;
        if (random_.chance(faults_.stall)) {
            shard.stalled_until =
                now_ +
                Duration{random_.below(static_cast<std::uint64_t>(faults_.stall_max.count()))};
            continue;
        }
        ++candidates;
        if (random_.below(candidates) == 0) picked = &shard;
    }
    return picked;
}

void World::run(Shard& shard) {
    running_ = &shard;
    shard.asleep_in = nullptr;
    shard.fiber->resume();
    running_ = nullptr;
    now_ += Duration{1 + random_.below(static_cast<std::uint64_t>(faults_.turn_max.count()))};
}

// A ring waits. A shard gives the turn to others; a test that drives a ring by itself, without
// spawn(), sees time jump to what it waits for.
void World::sleep(RingModel& ring) {
    if (running_ != nullptr) {
        running_->asleep_in = &ring;
        running_->fiber->pause();
        return;
    }
    Instant next = ring.wake_time();
    if (!peer_reads_.empty()) next = std::min(next, peer_reads_.top().at);
    advance_to(next);
}

// A shard may look for work in vain now and then, but not all the time.
void World::note_turn(bool had_work) {
    constexpr int idle_turns_max = 20'000;
    idle_turns_ = had_work ? 0 : idle_turns_ + 1;
    if (idle_turns_ > idle_turns_max) fail("a shard spins: turn after turn without work or sleep");
}

Duration World::jitter() noexcept {
    return Duration{1 + random_.below(static_cast<std::uint64_t>(faults_.delay_max.count()))};
}

// ---- rings

int World::attach(RingModel& ring) {
    rings_.push_back(&ring);
    return static_cast<int>(rings_.size()) - 1;
}

void World::detach(RingModel& ring) noexcept {
    rings_[static_cast<std::size_t>(ring.handle())] = nullptr;
}

void World::wake(int handle) noexcept {
    RingModel* ring = rings_.at(static_cast<std::size_t>(handle));
    if (ring != nullptr) ring->wake_up();
}

std::size_t World::operations_in_flight() const noexcept {
    std::size_t count = 0;
    for (const RingModel* ring : rings_)
        count += ring == nullptr ? 0 : ring->in_flight();
    return count;
}

void World::note(std::string_view what, int descriptor, std::int64_t result) noexcept {
    const auto time = static_cast<std::uint64_t>(now_.time_since_epoch().count());
    const std::uint64_t kind = what.size() << 8 | static_cast<unsigned char>(what.front());
    for (const std::uint64_t value :
         {time, kind, static_cast<std::uint64_t>(descriptor), static_cast<std::uint64_t>(result)}) {
        trace_ = (trace_ ^ value) * 0x100000001B3ULL;
    }
    ++completions_;
    if (!printing_) return;
    std::fprintf(stderr, "%12.6f  %-8.*s fd %2d  %lld\n",
                 std::chrono::duration<double>(now_.time_since_epoch()).count(),
                 static_cast<int>(what.size()), what.data(), descriptor,
                 static_cast<long long>(result));
}

void World::remark(std::string_view text) const noexcept {
    if (!printing_) return;
    std::fprintf(stderr, "%12.6f  %.*s\n",
                 std::chrono::duration<double>(now_.time_since_epoch()).count(),
                 static_cast<int>(text.size()), text.data());
}

void World::fail(std::string_view what) const {
    std::fprintf(stderr, "seed %llu, at %.6f s: %.*s\n", static_cast<unsigned long long>(seed_),
                 std::chrono::duration<double>(now_.time_since_epoch()).count(),
                 static_cast<int>(what.size()), what.data());
    std::abort();
}

}  // namespace parley::sim
