// ws::Connection: an open WebSocket connection: messages in, frames out, pings, the closing
// handshake.
//
//   open ── close() or the peer's close frame ──▶ closing ── TCP gone ──▶ on_closed()
//     └──── broken, silent for too long ──────────────────────────────────────▲
//
// The opening handshake is over before it exists (session::Opening). It does not know what
// messages mean.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "net/connection.h"
#include "ws/close_code.h"
#include "ws/frame.h"
#include "ws/frame_reader.h"
#include "ws/limits.h"

namespace parley::ws {

struct Settings {
    /// How often the peer is asked whether it is there.
    Duration ping_interval = std::chrono::seconds{25};
    /// How long its answer, or anything else it says, may take.
    Duration pong_max = std::chrono::seconds{10};
    MessageLimits messages;
};

class Connection final : private net::Connection::Owner {
public:
    /// Who talks. All calls come from the shard's loop.
    class Peer {
    public:
        /// A whole message. The bytes may be changed in place and are gone after the call.
        virtual void on_message(Opcode opcode, std::span<std::byte> payload) noexcept = 0;
        /// What the pings to this peer carry; at most 125 bytes of it are used.
        virtual std::string_view ping_payload() const noexcept = 0;
        /// The peer is leaving or lost: nothing can be sent any more. Comes once.
        virtual void on_closing() noexcept = 0;
        /// The connection is gone: it may be destroyed now.
        virtual void on_closed() noexcept = 0;

    protected:
        ~Peer() = default;
    };

    Connection(net::Shared& shared, const Settings& settings, int descriptor, Peer& peer) noexcept;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() = default;

    /// Answers the upgrade with `reply` and reads on, beginning with the bytes that came behind
    /// the request.
    void open(std::string_view reply, std::span<std::byte> received) noexcept;

    /// Sends a frame made with encode_frame() or the like. Does nothing once closing, for then the
    /// TCP connection is no longer open either.
    void send(const FrameRef& frame, net::Delivery delivery) noexcept {
        tcp_.send(frame, delivery);
    }
    void prefetch() const noexcept { tcp_.prefetch(); }
    /// Starts the closing handshake. `no_status` sends an empty close frame; of the reason at most
    /// 123 bytes. Does nothing once closing.
    void close(CloseCode code, std::string_view reason) noexcept;
    /// Drops the connection without a word. on_closing() and on_closed() come later, from the loop.
    void abort() noexcept;

    bool is_open() const noexcept { return !closing_ && tcp_.is_open(); }

private:
    void on_received(std::span<std::byte> bytes) noexcept override;
    void on_end() noexcept override;
    void on_closed() noexcept override;
    void on_detached(int descriptor) noexcept override;
    void on_timer() noexcept;
    void take(const Received& received) noexcept;
    void send_control(Opcode opcode, std::span<const std::byte> payload) noexcept;
    void finish() noexcept;

    net::Shared& shared_;
    const Settings& settings_;
    Peer& peer_;
    net::Connection tcp_;
    FrameReader reader_;
    Timer timer_;
    Instant next_ping_;
    Instant asked_at_;  // meaningful while asked_
    bool asked_ = false;
    bool closing_ = false;
};

/// One whole frame of `opcode` in the shard's memory; empty if that is used up.
FrameRef encode_frame(FramePool& frames, Opcode opcode,
                      std::span<const std::byte> payload) noexcept;

}  // namespace parley::ws
