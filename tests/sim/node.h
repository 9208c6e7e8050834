// Node: one simulated ring with one connection at most, driven by a test.
#pragma once

#include <cerrno>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ring/ring.h"
#include "ring/socket.h"
#include "sim/world.h"

namespace parley::sim {

using ring::Completion;
using ring::Operation;
using ring::SendOperation;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint16_t port = 7420;

inline std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span{text});
}

// One ring with one connection at most, driven by the test itself.
class Node {
public:
    Node() : ring_(ring::Ring::open({.receive_buffer_bytes = 512}, error_)) {}

    void listen() {
        listener_ = *ring::listen_tcp({.host = "127.0.0.1", .port = port});
        ring_->accept(accept_, listener_);
    }
    void receive() { ring_->receive(receive_, socket_); }
    /// The text must live until the send completes.
    void send_now(const std::string& text) { ring_->send_now(send_, socket_, bytes_of(text)); }
    void send_all(const std::string& text) { ring_->send_all(send_, socket_, bytes_of(text)); }
    /// One turn that waits for at most `longest`.
    void turn(Duration longest = seconds{1}) {
        ring_->wait(ring_->now() + longest);
        ring_->dispatch();
    }
    void turns(int count) {
        for (int i = 0; i < count; ++i)
            turn();
    }
    Peer& connected() {
        if (listener_ < 0) listen();
        while (true) {
            Peer& peer = World::current().connect(port);
            while (socket_ < 0 && !peer.was_reset())
                turn();
            if (!peer.was_reset()) return peer;
        }
    }

    std::unique_ptr<ring::Ring>& ring() { return ring_; }
    Operation& accept_operation() { return accept_; }
    Operation& receive_operation() { return receive_; }
    SendOperation& send_operation() { return send_; }
    int listener() const { return listener_; }
    int socket() const { return socket_; }
    void forget_socket() { socket_ = -1; }
    void rearm(bool on) { rearm_ = on; }
    const std::string& received() const { return received_; }
    const std::vector<std::int32_t>& ends() const { return ends_; }
    const std::vector<std::int32_t>& sent() const { return sent_; }
    const std::vector<std::int32_t>& accept_errors() const { return accept_errors_; }
    std::span<const std::byte> kept() const { return kept_; }

private:
    void on_accepted(const Completion& completion) {
        if (completion.result >= 0) {
            socket_ = completion.result;
        } else {
            accept_errors_.push_back(completion.result);
        }
        if (!completion.more && rearm_) ring_->accept(accept_, listener_);
    }
    void on_received(const Completion& completion) {
        received_.append(reinterpret_cast<const char*>(completion.bytes.data()),
                         completion.bytes.size());
        kept_ = completion.bytes;
        if (completion.more) return;
        ends_.push_back(completion.result);
        const bool goes_on = completion.result > 0 || completion.result == -ENOBUFS;
        if (goes_on && rearm_) ring_->receive(receive_, socket_);
    }
    void on_sent(const Completion& completion) { sent_.push_back(completion.result); }

    std::string error_;
    std::unique_ptr<ring::Ring> ring_;
    int listener_ = -1;
    int socket_ = -1;
    bool rearm_ = true;
    std::string received_;
    std::span<const std::byte> kept_;
    std::vector<std::int32_t> ends_;
    std::vector<std::int32_t> sent_;
    std::vector<std::int32_t> accept_errors_;
    Operation accept_{Operation::Handler::to<&Node::on_accepted>(*this)};
    Operation receive_{Operation::Handler::to<&Node::on_received>(*this)};
    SendOperation send_{SendOperation::Handler::to<&Node::on_sent>(*this)};
};

// Ends what a test leaves in flight, so that the operations may die.
struct Tidy {
    Node& node;
    ~Tidy() {
        node.rearm(false);
        node.ring()->cancel(node.accept_operation());
        node.ring()->cancel(node.receive_operation());
        node.ring()->cancel(node.send_operation());
        for (int i = 0; i < 100 && World::current().operations_in_flight() > 0; ++i)
            node.turn();
    }
};

}  // namespace parley::sim
