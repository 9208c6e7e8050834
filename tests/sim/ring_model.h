// RingModel: the state behind one simulated Ring. Behaves as badly as a kernel legally may.
//
//   queued ── submit() ──▶ in flight ── event due ──▶ taken ── dispatch() ──▶ handler
//
// Operations go down at the next wait (by seed earlier). What they bring comes as events at a
// virtual time, drawn from the seed, and waits in `taken_` for dispatch().
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <queue>
#include <span>
#include <vector>

#include "base/time.h"
#include "ring/operation.h"
#include "ring/ring.h"
#include "sim/stream.h"

namespace parley::sim {

class RingModel;
class World;

/// One operation in flight. Slots are reused; `generation` tells events of an earlier use.
struct Pending {
    enum class Kind : std::uint8_t { accept, receive, send_now, send_all, shutdown };

    RingModel* ring = nullptr;
    std::uint32_t index = 0;
    std::uint32_t generation = 0;
    bool active = false;
    bool submitted = false;
    bool ended = false;  // its last completion is in `taken_`
    bool cancelled = false;
    bool scheduled = false;  // an event is on its way
    bool once = false;       // ends with its first piece
    Kind kind{};
    ring::Operation* operation = nullptr;
    int descriptor = -1;
    Stream* stream = nullptr;
    std::span<const std::byte> bytes;  // sends only, and the rest likewise
    std::size_t sent = 0;
    std::uint64_t checksum = 0;
    std::int32_t result = 0;  // of a send_now that was tried
};

/// Equal for equal bytes.
std::uint64_t checksum(std::span<const std::byte> bytes) noexcept;

class RingModel {
public:
    RingModel(World& world, const ring::Options& options);
    RingModel(const RingModel&) = delete;
    RingModel& operator=(const RingModel&) = delete;
    ~RingModel();

    void accept(ring::Operation& operation, int listener);
    void receive(ring::Operation& operation, int socket);
    void receive_once(ring::Operation& operation, int socket);
    void send_now(ring::SendOperation& send, int socket, std::span<const std::byte> bytes);
    void send_all(ring::SendOperation& send, int socket, std::span<const std::byte> bytes);
    void cancel(ring::Operation& operation);
    void shutdown_send(ring::SendOperation& send, int socket);
    int adopt(int socket);
    void close(int descriptor);
    void reset(int descriptor);
    void wake(const ring::Waker& other);
    void wait(Instant deadline);
    void dispatch();

    int handle() const noexcept { return handle_; }
    const World& world() const noexcept { return world_; }
    const ring::Ring::Counters& counters() const noexcept { return counters_; }

    // For the world.

    /// The state of the pending operation's socket changed: it may have something to tell.
    void poke(Pending& pending) noexcept;
    /// When the present wait has a reason to end.
    Instant wake_time() const noexcept;
    void wake_up() noexcept { woken_ = true; }
    std::size_t in_flight() const noexcept;

private:
    struct Event {
        Instant at;
        std::uint64_t order;
        std::uint32_t pending;
        std::uint32_t generation;
        bool last;  // the cancelled operation's end
        bool operator<(const Event& other) const noexcept {
            return at != other.at ? at > other.at : order > other.order;
        }
    };
    struct Submission {
        enum class Kind : std::uint8_t { start, cancel, close, wake } kind{};
        std::uint32_t pending = 0;
        std::uint32_t generation = 0;
        int descriptor = -1;
    };
    struct Taken {
        std::uint32_t pending = 0;
        std::int32_t result = 0;
        bool more = false;
        int buffer = -1;
    };
    struct Buffer {
        std::unique_ptr<std::byte[]> bytes;
        std::size_t used = 0;
        bool busy = false;
    };

    Pending& start(Pending::Kind kind, ring::Operation& operation, int descriptor);
    void start_send(Pending::Kind kind, ring::SendOperation& send, int socket,
                    std::span<const std::byte> bytes);
    void queue(const Submission& submission);
    void submit();
    void carry_out(const Submission& submission);
    void send_what_fits(Pending& pending);
    void schedule(Pending& pending, bool last) noexcept;
    void take_due();
    bool goes_on() noexcept;
    void take(const Event& event);
    void take_accept(Pending& pending);
    void take_receive(Pending& pending);
    void take_piece(Pending& pending);
    void take_send(Pending& pending);
    void take_cancelled(Pending& pending);
    std::size_t move_piece(Pending& pending, std::size_t size);
    void end(Pending& pending, std::int32_t result, int buffer);
    void finish_tried();
    void finish(const Taken& taken);
    void forget(Pending& pending) noexcept;
    void check_unchanged(const Pending& pending) const;
    int free_buffer() const noexcept;
    void give_back(int buffer) noexcept;
    std::span<std::byte> usable(int buffer, std::size_t size) noexcept;

    World& world_;
    std::size_t buffer_bytes_;
    int handle_ = -1;
    Instant deadline_{};
    bool woken_ = false;
    bool refused_ = false;         // a send_now fell short, which ends a wait
    std::deque<Pending> pending_;  // stable addresses
    std::vector<std::uint32_t> free_;
    std::vector<Submission> queued_;
    std::priority_queue<Event> events_;
    std::vector<std::uint32_t> tried_;  // send_now operations of this turn, in order
    std::vector<Taken> taken_;
    std::vector<Buffer> buffers_;
    ring::Ring::Counters counters_;
};

}  // namespace parley::sim
