#include "ws/connection.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/assert.h"

namespace parley::ws {
namespace {

constexpr std::size_t control_payload_max = 125;  // RFC 6455 section 5.5

std::span<const std::byte> bytes_of(std::string_view text) noexcept {
    return std::as_bytes(std::span{text});
}

}  // namespace

FrameRef encode_frame(FramePool& frames, Opcode opcode,
                      std::span<const std::byte> payload) noexcept {
    const std::size_t head = head_size(payload.size());
    FrameRef frame = frames.allocate(head + payload.size());
    if (!frame) return frame;
    write_head(opcode, payload.size(), frame.space());
    if (!payload.empty()) std::memcpy(frame.space().data() + head, payload.data(), payload.size());
    frame.set_size(head + payload.size());
    return frame;
}

Connection::Connection(net::Shared& shared, const Settings& settings, int descriptor,
                       Peer& peer) noexcept
    : shared_(shared),
      settings_(settings),
      peer_(peer),
      tcp_(shared, descriptor, *this),
      reader_(Role::server, settings.messages),
      timer_(Timer::Handler::to<&Connection::on_timer>(*this)) {}

void Connection::open(std::string_view reply, std::span<std::byte> received) noexcept {
    FrameRef frame = shared_.shard.frames().allocate(reply.size());
    if (!frame) return abort();
    std::memcpy(frame.space().data(), reply.data(), reply.size());
    frame.set_size(reply.size());
    tcp_.settle();
    tcp_.start();
    tcp_.send(frame, net::Delivery::lasting);
    next_ping_ = shared_.shard.now() + settings_.ping_interval;
    shared_.shard.timers().start(timer_, next_ping_);
    if (!received.empty()) on_received(received);
}

void Connection::on_received(std::span<std::byte> bytes) noexcept {
    asked_ = false;  // whatever it says, it is there
    while (is_open()) {
        const Received received = reader_.next(bytes);
        if (received.what == Received::What::need_more) return;
        take(received);
    }
}

void Connection::take(const Received& received) noexcept {
    switch (received.what) {
        case Received::What::need_more:
            return;
        case Received::What::text:
            return peer_.on_message(Opcode::text, received.payload);
        case Received::What::binary:
            return peer_.on_message(Opcode::binary, received.payload);
        case Received::What::ping:
            return send_control(Opcode::pong, received.payload);
        case Received::What::pong:
            return;
        case Received::What::close:
            send_control(Opcode::close, received.payload);
            return finish();
        case Received::What::failed:
            return close(received.code, {});
    }
}

void Connection::close(CloseCode code, std::string_view reason) noexcept {
    if (closing_) return;
    std::array<std::byte, control_payload_max> payload;
    std::size_t size = 0;
    if (code != CloseCode::no_status) {
        const auto number = static_cast<std::uint16_t>(code);
        payload[0] = static_cast<std::byte>(number >> 8);
        payload[1] = static_cast<std::byte>(number & 0xff);
        const std::size_t kept = std::min(reason.size(), control_payload_max - 2);
        if (kept > 0) std::memcpy(payload.data() + 2, reason.data(), kept);
        size = 2 + kept;
    }
    send_control(Opcode::close, std::span{payload}.first(size));
    finish();
}

// Its owner hears of it from the loop, never from within this call: whoever is telling many
// sessions something may go on doing so.
void Connection::abort() noexcept {
    tcp_.abort();
}

// Nothing follows a close frame. The peer's answer to it, if any, is thrown away by the linger.
void Connection::finish() noexcept {
    if (closing_) return;
    closing_ = true;
    timer_.cancel();
    tcp_.close_after_sending();
    peer_.on_closing();
}

void Connection::send_control(Opcode opcode, std::span<const std::byte> payload) noexcept {
    FrameRef frame = encode_frame(shared_.shard.frames(), opcode, payload);
    if (!frame) return tcp_.abort();
    tcp_.send(frame, net::Delivery::lasting);
}

void Connection::on_end() noexcept {
    finish();
}

void Connection::on_closed() noexcept {
    if (!closing_) {
        closing_ = true;
        timer_.cancel();
        peer_.on_closing();
    }
    peer_.on_closed();
}

void Connection::on_detached(int) noexcept {
    PARLEY_ASSERT(false);  // an open WebSocket is never detached
}

void Connection::on_timer() noexcept {
    const Instant now = shared_.shard.now();
    if (asked_ && now - asked_at_ >= settings_.pong_max) return abort();
    if (now >= next_ping_) {
        if (!asked_) asked_at_ = now;
        asked_ = true;
        next_ping_ = now + settings_.ping_interval;
        const auto payload = peer_.ping_payload().substr(0, control_payload_max);
        send_control(Opcode::ping, bytes_of(payload));
        if (closing_) return;
    }
    const Instant give_up = asked_ ? asked_at_ + settings_.pong_max : Instant::max();
    shared_.shard.timers().start(timer_, std::min(next_ping_, give_up));
}

}  // namespace parley::ws
