#include "ws/connection.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "base/assert.h"

namespace parley::ws {
namespace {

constexpr std::size_t cache_line_bytes = 64;

// How often in the time a peer has to go on it is looked whether it did: it may take a sixth
// longer.
constexpr int partial_looks = 6;

constexpr std::string_view cut_off = "the rest of a frame did not come";

// The payload of a close frame, in `place`.
std::span<const std::byte> write_close(CloseCode code, std::string_view reason,
                                       std::span<std::byte, control_bytes_max> place) noexcept {
    if (code == CloseCode::no_status) return {};
    const auto number = static_cast<std::uint16_t>(code);
    place[0] = static_cast<std::byte>(number >> 8);
    place[1] = static_cast<std::byte>(number & 0xff);
    const std::size_t kept = std::min<std::size_t>(reason.size(), control_bytes_max - 2);
    if (kept > 0) std::memcpy(place.data() + 2, reason.data(), kept);
    return place.first(2 + kept);
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

Shared::Shared(net::Shared& net_share, const Settings& settings) noexcept
    : net(net_share),
      limits_(settings.messages),
      partial_max_(settings.partial_max),
      heartbeat_(settings.ping_interval, settings.pong_max),
      timer_(Timer::Handler::to<&Shared::on_timer>(*this)),
      partial_timer_(Timer::Handler::to<&Shared::on_partial_timer>(*this)) {}

void Shared::begin(Pulse& pulse) noexcept {
    heartbeat_.begin(pulse, net.shard.now());
    start_timer();
}

// All are looked at together, several times in partial_max; receiving only leaves a mark.
void Shared::on_partial_timer() noexcept {
    std::erase_if(partials_,
                  [](Partial& each) { return !each.connection->look_after(each.last_byte); });
    if (partials_.empty()) return;
    net.shard.timers().start(partial_timer_, net.shard.now() + partial_max_ / partial_looks);
}

void Shared::end(Pulse& pulse) noexcept {
    heartbeat_.end(pulse);
    if (heartbeat_.empty()) timer_.cancel();
}

void Shared::on_timer() noexcept {
    const Instant now = net.shard.now();
    for (auto due = heartbeat_.next(now); due.pulse != nullptr; due = heartbeat_.next(now))
        Connection::carry_out(due);
    start_timer();
}

// It may run for somebody who has left: then it finds nothing to do, and starts anew.
void Shared::start_timer() noexcept {
    if (heartbeat_.empty()) return;
    const Instant deadline = heartbeat_.deadline(net.shard.now());
    if (timer_.running() && timer_deadline_ <= deadline) return;
    timer_deadline_ = deadline;
    net.shard.timers().start(timer_, deadline);
}

Connection::Connection(Shared& shared, int descriptor) noexcept
    : shared_(shared), tcp_(shared.net, descriptor, *this) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
    static_assert(offsetof(Connection, tcp_) == cache_line_bytes);
#pragma GCC diagnostic pop
}

void Connection::open(std::string_view reply, std::span<std::byte> received) noexcept {
    FrameRef frame = shared_.net.shard.frames().allocate(reply.size());
    if (!frame) return abort();
    std::memcpy(frame.space().data(), reply.data(), reply.size());
    frame.set_size(reply.size());
    tcp_.settle();
    tcp_.start();
    tcp_.send(frame, net::Delivery::lasting);
    shared_.begin(*this);
    if (!received.empty()) on_received(received);
}

void Connection::on_received(std::span<std::byte> bytes) noexcept {
    speak();
    const FrameCutter::Rules rules{Role::server, shared_.limits_};
    while (is_open()) {
        const Received received = reader_.next(bytes, rules);
        if (received.what == Received::What::need_more) return watch_partial();
        take(received);
    }
}

void Connection::watch_partial() noexcept {
    moved_ = true;
    if (watched_ || !reader_.is_inside()) return;
    watched_ = true;
    Timer& timer = shared_.partial_timer_;
    const Instant now = shared_.net.shard.now();
    shared_.partials_.push_back({this, now});
    if (timer.running()) return;
    shared_.net.shard.timers().start(timer, now + shared_.partial_max_ / partial_looks);
}

void Connection::take(const Received& received) noexcept {
    switch (received.what) {
        case Received::What::need_more:
            return;
        case Received::What::text:
            return on_message(Opcode::text, received.payload);
        case Received::What::binary:
            return on_message(Opcode::binary, received.payload);
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

bool Connection::look_after(Instant& last_byte) noexcept {
    const Instant now = shared_.net.shard.now();
    if (moved_) last_byte = now;
    moved_ = false;
    watched_ = is_open() && reader_.is_inside();
    if (!watched_ || now - last_byte < shared_.partial_max_) return watched_;
    watched_ = false;
    close(CloseCode::protocol_error, cut_off);
    return false;
}

void Connection::close(CloseCode code, std::string_view reason) noexcept {
    if (closing_) return;
    std::array<std::byte, control_bytes_max> payload;
    send_control(Opcode::close, write_close(code, reason, payload));
    finish();
}

// What it is told comes behind the rest of what was on its way, so it hears it if it reads that
// within the time a close may take.
void Connection::on_too_slow() noexcept {
    std::array<std::byte, control_bytes_max> payload;
    const FrameRef frame = encode_frame(shared_.net.shard.frames(), Opcode::close,
                                        write_close(CloseCode::overrun, "slow consumer", payload));
    if (!frame) return tcp_.abort();
    tcp_.say_last(frame);
    if (!closing_) leave();
}

// Nothing follows a close frame. The peer's answer to it, if any, is thrown away by the linger.
void Connection::finish() noexcept {
    if (closing_) return;
    tcp_.close_after_sending();
    leave();
}

void Connection::leave() noexcept {
    closing_ = true;
    shared_.end(*this);
    on_closing();
}

void Connection::send_control(Opcode opcode, std::span<const std::byte> payload) noexcept {
    const FrameRef frame = encode_frame(shared_.net.shard.frames(), opcode, payload);
    if (!frame) return tcp_.abort();
    tcp_.send(frame, net::Delivery::lasting);
}

void Connection::carry_out(const Heartbeat::Due& due) noexcept {
    auto& connection = static_cast<Connection&>(*due.pulse);
    if (due.what == Heartbeat::Do::ask) return connection.ping();
    // Who is not read cannot be heard: whether it is there shows in what it takes (net/limits.h).
    if (!connection.tcp_.is_reading()) return connection.shared_.begin(connection);
    // In the middle of a frame it cannot answer, and is told what is missing.
    if (connection.reader_.is_inside()) return connection.close(CloseCode::protocol_error, cut_off);
    connection.abort();
}

void Connection::ping() noexcept {
    std::array<std::byte, control_bytes_max> payload;
    send_control(Opcode::ping, std::span{payload}.first(write_ping(payload)));
}

void Connection::on_end() noexcept {
    finish();
}

void Connection::on_closed() noexcept {
    if (watched_) {
        std::erase_if(shared_.partials_,
                      [this](const Shared::Partial& each) { return each.connection == this; });
    }
    if (!closing_) leave();
    on_gone();
}

void Connection::on_detached(int) noexcept {
    PARLEY_ASSERT(false);  // an open WebSocket is never detached
}

}  // namespace parley::ws
