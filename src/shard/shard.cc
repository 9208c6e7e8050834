#include "shard/shard.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/assert.h"
#include "shard/envelope.h"

namespace parley {
namespace {

thread_local const Shard* current_shard = nullptr;

// A turn takes in at most what the ring's receive buffers hold, and most of that is voice: one
// frame each to hold. A turn with more allocates once.
constexpr std::size_t held_frames_usual = 4096;

// A turn that comes later than this was not late but lost: the longest turn under load is a tenth
// of it. Peers are patient for far longer.
constexpr Duration pause_min = std::chrono::seconds{1};

// After a pause timers wait until what came meanwhile was taken in, however many turns of receive
// buffers that is; but not for ever, if more comes than can be taken.
constexpr Duration catch_up_max = std::chrono::seconds{1};

std::size_t total(Shard::Parts parts) noexcept {
    std::size_t size = 0;
    for (const auto& part : parts)
        size += part.size();
    return size;
}

void copy(Shard::Parts parts, std::byte* to) noexcept {
    for (const auto& part : parts) {
        if (part.empty()) continue;
        std::memcpy(to, part.data(), part.size());
        to += part.size();
    }
}

}  // namespace

struct Shard::Handlers {
    std::array<std::optional<RecordHandler>, static_cast<std::size_t>(RecordKind::count)> by_kind;
};

Shard::Shard(ShardId id, Fabric& fabric, std::unique_ptr<ring::Ring> ring, const Options& options)
    : id_(id),
      fabric_(fabric),
      ring_(std::move(ring)),
      waker_(ring_->waker()),
      mailbox_(std::make_shared<Mailbox>(waker_)),
      options_(options),
      now_(ring_->now()),
      timers_(now_),
      frames_(options.frames),
      outlets_(fabric.shards()),
      handlers_(std::make_unique<Handlers>()) {
    current_shard = this;
    held_.reserve(held_frames_usual);
    held_last_.reserve(held_frames_usual);
    fabric_.set_waker(id_, waker_);
    for (std::size_t to = 0; to < outlets_.size(); ++to) {
        const auto other = static_cast<ShardId>(to);
        if (other != id_) outlets_[to].lane = &fabric_.lane(id_, other);
    }
}

Shard::~Shard() {
    mailbox_->close();
    if (current_shard == this) current_shard = nullptr;
}

bool Shard::is_current() const noexcept {
    return current_shard == this;
}

WallTime Shard::wall_now() noexcept {
    wall_given_ = std::max(wall_given_, ring_->wall_now());
    return wall_given_;
}

void Shard::on_record(RecordKind kind, RecordHandler handler) noexcept {
    auto& place = handlers_->by_kind[static_cast<std::size_t>(kind)];
    PARLEY_ASSERT(!place.has_value());
    place = handler;
}

bool Shard::post(ShardId to, RecordKind kind, Parts parts, Urgency urgency) noexcept {
    Outlet& outlet = outlets_[raw(to)];
    const std::size_t size = total(parts);
    const bool sent = outlet.backlog.empty() && send(to, kind, parts, size);
    if (sent || (urgency == Urgency::lasting && delay(outlet, kind, parts, size))) {
        ++counters_.records_out;
        return true;
    }
    ++counters_.records_dropped;
    return false;
}

// A lane that seems full may only hold what its reader was not shown yet.
bool Shard::send(ShardId to, RecordKind kind, Parts parts, std::size_t size) noexcept {
    Lane& lane = *outlets_[raw(to)].lane;
    if (write(lane, kind, parts, size)) return true;
    publish(to);
    return write(lane, kind, parts, size);
}

bool Shard::write(Lane& lane, RecordKind kind, Parts parts, std::size_t size) noexcept {
    const bool inline_record = sizeof(Envelope) + size <= lane.record_bytes_max();
    if (!inline_record && lane.outside_bytes() + size > options_.lane_outside_bytes_max) {
        return false;
    }
    const auto place = lane.reserve(kind, sizeof(Envelope) + (inline_record ? size : 0));
    if (place.empty()) return false;
    Envelope envelope{};
    std::byte* bytes = place.data() + sizeof(Envelope);
    if (!inline_record)
        bytes = envelope.block = std::make_unique_for_overwrite<std::byte[]>(size).release();
    if (!inline_record) lane.add_outside(size);
    envelope.block_bytes = size;
    copy(parts, bytes);
    std::memcpy(place.data(), &envelope, sizeof(envelope));
    lane.commit();
    return true;
}

bool Shard::delay(Outlet& outlet, RecordKind kind, Parts parts, std::size_t size) noexcept {
    const bool small = size <= options_.backlog_small_bytes;
    const std::size_t bound = options_.backlog_bytes_max * (small ? 2 : 1);
    if (backlog_bytes_ + size > bound) return false;
    std::vector<std::byte> bytes(size);
    copy(parts, bytes.data());
    outlet.backlog.push_back({kind, std::move(bytes)});
    backlog_bytes_ += size;
    ++counters_.records_delayed;
    return true;
}

void Shard::drain_backlog(Outlet& outlet) noexcept {
    while (!outlet.backlog.empty()) {
        const Waiting& oldest = outlet.backlog.front();
        if (!write(*outlet.lane, oldest.kind, {oldest.bytes}, oldest.bytes.size())) return;
        backlog_bytes_ -= oldest.bytes.size();
        outlet.backlog.pop_front();
    }
}

void Shard::hand_over(ShardId from, Lane::Record record) noexcept {
    const auto& handler = handlers_->by_kind[static_cast<std::size_t>(record.kind)];
    PARLEY_ASSERT(handler.has_value());
    Envelope envelope{};
    std::memcpy(&envelope, record.bytes.data(), sizeof(envelope));
    ++counters_.records_in;
    if (envelope.block == nullptr) {
        (*handler)(from, record.bytes.subspan(sizeof(envelope)));
        return;
    }
    const std::unique_ptr<std::byte[]> block{envelope.block};
    fabric_.lane(from, id_).take_off_outside(envelope.block_bytes);
    (*handler)(from, {block.get(), envelope.block_bytes});
}

void Shard::take_records() noexcept {
    // At most so many from each lane, so that one shard's storm does not hold up our own sockets.
    constexpr int records_per_turn = 1024;
    for (std::size_t from = 0; from < outlets_.size(); ++from) {
        const auto other = static_cast<ShardId>(from);
        if (other == id_) continue;
        Lane& lane = fabric_.lane(other, id_);
        Lane::Record record;
        for (int taken = 0; taken < records_per_turn && lane.front(record); ++taken) {
            hand_over(other, record);
            lane.pop();
        }
        if (!lane.empty()) want_turn();
    }
}

void Shard::publish_records() noexcept {
    for (std::size_t to = 0; to < outlets_.size(); ++to) {
        Outlet& outlet = outlets_[to];
        if (outlet.lane == nullptr) continue;
        if (!outlet.backlog.empty()) drain_backlog(outlet);
        publish(static_cast<ShardId>(to));
    }
}

void Shard::publish(ShardId to) noexcept {
    if (!outlets_[raw(to)].lane->publish() || !fabric_.claim_wake(to)) return;
    ring_->wake(fabric_.waker(to));
    ++counters_.wakes;
}

bool Shard::lanes_empty() noexcept {
    for (std::size_t from = 0; from < outlets_.size(); ++from) {
        const auto other = static_cast<ShardId>(from);
        if (other != id_ && !fabric_.lane(other, id_).empty()) return false;
    }
    return true;
}

Instant Shard::sleep_until(Instant latest) noexcept {
    if (std::exchange(turn_wanted_, false)) return Instant::min();
    if (now_ < busy_until_) return Instant::min();
    // The flag first, then a last look: a writer does the opposite, so one of us sees the other.
    fabric_.announce_sleep(id_);
    if (!lanes_empty()) return Instant::min();
    // A lane's reader that is behind says nothing when it has caught up: look again soon.
    if (backlog_bytes_ > 0) latest = std::min<Instant>(latest, now_ + std::chrono::milliseconds{1});
    return std::min(latest, timers_.next_deadline());
}

void Shard::dispatch() noexcept {
    std::swap(held_, held_last_);  // handlers send anew
    ring_->dispatch();
    held_last_.clear();
}

// Not twice in a row: a loop whose every turn took that long would judge nobody any more. When it
// stood still is not known, only that it did since the last turn: nothing of that time counts.
bool Shard::notice_pause(Instant last_turn, Instant expected) noexcept {
    if (catching_up_ || now_ - expected < pause_min) return false;
    paused_ += now_ - last_turn;
    now_ = resumed_at_ = last_turn;
    catching_up_ = true;
    return true;
}

// A deadline that passed while nothing ran says nothing about a peer: its answer may have come.
bool Shard::may_judge(std::uint64_t completed) noexcept {
    if (!catching_up_) return true;
    catching_up_ = completed > 0 && now_ - resumed_at_ < catch_up_max;
    return !catching_up_;
}

void Shard::turn(Instant latest) noexcept {
    current_shard = this;
    const Instant last_turn = now_;
    const Instant expected = std::max(sleep_until(latest), now_);
    ring_->wait(expected < Instant::max() - paused_ ? expected + paused_ : Instant::max());
    fabric_.announce_awake(id_);
    now_ = std::max(now_, ring_->now() - paused_);
    const bool resumed = notice_pause(last_turn, expected);
    const std::uint64_t busy_before = ring_->counters().completions + counters_.records_in;
    dispatch();
    take_records();
    if (!mailbox_->empty()) mailbox_->deliver();
    if (!resumed && may_judge(ring_->counters().completions + counters_.records_in - busy_before)) {
        timers_.expire(now_);
    } else {
        want_turn();
    }
    for (auto handler = turn_ends_.rbegin(); handler != turn_ends_.rend(); ++handler)
        (*handler)();
    publish_records();
    ++counters_.turns;
    if (ring_->counters().completions + counters_.records_in != busy_before) {
        busy_until_ = now_ + options_.spin;
    }
    last_turn_ = ring_->now() - paused_ - now_;
}

}  // namespace parley
