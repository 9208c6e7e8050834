// World: what a simulated ring runs on instead of the kernel. Virtual time, a table of
// descriptors, a network with the test at its far end, and faults by seed.
//
//   test ── connect(), Peer::write() ──▶ World ──▶ ring of a shard ──▶ handlers
//        ◀── Peer::read() ──────────────        ◀── send_now(), … ───
//   run_for() steps the shards, one at a time, in an order drawn from the seed
//
// One world at a time per thread; Ring::open() attaches to it. Everything happens in one thread,
// and the same seed gives the same run to the byte: trace_hash() proves it. The world checks how
// the rings are used, and ends the program with the seed when a rule is broken.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <queue>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "sim/faults.h"
#include "sim/fiber.h"
#include "sim/random.h"
#include "sim/stream.h"

namespace parley::sim {

class RingModel;

class World {
public:
    /// Draws the faults from the seed too.
    explicit World(std::uint64_t seed);
    World(std::uint64_t seed, const Faults& faults);
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World();

    /// The world of this thread. Requires that there is one.
    static World& current() noexcept;

    /// From now on nothing goes wrong, for the part of a run that judges liveness.
    void faults_off() noexcept;
    /// Prints every completion to standard error.
    void print_trace() noexcept { printing_ = true; }
    bool printing() const noexcept { return printing_; }
    /// Adds a line to what is printed, if it is.
    void remark(std::string_view text) const noexcept;

    // Peers.

    /// Connects to a listener on `port`, chosen by seed if there are several. Without any, the
    /// peer finds its connection reset.
    Peer& connect(std::uint16_t port);

    // Shards and time.

    /// Adds a shard: `body` is its loop, and must end when the program under test says so.
    void spawn(Fiber::Body body);
    /// Lets `time` pass. Shards run when they have a reason to: a completion, a wake-up, the
    /// deadline of their wait.
    void run_for(Duration time);
    /// Lets `time` pass in which no shard runs, as after SIGSTOP. Peers and the network go on.
    void stop_shards_for(Duration time);
    /// Time is later at once, as after a pause of the machine: nothing happened in between.
    void jump(Duration time) noexcept { now_ += time; }
    bool all_finished() const noexcept;

    Instant now() const noexcept { return now_; }
    WallTime wall_now() const noexcept;
    /// The time of day is set anew, up to ten years from where it would be without any such jump.
    void set_wall_clock() noexcept;
    /// Everything of the server's stands still for `time`, as if its machine were paused.
    void pause(Duration time);
    Random& random() noexcept { return random_; }
    const Faults& faults() const noexcept { return faults_; }
    std::uint64_t seed() const noexcept { return seed_; }
    /// Over the time, kind and result of every completion so far.
    std::uint64_t trace_hash() const noexcept { return trace_; }
    std::uint64_t completions() const noexcept { return completions_; }

    /// What must be nothing when all has ended.
    std::size_t open_descriptors() const noexcept;
    std::size_t operations_in_flight() const noexcept;

    // What ring/socket.h asks for.

    /// A new listening descriptor; port 0 takes one that is free.
    int listen(std::uint16_t port);
    std::uint16_t local_port(int listener);
    void close_now(int descriptor);
    void wake(int handle) noexcept;

    /// Ends the program: prints the seed, the virtual time and what is wrong.
    [[noreturn]] void fail(std::string_view what) const;

private:
    friend class RingModel;
    friend class Peer;

    struct Listener {
        std::uint16_t port = 0;
        std::deque<Stream*> backlog;
        Pending* accept = nullptr;
    };
    struct Descriptor {
        Stream* stream = nullptr;
        std::unique_ptr<Listener> listener;
        bool closing = false;  // close() is queued: no new operation may start
        bool resets = false;   // and the peer is reset
        bool open() const noexcept { return stream != nullptr || listener != nullptr; }
    };
    struct Shard {
        std::unique_ptr<Fiber> fiber;
        RingModel* asleep_in = nullptr;
        Instant stalled_until{};
    };
    struct PeerRead {  // the peer is about to read from this stream
        Instant at;
        std::uint64_t order;
        Stream* stream;
        bool operator<(
            const PeerRead& other) const noexcept {  // a priority queue wants the reverse
            return at != other.at ? at > other.at : order > other.order;
        }
    };

    // Descriptors.
    int open_descriptor() noexcept;  // the lowest free, as the kernel does
    Descriptor& descriptor(int number) noexcept {
        return descriptors_[static_cast<std::size_t>(number)];
    }
    Descriptor& used(int descriptor, std::string_view by);
    void check_idle(const Descriptor& entry) const;
    void release(int descriptor);
    void end_stream(Stream& stream);

    // Network.
    void schedule_peer_read(Stream& stream);
    void peer_reads(Stream& stream);
    void poke(Pending* pending) noexcept;

    // Time and scheduling.
    Duration jitter() noexcept;
    Instant next_event() const noexcept;
    Instant wake_time(const Shard& shard) const noexcept;
    void advance_to(Instant time);
    Shard* pick_runnable() noexcept;
    void run(Shard& shard);
    void sleep(RingModel& ring);
    void note_turn(bool had_work);

    // Rings.
    int attach(RingModel& ring);
    void detach(RingModel& ring) noexcept;
    void note(std::string_view what, int descriptor, std::int64_t result) noexcept;

    std::uint64_t seed_;
    Random random_;
    Faults faults_;
    Instant now_;
    std::chrono::milliseconds wall_ahead_{};  // of wall_start and now_
    std::uint64_t order_ = 0;                 // of events at the same time
    std::uint64_t trace_ = 0xCBF29CE484222325ULL;
    std::uint64_t completions_ = 0;
    bool printing_ = false;

    std::vector<std::unique_ptr<Stream>> streams_;
    std::vector<std::unique_ptr<Peer>> peers_;
    std::vector<Descriptor> descriptors_;  // by number
    std::uint16_t next_port_ = 40000;      // for listeners on port 0
    std::priority_queue<PeerRead> peer_reads_;

    int idle_turns_ = 0;             // in a row
    std::vector<RingModel*> rings_;  // by waker handle; null once closed
    std::vector<Shard> shards_;
    Shard* running_ = nullptr;
};

}  // namespace parley::sim
