// Shard: one core of the server: a ring, a clock, timers, frames, and lanes to the others.
//
//   turn: wait ─▶ clock ─▶ completions ─▶ lanes in ─▶ timers ─▶ ends of the turn ─▶ lanes out,
//                                                                              wake who sleeps
//
// Everything that lives on a shard is touched only by the shard's thread. It knows nothing of
// connections or groups: those layers are handed a Shard& and register for their records.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/delegate.h"
#include "base/ids.h"
#include "base/time.h"
#include "ring/ring.h"
#include "shard/fabric.h"
#include "shard/frame.h"
#include "shard/mailbox.h"
#include "shard/timer_wheel.h"

namespace parley {

/// What happens to a record when its lane is full.
enum class Urgency : std::uint8_t {
    perishable,  ///< it is dropped: voice
    lasting,     ///< it waits in the shard's backlog: everything else
};

class Shard {
public:
    struct Options {
        FramePool::Options frames;
        /// What waits for all full lanes together. Reached only if a shard stands still for
        /// seconds: then post() refuses, and who asked is told to try again.
        std::size_t backlog_bytes_max = std::size_t{64} << 20;
        /// Records of at most this many bytes may take as much again: what keeps shards in step
        /// (who listens, who released the floor) must not be lost to somebody's images.
        std::size_t backlog_small_bytes = std::size_t{4} << 10;
        /// Records too large for a lane that may be on their way through it: 16 of the largest.
        std::size_t lane_outside_bytes_max = std::size_t{17} << 20;
        /// How long to look for work before sleeping. Zero on shared cores: a spinning shard
        /// takes its whole core.
        Duration spin = Duration::zero();
    };
    /// Called with a record that came over a lane; its bytes are the lane's and lie at 16.
    using RecordHandler = Delegate<void(ShardId from, std::span<std::byte> bytes)>;
    using Parts = std::initializer_list<std::span<const std::byte>>;

    /// The calling thread becomes the shard's. The ring must be this thread's.
    Shard(ShardId id, Fabric& fabric, std::unique_ptr<ring::Ring> ring, const Options& options);
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;
    ~Shard();

    ShardId id() const noexcept { return id_; }
    ring::Ring& ring() noexcept { return *ring_; }
    TimerWheel& timers() noexcept { return timers_; }
    FramePool& frames() noexcept { return frames_; }
    Fabric& fabric() noexcept { return fabric_; }

    /// The time of this turn. It stands still until the next one, and while the process is stopped
    /// or the machine sleeps: what was to happen within some time has what was left of it. So it
    /// falls behind the ring's, by a little differently on each shard.
    Instant now() const noexcept { return now_; }
    /// What the turn before this one took, without its wait for the ring: neither its sleep nor
    /// what the kernel did with its sends, which nothing tells apart.
    Duration last_turn() const noexcept { return last_turn_; }
    /// Time of day, never behind one given before (message ids must not step back).
    WallTime wall_now() noexcept;
    /// True on the shard's own thread (in a simulation: during its turn).
    bool is_current() const noexcept;

    /// The key of a user or a group by its id's string form, the same on every shard.
    template <class Key>
    Key key(std::string_view id) const noexcept {
        return static_cast<Key>(keyed_hash(id, fabric_.hash_key()));
    }
    /// The shard where a user or a group lives.
    template <class Key>
    ShardId home(Key key) const noexcept {
        return fabric_.home(raw(key));
    }

    /// Names who takes records of one kind. Once for each kind, before the first turn.
    void on_record(RecordKind kind, RecordHandler handler) noexcept;

    /// Sends a record, made of the parts one after the other, to another shard. False if it was
    /// dropped: a perishable one on a full lane, any one beyond the backlog's bound. Records of
    /// any size may be sent; those above a quarter of a lane travel by a block of their own.
    bool post(ShardId to, RecordKind kind, Parts parts, Urgency urgency) noexcept;

