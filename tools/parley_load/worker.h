// Worker: one thread of the generator, with its share of the clients.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/histogram.h"
#include "parley_load/connection.h"
#include "parley_load/run.h"
#include "parley_load/talkers.h"

namespace parley::load {

/// What the conductor may read while the worker runs. Written once per turn of its loop.
struct alignas(64) Progress {
    std::atomic<std::uint64_t> sent{0};
    std::atomic<std::uint64_t> heard{0};
    std::atomic<std::uint64_t> faults{0};
};

/// What a worker leaves when its thread has ended.
struct Outcome {
    Histogram latency_ns;
    Faults faults;
    std::uint64_t sent = 0;
    std::uint64_t heard = 0;
    Nanoseconds behind_max = 0;  ///< the most that a frame left after it was due
    double busy = 0;             ///< share of the talking phase in which its thread ran, 0 to 1
};

class Worker final {
public:
    Worker(Run& run, std::uint32_t thread);

    /// The thread's body: follows run.phase from connecting to ended.
    void work();

    /// Threads: any.
    const Progress& progress() const noexcept { return progress_; }
    /// Requires that work() has returned.
    const Outcome& outcome() const noexcept { return outcome_; }

private:
    void on_phase(Phase phase);
    Nanoseconds act(Nanoseconds now);
    void wait(Nanoseconds until);
    void on_event(std::uint32_t index, std::uint32_t events);

    void connect_more();
    void on_connected(std::uint32_t index);
    void receive(std::uint32_t index);
    std::span<std::byte> finish_upgrade(std::uint32_t index, std::span<std::byte> bytes);
    void join(Connection& connection);

    void read_frames(std::uint32_t index, std::span<std::byte> bytes);
    void on_message(std::uint32_t index, std::span<const std::byte> bytes);
    void on_audio(Connection& connection, const client::ServerMessage& message);
    void send(std::uint32_t index, std::span<const std::byte> bytes);
    void lost_connection(Connection& connection, std::string_view why);
    void measure_begin();
    void measure_end();
    void publish() noexcept;
    void end();

    Run& run_;
    client::Descriptor epoll_;
    std::vector<Connection> connections_;
    Talkers talkers_;
    client::Bytes buffer_;                                  ///< received into; parsed in place
    std::unordered_map<std::uint32_t, std::string> heads_;  ///< responses that came in pieces
    client::Bytes out_;                                     ///< scratch
    std::uint32_t connect_next_ = 0;
    std::uint32_t handshake_count_ = 0;  ///< begun and not finished
    Phase phase_ = Phase::connecting;
    Nanoseconds received_at_ = 0;
    Nanoseconds measured_from_ = 0;
    std::chrono::nanoseconds cpu_from_{};
    Outcome outcome_;
    Progress progress_;
};

}  // namespace parley::load
