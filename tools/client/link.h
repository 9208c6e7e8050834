// Link: one client's connection to a server, for programs with one thread and one connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <span>

#include "client/frames.h"
#include "client/secured.h"
#include "client/socket.h"
#include "client/upgrade.h"
#include "client/voiceping.h"
#include "ws/frame_reader.h"

namespace parley::client {

using Clock = std::chrono::steady_clock;

/// SIGINT and SIGTERM, kept until a Link waits, so that none is missed between a look and a wait.
class StopSignal final {
public:
    /// From now on the two signals only set a flag. One per process; threads started later inherit
    /// the block.
    static void catch_signals() noexcept;
    /// Whether one has come.
    static bool came() noexcept;
};

/// What a wait ended with.
struct Received {
    enum class What : std::uint8_t {
        message,    ///< `message` is set, and borrows from the link until the next call
        malformed,  ///< something that is not a VoicePing array came; it was skipped
        nothing,    ///< the time is up
        stopped,    ///< StopSignal::came()
    };
    What what = What::nothing;
    ServerMessage message;
    Clock::time_point at{};  ///< when its bytes were read
};

/// Answers pings by itself. All waits end at a deadline or when a StopSignal comes.
class Link final {
public:
    /// Connects, over TLS if the URL says so, and upgrades. Errors: cannot reach, not trusted,
    /// refused, not in time.
    static Outcome<Link> open(const ServerUrl& url, const Trust& trust, const SignIn& sign_in,
                              Clock::time_point deadline);

    /// Sends one array as one binary message, waiting for room if the server is slow. Errors: the
    /// connection is gone, or there was no room for 10 s.
    Done send(std::span<const std::byte> message);
    /// Waits for the next message. Errors: the server closed the connection, or broke RFC 6455.
    Outcome<Received> receive(Clock::time_point deadline);
    /// Says goodbye (1000) and closes; does not wait for the answer.
    void close() noexcept;

private:
    enum class Wait : std::uint8_t { ready, time_up, stopped };

    Link(Descriptor socket, std::uint32_t mask_seed);

    Wait wait(short events, Clock::time_point deadline) noexcept;
    Done send_frame(ws::Opcode opcode, std::span<const std::byte> payload);
    Done send_all(std::span<const std::byte> bytes);
    Done send_raw(std::span<const std::byte> bytes);
    Done secure(const ServerUrl& url, const Trust& trust, Clock::time_point deadline);
    Done fill();
    Done upgrade(const ServerUrl& url, const SignIn& sign_in, Clock::time_point deadline);
    /// The next message in what was received. Nothing while there is no whole one.
    Outcome<std::optional<Received>> take_message();

    Descriptor socket_;
    std::unique_ptr<Secured> secured_;  ///< null: plain
    Bytes sealed_;                      ///< scratch, of what is sent and of what is received
    std::minstd_rand masks_;
    ws::FrameReader reader_;
    Bytes received_;               ///< allocated once: read_bytes
    std::span<std::byte> unread_;  ///< of received_, not given to the reader yet
    Bytes out_;
    Clock::time_point read_at_{};
};

}  // namespace parley::client
