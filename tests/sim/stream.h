// Stream: one simulated TCP connection, seen from both of its ends.
//
//        the peer (the test)                               the server (through a descriptor)
//   write(), finish(), reset() ──▶ inbound ──▶ receive completions
//   read() ◀── arrived ◀── network ◀── outbound ◀── send_now(), send_all()
//
// `outbound` is the socket's buffer: it holds Faults::socket_bytes and empties only as the peer
// reads, so a peer that stops reading fills it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace parley::sim {

class World;
struct Pending;

/// What both ends know. Owned by the world until its end, so that a handle never dangles.
struct Stream {
    // Towards the server.
    std::string inbound;
    std::size_t inbound_taken = 0;  // of `inbound`, already handed out
    bool peer_finished = false;     // nothing follows `inbound`
    bool peer_gone = false;         // the peer does not read any more either
    bool broken = false;            // reset by the peer: the server's calls fail
    bool break_told = false;        // the server has seen -ECONNRESET

    // Towards the peer.
    std::string outbound;          // in the socket's buffer
    std::string arrived;           // at the peer, not yet taken by read()
    std::size_t socket_bytes = 0;  // what `outbound` may hold
    bool server_finished = false;  // nothing follows `outbound`
    bool server_reset = false;     // the peer's calls fail
    bool peer_reading = true;
    bool read_scheduled = false;

    // The server's end.
    int descriptor = -1;
    Pending* receive = nullptr;
    Pending* send = nullptr;

    std::string_view unread() const noexcept {
        return std::string_view{inbound}.substr(inbound_taken);
    }
    std::size_t room() const noexcept {
        return outbound.size() < socket_bytes ? socket_bytes - outbound.size() : 0;
    }
};

/// The test's end of a connection. Lives as long as the world.
class Peer {
public:
    Peer(World& world, Stream& stream) noexcept : world_(world), stream_(stream) {}
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    /// Does nothing once this end is finished, closed or reset.
    void write(std::string_view bytes);
    /// Everything that has arrived since the last call.
    std::string read();

    /// Sends the end of the stream and goes on reading (a half-close).
    void finish();
    /// Sends the end of the stream and stops listening: what the server sends then is answered
    /// with a reset.
    void close();
    /// Breaks the connection at once.
    void reset();
    void stop_reading();
    void resume_reading();

    /// Nothing more will arrive: the server ended or broke the connection, and all of what it
    /// sent before that has arrived.
    bool ended() const noexcept;
    /// The server broke the connection, or never took it.
    bool was_reset() const noexcept { return stream_.server_reset; }
    bool reading() const noexcept { return stream_.peer_reading; }
    /// Bytes written that no receive of the server's has taken yet.
    std::size_t untaken() const noexcept { return stream_.unread().size(); }

private:
    World& world_;
    Stream& stream_;
};

}  // namespace parley::sim
