// ws::Connection: an open WebSocket connection: messages in, frames out, pings, the closing
// handshake.
//
//   open ── close() or the peer's close frame ──▶ closing ── TCP gone ──▶ on_gone()
//     └──── broken, silent for too long ──────────────────────────────────────▲
//
// The opening handshake is over before it exists (session::Opening). It does not know what
// messages mean: that is for the class that derives from it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "net/connection.h"
#include "ws/close_code.h"
#include "ws/compression.h"
#include "ws/frame.h"
#include "ws/frame_reader.h"
#include "ws/heartbeat.h"
#include "ws/limits.h"

namespace parley::ws {

struct Settings {
    /// How often the peer is asked whether it is there.
    Duration ping_interval = std::chrono::seconds{25};
    /// How long its answer, or anything else it says, may take.
    Duration pong_max = std::chrono::seconds{10};
    /// How long the next byte of a frame or message that has begun may take (requirement C3).
    Duration partial_max = std::chrono::seconds{30};
    MessageLimits messages;
};

class Connection;

/// What the connections of one shard share: their settings, and whom to ask when whether they are
/// still there. Must outlive them.
class Shared {
public:
    Shared(net::Shared& net_share, const Settings& settings) noexcept;
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    ~Shared() = default;

    net::Shared& net;

    const Compression& compression() const noexcept { return compression_; }

private:
    friend class Connection;

    void begin(Pulse& pulse) noexcept;
    void end(Pulse& pulse) noexcept;
    void on_timer() noexcept;
    void start_timer() noexcept;
    void on_partial_timer() noexcept;

    // A connection whose peer has begun something. Few have at a time.
    struct Partial {
        Connection* connection = nullptr;
        Instant last_byte;  // or a little later
    };

    /// With memory short, large messages are not gathered.
    const MessageLimits& limits() const noexcept {
        if (!net.pressed) return limits_;
        return net.starved ? starved_limits_ : pressed_limits_;
    }

    const MessageLimits limits_;
    const MessageLimits pressed_limits_;
    const MessageLimits starved_limits_;
    Compression compression_;
    const Duration partial_max_;
    Heartbeat heartbeat_;
    Timer timer_;
    Instant timer_deadline_;  // while it runs
    std::vector<Partial> partials_;
    Timer partial_timer_;
};

/// Who derives from it lies in the same memory, which counts: a server has as many of them as it
/// has users. All calls to it come from the shard's loop.
class Connection : private net::Connection::Owner, private Pulse {
public:
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Compresses from now on, and takes compressed messages; until then they break a rule. For
    /// who lets people in before they have signed in: call it once they have. Once at most.
    void agree(const DeflateTerms& terms) noexcept;
    /// Answers the upgrade with `reply` and reads on, beginning with the bytes that came behind
    /// the request; under TLS if there is a channel.
    void open(std::string_view reply, std::span<std::byte> received,
              std::unique_ptr<net::tls::Channel> channel) noexcept;

    /// Sends a message that lasts, compressed if that was agreed and is worth it. Does nothing once
    /// closing.
    void send(Outgoing& message) noexcept {
        if (message.may_compress()) return send_agreed(message);
        tcp_.send(message.plain(), net::Delivery::lasting);
    }
    /// Sends a frame made with encode_frame() or the like, as it is. Does nothing once closing.
    void send(const FrameRef& frame, net::Delivery delivery) noexcept {
        tcp_.send(frame, delivery);  // which is not open either once this is closing
    }
    /// Fetches what send() looks at, for who sends to many one after the other.
    void prefetch() const noexcept { tcp_.prefetch(); }
    /// Asks the peer to send this back: on_pong() comes once it has read all that was sent before.
    /// Of the payload at most 125 bytes. Does nothing once closing.
    void probe(std::span<const std::byte> payload) noexcept;
    /// Starts the closing handshake. `no_status` sends an empty close frame; of the reason at most
    /// 123 bytes. Does nothing once closing.
    void close(CloseCode code, std::string_view reason) noexcept;
    /// Likewise, but drops what waits: for the sake of the memory that it takes.
    void shed(CloseCode code, std::string_view reason) noexcept;
    /// Sends what is queued and ends, as close() does, but without a close frame: for peers that
    /// take the end of the stream for a reason to come back, and a close frame for none. Does
    /// nothing once closing.
    void end() noexcept { finish(); }
    /// Drops the connection without a word. on_closing() and on_gone() come later, from the loop.
    void abort() noexcept { tcp_.abort(); }

    bool is_open() const noexcept { return tcp_.is_open(); }
    /// What waits for the peer, and what it has begun to send.
    std::size_t held_bytes() const noexcept {
        return tcp_.queued_bytes() + reader_.gathered_bytes();
    }

    /// For Shared: asks a connection whether it is there, or gives it up. Requires one of its own.
    static void carry_out(const Heartbeat::Due& due) noexcept;
    /// For Shared: closes it if its peer has begun something and does not go on. False once there
    /// is nothing to look after.
    bool look_after(Instant& last_byte) noexcept;

protected:
    using PingPayload = std::span<std::byte, control_bytes_max>;

    Connection(Shared& shared, int descriptor) noexcept;
    ~Connection() = default;

    Shared& shared() const noexcept { return shared_; }

private:
    /// A whole message. The bytes may be changed in place and are gone after the call.
    virtual void on_message(Opcode opcode, std::span<std::byte> payload) noexcept = 0;
    /// Writes what a ping to this peer carries, and says how many bytes.
    virtual std::size_t write_ping(PingPayload payload) const noexcept = 0;
    /// What a ping, or nothing, has brought back.
    virtual void on_pong(std::span<const std::byte>) noexcept {}
    /// The peer is leaving or lost: nothing can be sent any more. Comes once.
    virtual void on_closing() noexcept = 0;
    /// The connection is gone: it may be destroyed now.
    virtual void on_gone() noexcept = 0;

    void on_received(std::span<std::byte> bytes) noexcept final;
    void on_end() noexcept final;
    void on_closed() noexcept final;
    void on_too_slow() noexcept final;
    void on_detached(int descriptor) noexcept final;
    Agreed agreed() const noexcept {
        const int bits = send_window_ == 0 ? 0 : send_window_ + window_bits_below;
        return {static_cast<std::uint8_t>(bits), keeps_sent_, keeps_received_};
    }
    void send_agreed(Outgoing& message) noexcept;
    void read(std::span<std::byte> bytes, const FrameCutter::Rules& rules) noexcept;
    void ping() noexcept;
    void take(const Received& received) noexcept;
    void watch_partial() noexcept;
    void send_control(Opcode opcode, std::span<const std::byte> payload) noexcept;
    void finish() noexcept;
    void leave() noexcept;

    // What receiving needs fills the first cache line, so that tcp_, of which a send touches the
    // first line alone, begins with the second.
    bool closing_ : 1 = false;  // on_closing() was called
    bool watched_ : 1 = false;  // among shared_'s partials
    bool moved_ : 1 = false;    // it has received since it was last looked at there
    // What it has agreed on. The window by its bits above the least: zlib has 9 to 15.
    bool keeps_sent_ : 1 = false;
    bool keeps_received_ : 1 = false;
    std::uint8_t send_window_ : 3 = 0;  // 0: nothing is compressed
    static constexpr int window_bits_below = window_bits_min - 1;
    static_assert(window_bits_max - window_bits_below < 8);
    Shared& shared_;
    FrameCutter reader_;
    net::Connection tcp_;
};

}  // namespace parley::ws