    /// Called at the end of every turn: what was gathered in it goes out. Of several handlers the
    /// one named last runs first, since layers above hand down to those below. The handler must
    /// outlive the shard's last turn, or be forgotten. Neither from within such a handler.
    using TurnEnd = Delegate<void()>;
    void on_turn_end(TurnEnd handler) noexcept { turn_ends_.push_back(handler); }
    void forget_turn_end(TurnEnd handler) noexcept { std::erase(turn_ends_, handler); }

    /// Holds `frame` until what is tried in this turn is over (ring::Ring::in_flight), so that a
    /// whole fan-out counts one hold.
    void hold_for_turn(const FrameRef& frame) noexcept {
        if (held_.empty() || held_.back().get() != frame.get()) held_.push_back(frame.share());
    }

    /// Where other threads leave what they have for this shard; it may outlive the shard.
    const std::shared_ptr<Mailbox>& mailbox() const noexcept { return mailbox_; }

    /// One round of the loop; sleeps if there is nothing to do until `latest`.
    void turn(Instant latest = Instant::max()) noexcept;
    /// The next turn will not sleep: something was left to do.
    void want_turn() noexcept { turn_wanted_ = true; }
    /// Ends this shard's sleep. Threads: any.
    ring::Waker waker() const noexcept { return waker_; }

    /// When this shard last went on after it had stood still: the process was stopped, or the
    /// machine slept. What was to be answered before then may be on its way yet, however late it is
    /// by the clock. Instant::min() if that never happened.
    Instant resumed_at() const noexcept { return resumed_at_; }

    struct Counters {
        std::uint64_t turns = 0;
        std::uint64_t records_in = 0;
        std::uint64_t records_out = 0;
        std::uint64_t records_dropped = 0;
        std::uint64_t records_delayed = 0;  ///< went through the backlog
        std::uint64_t wakes = 0;            ///< of other shards
    };
    const Counters& counters() const noexcept { return counters_; }

private:
    struct Waiting {
        RecordKind kind;
        std::vector<std::byte> bytes;
    };
    struct Outlet {
        Lane* lane = nullptr;
        std::deque<Waiting> backlog;
    };

    bool send(ShardId to, RecordKind kind, Parts parts, std::size_t size) noexcept;
    bool write(Lane& lane, RecordKind kind, Parts parts, std::size_t size) noexcept;
    bool delay(Outlet& outlet, RecordKind kind, Parts parts, std::size_t size) noexcept;
    void drain_backlog(Outlet& outlet) noexcept;
    void dispatch() noexcept;
    void take_records() noexcept;
    void hand_over(ShardId from, Lane::Record record) noexcept;
    void publish_records() noexcept;
    void publish(ShardId to) noexcept;
    bool lanes_empty() noexcept;
    Instant sleep_until(Instant latest) noexcept;
    bool notice_pause(Instant last_turn, Instant expected) noexcept;
    bool may_judge(std::uint64_t completed) noexcept;

    const ShardId id_;
    Fabric& fabric_;
    const std::unique_ptr<ring::Ring> ring_;
    const ring::Waker waker_;
    const std::shared_ptr<Mailbox> mailbox_;
    const Options options_;
    Duration paused_{0};  // how far now_ has fallen behind the ring's time
    Instant now_;
    TimerWheel timers_;
    FramePool frames_;
    Duration last_turn_{0};
    WallTime wall_given_{};
    std::vector<FrameRef> held_;       // by sends of this turn
    std::vector<FrameRef> held_last_;  // by sends of the turn before
    std::vector<TurnEnd> turn_ends_;
    Instant busy_until_{};  // end of the present spin
    Instant resumed_at_ = Instant::min();
    bool catching_up_ = false;  // since then
    bool turn_wanted_ = false;
    std::vector<Outlet> outlets_;  // by shard; none to itself
    std::size_t backlog_bytes_ = 0;
    struct Handlers;
    std::unique_ptr<Handlers> handlers_;
    Counters counters_;
};

}  // namespace parley
