// net::Connection: one TCP connection with a bounded send queue and an orderly end.
//
//   open ── close_after_sending() ──▶ flushing ── queue empty, FIN sent ──▶ lingering
//    │                                   │                                     │ FIN, or linger_max
//    ├────────── abort(), broken ────────┴───────────▶ closing ◀───────────────┘
//    │                                                   │ last completion
//    └─ detach() ──▶ detaching ──▶ on_detached()         ▼
//                                                     on_closed()
//
// Bytes go up as they come; it knows no protocol. It never closes in the middle of a call of its
// owner's: on_closed() always comes from the loop, later.
#pragma once

#include <cstdint>
#include <span>

#include "net/limits.h"
#include "net/send_queue.h"
#include "ring/ring.h"
#include "shard/shard.h"

namespace parley::net {

/// What the connections of one shard share.
struct Shared {
    Shared(Shard& on, const QueueLimits& queue_limits)
        : shard(on), limits(queue_limits), waiting(queue_limits.waiting_frames_max) {}

    Shard& shard;
    const QueueLimits limits;
    WaitingPool waiting;
    std::uint64_t connections = 0;
    std::uint64_t voice_dropped = 0;   ///< frames that a slow reader lost
    std::uint64_t slow_consumers = 0;  ///< connections closed for what they did not read
    std::uint64_t bytes_in = 0;
    std::uint64_t sends = 0;
    std::uint64_t sends_short = 0;  ///< sends that the socket did not take whole at once
};

class Connection final {
public:
    /// Who uses a connection. All calls come from the shard's loop.
    class Owner {
    public:
        /// Bytes came in; they may be changed in place, and are gone after the call.
        virtual void on_received(std::span<std::byte> bytes) noexcept = 0;
        /// The peer will send no more. It may still read.
        virtual void on_end() noexcept = 0;
        /// The connection is gone, with nothing in flight: it may be destroyed now.
        virtual void on_closed() noexcept = 0;
        /// After detach(): the descriptor is the owner's now, and the connection may be destroyed.
        virtual void on_detached(int descriptor) noexcept = 0;

    protected:
        ~Owner() = default;
    };

    /// Takes over a connected descriptor. Call start() to receive.
    Connection(Shared& shared, int descriptor, Owner& owner) noexcept;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    void start() noexcept;
    /// Sends now, or as soon as what was sent before is gone. A slow reader loses voice first; if
    /// that is not enough the connection is aborted. Does nothing once closing.
    void send(FrameRef frame, Delivery delivery) noexcept;
    /// Sends what is queued, ends our side, waits for the peer's, at most linger_max. What still
    /// comes in is thrown away.
    void close_after_sending() noexcept;
    /// Drops what is queued and closes.
    void abort() noexcept;
    /// Stops receiving and gives the descriptor away. Requires that nothing was sent.
    void detach() noexcept;

    bool is_open() const noexcept { return state_ == State::open; }
    std::size_t queued_bytes() const noexcept { return queue_.bytes(); }

private:
    enum class State : std::uint8_t { open, flushing, lingering, closing, detaching, gone };

    void on_receive(const ring::Completion& completion) noexcept;
    void on_send(const ring::Completion& completion) noexcept;
    void on_timer() noexcept;
    void enqueue(FrameRef frame, Delivery delivery) noexcept;
    void send_next() noexcept;
    void finish_sending() noexcept;
    void begin_closing() noexcept;
    void finish_closing() noexcept;
    void give_away() noexcept;

    Shared& shared_;
    Owner& owner_;
    FrameRef current_;  // what is being sent
    ring::SendOperation send_;
    ring::Operation receive_;
    SendQueue queue_;
    Timer timer_;
    std::uint32_t sent_ = 0;  // of current_
    int descriptor_;
    State state_ = State::open;
    bool patient_ = false;  // the send in flight waits for the peer
};

}  // namespace parley::net
