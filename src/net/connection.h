// net::Connection: one TCP connection with a bounded send queue and an orderly end.
//
//   open ── close_after_sending() ──▶ flushing ── queue empty, FIN sent ──▶ lingering
//    │  │                              ▲ │                                     │ FIN, or linger_max
//    │  └─ too slow ─▶ slow ─▶ say_last()│                                     │
//    ├────────── abort(), broken ────────┴───────────▶ closing ◀───────────────┘
//    │                                                   │ last completion
//    └─ detach() ──▶ detaching ──▶ on_detached()         ▼
//                                                     on_closed()
//
// Bytes go up as they come, and not at all while too much waits to go down: who asks without
// reading the answers is not heard. It knows no protocol. It never closes in the middle of a call
// of its owner's: on_closed() and on_too_slow() always come from the loop, later. Who did not end
// in order, or in time, is reset: nothing of it stays in the kernel.
//
// Secured by TLS (connection_tls.cc), the same holds for the plain bytes. What is to be sent waits
// as it is, and is sealed when its turn has come: so voice can still be dropped, and a frame that
// hundreds wait for exists once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "net/limits.h"
#include "net/send_queue.h"
#include "net/tls_channel.h"
#include "net/tls_handshakes.h"
#include "ring/ring.h"
#include "shard/shard.h"

namespace parley::net {

class Connection;

/// What the connections of one shard share.
struct Shared {
    Shared(Shard& on, const QueueLimits& queue_limits);
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    ~Shared();

    Shard& shard;
    const QueueLimits limits;
    WaitingPool waiting;
    std::uint64_t connections = 0;
    std::uint64_t slow_consumers = 0;  ///< connections closed for what they did not read
    std::uint64_t bytes_in = 0;
    std::uint64_t sends = 0;
    std::uint64_t sends_short = 0;     ///< sends that the socket did not take whole at once
    std::uint64_t tls_handshakes = 0;  ///< that came to their end
    std::uint64_t tls_resumed = 0;     ///< of those: with a ticket
    std::uint64_t tls_failures = 0;    ///< connections that broke TLS, in the handshake or later

    bool pressed = false;               ///< memory is short: queues are shorter
    bool starved = false;               ///< hardly any is left: messages are smaller still
    std::uint64_t receives_paused = 0;  ///< times a peer was not read, since it did not read either

    /// Frames that slow readers lost.
    std::uint64_t voice_dropped() const noexcept { return waiting.voice_dropped(); }

private:
    friend class Connection;

    void on_turn_end() noexcept;
    std::size_t lasting_bytes_max() const noexcept {
        return pressed ? limits.lasting_bytes_max / pressed_divisor : limits.lasting_bytes_max;
    }

    tls::Handshakes handshakes_;
    // Scratch of the connection at work, made when the first is secured.
    std::vector<std::byte> plain_;  // what was opened
    tls::Bytes sealed_;             // what leaves next

    // Those that have more to do once the sends of this turn are over; each at most once.
    std::vector<Connection*> unfinished_;
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
        /// Instead of TLS the peer of a secured connection said this. The connection is plain from
        /// now on, for an answer and close_after_sending(); without one it is aborted.
        virtual void on_not_tls(std::span<const std::byte> /*bytes*/) noexcept {}
        /// TLS cannot begin or go on; `why` is tls::Channel::reason(). The end follows.
        virtual void on_insecure(const std::string& /*why*/) noexcept {}
        /// The connection is gone, with nothing in flight: it may be destroyed now.
        virtual void on_closed() noexcept = 0;
        /// It reads too slowly: what waited for it was dropped, and nothing was sent since. Must
        /// call say_last() or abort().
        virtual void on_too_slow() noexcept = 0;
        /// After detach(): the descriptor is the owner's now, with what take_channel() gives, and
        /// the connection may be destroyed.
        virtual void on_detached(int descriptor) noexcept = 0;

    protected:
        ~Owner() = default;
    };

