// Uring: the few calls of io_uring that the floor needs, one ring for one thread.
//
// Receives go into buffers the ring chooses; sends are tried once and are silent when they succeed.
// It knows nothing of voice.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <liburing.h>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"

namespace parley::bench {

class Uring final {
public:
    enum class Event : std::uint32_t { none, accepted, received, send_failed };
    enum class Files : std::uint8_t { of_process, of_ring };

    /// Errors: domain system, if the kernel refuses.
    static Result<std::unique_ptr<Uring>> open(Files files);
    ~Uring();
    Uring(const Uring&) = delete;
    Uring& operator=(const Uring&) = delete;

    void accept(int listener) noexcept;
    void receive(int socket) noexcept;
    /// The bytes stay until turn() has returned.
    void send(int socket, std::span<const std::byte> bytes) noexcept;
    /// Says that `socket` will be used with this ring, or will be no more.
    void add_file(int socket) noexcept;
    void remove_file(int socket) noexcept;

    /// Submits everything and waits for something to happen: with a `min_wait`, up to that long for
    /// a batch. Returns early if a signal comes. Receive buffers of the last turn are given back.
    void turn(std::chrono::microseconds min_wait) noexcept;

    struct Completion {
        Event event = Event::none;
        int socket = -1;
        std::int32_t result = 0;
        bool more = false;
        std::span<std::byte> bytes;  ///< of a receive, until the next turn() has submitted
    };
    /// The next thing that has happened; Event::none if nothing is left.
    Completion next() noexcept;

    std::uint64_t system_calls() const noexcept { return system_calls_; }

private:
    explicit Uring(Files files) noexcept : files_(files) {}
    Status set_up();
    Status set_up_buffers();
    Status set_up_files();
    io_uring_sqe& entry(Event event, int socket) noexcept;
    void submit() noexcept;
    int submit_and_wait_batch(std::chrono::microseconds min_wait) noexcept;
    void give_back(unsigned buffer) noexcept;
    std::byte* buffer_at(unsigned buffer) noexcept;

    Files files_;
    io_uring ring_{};
    bool open_ = false;
    io_uring_buf_ring* buffer_ring_ = nullptr;
    std::byte* buffers_ = nullptr;
    std::vector<unsigned> lent_;  // receive buffers whose bytes are being sent
    std::uint64_t system_calls_ = 0;
};

}  // namespace parley::bench
