// Swarm: the connections of one worker, from the first packet to the last.
//
//   waiting ──▶ connecting ──▶ upgrading ──▶ joining ──▶ ready ──▶ closed
//               TCP, TLS       101           USER_ADD, and an
//                                            answer behind it
//
// Answers pings by itself. Tells its Part what the others say.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "client/frames.h"
#include "parley_load/connection.h"
#include "parley_load/part.h"

namespace parley::load {

class Swarm final {
public:
    /// Room for `count` connections, each of which add() or open() fills.
    Swarm(Run& run, std::uint32_t count);

    /// Requires that it outlives all calls below.
    void listen(Part& part) noexcept { part_ = &part; }

    /// One more, which open_more() will open. In the order of their numbers.
    void add(std::uint32_t number);
    /// Room for `count` that open() alone fills.
    void add_unopened(std::uint32_t count);
    /// Opens those that were added, as many at once as a listen backlog holds.
    void open_more();
    /// Opens the connection `index` as `number`, which may have been open before. Not from within
    /// a callback. Failures go to the part.
    void open(std::uint32_t index, std::uint32_t number);

    /// Sends whole frames, behind what waits for room. The part hears of a failure.
    void send(std::uint32_t index, std::span<const std::byte> bytes);
    /// As send(), one binary message.
    void send_message(std::uint32_t index, std::span<const std::byte> message);
    /// Closes at once: `how` is fin or reset. Bytes that wait for room are dropped.
    void close(std::uint32_t index, CloseHow how);
    /// Says goodbye (1000); the server then closes, which is no loss.
    void say_goodbye(std::uint32_t index);

    /// From now on nothing is read but by read_some().
    void stop_reading(std::uint32_t index);
    /// Reads at most `bytes_max`; gives how many there were.
    std::size_t read_some(std::uint32_t index, std::size_t bytes_max);

    /// Waits for events until `until`, and handles them.
    void wait(Nanoseconds until);

    std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(connections_.size()); }
    const Connection& operator[](std::uint32_t index) const noexcept { return connections_[index]; }
    std::uint32_t number_of(std::uint32_t index) const noexcept {
        return connections_[index].number;
    }
    /// When the bytes of the message at hand were read.
    Nanoseconds received_at() const noexcept { return received_at_; }
    /// When the last wait was over.
    Nanoseconds woken_at() const noexcept { return woken_at_; }

private:
    using State = Connection::State;

    void on_event(std::uint32_t index, std::uint32_t events);
    void on_connected(std::uint32_t index);
    void ask_upgrade(std::uint32_t index);
    void send_raw(std::uint32_t index, std::span<const std::byte> bytes);
    void flush_tls(std::uint32_t index);
    std::span<std::byte> take_in(std::uint32_t index, std::span<const std::byte> sealed);
    std::size_t receive(std::uint32_t index, std::size_t bytes_max);
    std::span<std::byte> finish_upgrade(std::uint32_t index, std::span<std::byte> bytes);
    void join(std::uint32_t index);
    void read_frames(std::uint32_t index, std::span<std::byte> bytes);
    void on_message(std::uint32_t index, std::span<const std::byte> bytes);
    void flush(std::uint32_t index);
    void await(std::uint32_t index, std::uint32_t events) noexcept;
    void forget(std::uint32_t index) noexcept;
    void lose(std::uint32_t index, Loss loss, std::string_view why);
    std::uint32_t mask() noexcept { return mask_ = mask_ * 0x9e3779b1U + 1; }

    Run& run_;
    Part* part_ = nullptr;
    client::Descriptor epoll_;
    std::vector<Connection> connections_;
    client::Bytes buffer_;                                     ///< received into; parsed in place
    std::unordered_map<std::uint32_t, std::string> heads_;     ///< responses that came in pieces
    std::unordered_map<std::uint32_t, client::Bytes> unsent_;  ///< of those that are congested
    client::Bytes out_;                                        ///< scratch
    // With TLS alone.
    std::unordered_map<std::uint32_t, std::unique_ptr<client::Secured>> secured_;
    client::Bytes sealed_;  ///< scratch, of what is sent
    client::Bytes plain_;   ///< what came, opened
    std::uint32_t open_next_ = 0;
    std::uint32_t handshake_count_ = 0;  ///< begun and not finished
    std::uint32_t mask_ = 0;             ///< only has to differ, not to be secret
    Nanoseconds received_at_ = 0;
    Nanoseconds woken_at_ = 0;
};

}  // namespace parley::load