    /// Takes over a connected descriptor. Call start() to receive.
    Connection(Shared& shared, int descriptor, Owner& owner) noexcept;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    /// It stays on this shard until it closes: from now on it needs no descriptor, if it can be had
    /// without. Before start().
    void settle() noexcept;
    /// From now on it speaks TLS, with a channel that is new or comes from another connection of
    /// the same peer. Before start().
    void secure(std::unique_ptr<tls::Channel> channel) noexcept;
    void start() noexcept;
    /// Receives one piece at a time: for who gives it away once it has read enough, since then
    /// nothing is in flight that must be cancelled first. Before start().
    void take_pieces() noexcept { takes_pieces_ = true; }
    /// Sends now, or as soon as what was sent before is gone. A slow reader loses voice first; if
    /// that is not enough on_too_slow() follows. Does nothing once closing.
    void send(const FrameRef& frame, Delivery delivery) noexcept;
    /// Fetches what send() looks at, for who sends to many one after the other.
    void prefetch() const noexcept { __builtin_prefetch(static_cast<const void*>(&current_), 1); }
    /// Sends what is queued, ends our side, waits for the peer's, at most linger_max. What still
    /// comes in is thrown away.
    void close_after_sending() noexcept;
    /// After on_too_slow(): sends this behind what has been sent in part, and closes.
    void say_last(const FrameRef& frame) noexcept;
    /// Drops what is queued, so that close_after_sending() has little to send. The stream then has
    /// a gap: nothing but the reason for its end may follow.
    void drop_waiting() noexcept { queue_.clear(shared_.waiting); }
    /// Drops what is queued and resets the connection.
    void abort() noexcept;
    /// Stops receiving and gives the descriptor away. Requires that it was not settled and that
    /// nothing was sent.
    void detach() noexcept;
    /// In on_detached(): the TLS that goes on with the descriptor; null if it is plain.
    std::unique_ptr<tls::Channel> take_channel() noexcept;

    bool is_open() const noexcept { return state_ == State::open; }
    /// False while too much waits for the peer for anything to be read from it.
    bool is_reading() const noexcept { return !paused_; }
    std::size_t queued_bytes() const noexcept { return queue_.bytes(); }

private:
    enum class State : std::uint8_t { open, slow, flushing, lingering, closing, detaching, gone };

    struct Seldom;  // connection_seldom.h
    friend struct Shared;

    void on_receive(const ring::Completion& completion) noexcept;
    void on_send(const ring::Completion& completion) noexcept;
    void on_timer() noexcept;
    void enqueue(const FrameRef& frame, Delivery delivery) noexcept;
    void try_now(const FrameRef& frame) noexcept;
    void send_rest() noexcept;
    void send_next() noexcept;
    void go_on() noexcept;
    void go_on_later() noexcept;
    bool sending() const noexcept;
    void finish_sending() noexcept;
    void begin_closing() noexcept;
    void finish_closing() noexcept;
    void give_away() noexcept;
    void start_timer(Instant deadline) noexcept;
    Seldom& seldom() noexcept;

    void receive_sealed(std::span<const std::byte> bytes) noexcept;
    void open_sealed() noexcept;
    void step_handshake() noexcept;
    void end_handshake() noexcept;
    void give_way() noexcept;
    void lose_security() noexcept;
    void refuse_plain() noexcept;
    void send_sealed(const FrameRef& frame, Delivery delivery) noexcept;
    FrameRef next_sealed() noexcept;
    bool has_next() const noexcept;
    bool has_ended() const noexcept;
    void keep_unsent(const ring::Completion& completion) noexcept;
    void hand_up(std::span<std::byte> bytes) noexcept;
    void pause() noexcept;
    void on_read_on() noexcept;
    void fall_behind() noexcept;
    void end_in_order() noexcept;
    bool is_quiet() noexcept;

    // All that a send touches comes first and lies in one cache line, if the connection does not
    // begin in the middle of one.
    Shared& shared_;
    // What is being sent: held by the shard, or by rest_ once that is not enough.
    Frame* current_ = nullptr;
    ring::SendOperation send_;
    int socket_;
    State state_ = State::open;
    bool listed_ : 1 = false;   // in shared_.unfinished_
    bool secured_ : 1 = false;  // by seldom_->channel
    bool paused_ : 1 = false;   // nothing is read
    bool ordered_ : 1 = false;  // both sides have ended: no reset is needed
    bool takes_pieces_ : 1 = false;
    SendQueue queue_;
    std::uint32_t sent_ = 0;  // of rest_
    ring::Operation receive_;
    Owner& owner_;
    FrameRef rest_;                   // current_, while a send waits for the peer
    std::unique_ptr<Seldom> seldom_;  // few plain ones ever need it
};

}  // namespace parley::net
