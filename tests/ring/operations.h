// operations: owners of ring operations that remember what happened to them.
#pragma once

#include <cerrno>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "ring/ring.h"
#include "support/descriptor.h"

namespace parley::ring {

struct Happened {
    std::int32_t result = 0;
    bool more = false;
    std::size_t bytes = 0;
};

/// Receives all that comes on one socket, and receives again where the ring ran out of buffers.
class Receiver {
public:
    Receiver(Ring& ring, int socket)
        : operation(Operation::Handler::to<&Receiver::on_received>(*this)),
          ring_(ring),
          socket_(socket) {}

    void start() {
        cancelled_ = false;
        ring_.receive(operation, socket_);
    }
    void cancel() {
        cancelled_ = true;
        ring_.cancel(operation);
    }
    /// Is not to receive again by itself.
    void stay_ended() { cancelled_ = true; }
    bool ended() const { return !operation.in_flight(); }

    Operation operation;
    std::string bytes;
    std::vector<Happened> happened;
    std::size_t shortages = 0;
    std::function<void()> on_bytes = [] {};  ///< called when some have come

private:
    void on_received(const Completion& completion) noexcept {
        bytes.append(reinterpret_cast<const char*>(completion.bytes.data()),
                     completion.bytes.size());
        if (!completion.bytes.empty()) on_bytes();
        // It may be changed in place.
        for (std::byte& each : completion.bytes)
            each = std::byte{0xee};
        if (completion.result == -ENOBUFS) {
            ++shortages;
        } else {
            happened.push_back({completion.result, completion.more, completion.bytes.size()});
        }
        const bool goes_on = completion.result > 0 || completion.result == -ENOBUFS;
        if (!completion.more && goes_on && !cancelled_) start();
    }

    Ring& ring_;
    int socket_;
    bool cancelled_ = false;
};

/// Sends on one socket, once or on and on.
class Sender {
public:
    Sender(Ring& ring, int socket)
        : operation(SendOperation::Handler::to<&Sender::on_sent>(*this)),
          ring_(ring),
          socket_(socket) {}

    void send_now(std::string what) {
        bytes = std::move(what);
        sent = 0;
        ring_.send_now(operation, socket_, left());
    }
    void send_all(std::string what) {
        bytes = std::move(what);
        sent = 0;
        ring_.send_all(operation, socket_, left());
    }
    /// What is left goes by send_all() when a send_now() was short.
    bool whole = false;
    bool done() const { return !ring_.in_flight(operation); }

    SendOperation operation;
    std::string bytes;
    std::size_t sent = 0;               ///< as far as was told
    std::vector<std::int32_t> results;  ///< all that was told: nothing of a send taken whole

private:
    std::span<const std::byte> left() const {
        return std::as_bytes(std::span{bytes}.subspan(sent));
    }
    void on_sent(const Completion& completion) noexcept {
        results.push_back(completion.result);
        if (completion.result > 0) sent += static_cast<std::size_t>(completion.result);
        const bool lives = completion.result >= 0 || completion.result == -EAGAIN;
        if (whole && lives && sent < bytes.size()) ring_.send_all(operation, socket_, left());
    }

    Ring& ring_;
    int socket_;
};

/// Accepts all connections to one listener.
class Accepter {
public:
    explicit Accepter(Ring& ring)
        : operation(Operation::Handler::to<&Accepter::on_accepted>(*this)), ring_(ring) {}

    void start(int listener) { ring_.accept(operation, listener); }
    void cancel() { ring_.cancel(operation); }

    Operation operation;
    std::vector<test::Descriptor> accepted;
    std::vector<Happened> happened;

private:
    void on_accepted(const Completion& completion) noexcept {
        happened.push_back({completion.result, completion.more, 0});
        if (completion.result >= 0) accepted.emplace_back(completion.result);
    }

    Ring& ring_;
};

}  // namespace parley::ring
