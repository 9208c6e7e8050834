#include "ws/connection.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "base/assert.h"

namespace parley::ws {
namespace {

constexpr std::size_t cache_line_bytes = 64;

// After a pause everybody is to be asked at once, and each question is a frame until the turn ends:
// a quarter of a shard's small frames (FramePool).
constexpr int questions_per_step = 2048;

}  // namespace

Shared::Shared(net::Shared& net_share, const Settings& settings) noexcept
    : net(net_share),
      limits_(settings.messages),
      compression_(net_share.shard.frames()),
      heartbeat_(settings.ping_interval, settings.pong_max),
      timer_(Timer::Handler::to<&Shared::on_timer>(*this)) {}

void Shared::begin(Pulse& pulse) noexcept {
    heartbeat_.begin(pulse, net.shard.now());
    start_timer();
}

void Shared::end(Pulse& pulse) noexcept {
    heartbeat_.end(pulse);
    if (heartbeat_.empty()) timer_.cancel();
}

void Shared::on_timer() noexcept {
    const Instant now = net.shard.now();
    heartbeat_.excuse(net.shard.resumed_at());
    for (int left = questions_per_step; left > 0; --left) {
        const Heartbeat::Due due = heartbeat_.next(now);
        if (due.pulse == nullptr) break;
        Connection::carry_out(due);
    }
    start_timer();  // who is still due is asked in the next step, a millisecond later
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

void Connection::agree(const DeflateTerms& terms) noexcept {
    PARLEY_ASSERT(send_window_bits_ == 0);
    const Agreed agreed = shared_.compression_.agree(*this, terms);
    send_window_bits_ = agreed.send_window_bits & 0xf;
    keeps_sent_ = agreed.keeps_sent;
    keeps_received_ = agreed.keeps_received;
}

void Connection::open(std::string_view reply, std::span<std::byte> received,
                      std::unique_ptr<net::tls::Channel> channel) noexcept {
    FrameRef frame = shared_.net.shard.frames().allocate(reply.size());
    if (!frame) return abort();
    std::memcpy(frame.space().data(), reply.data(), reply.size());
    frame.set_size(reply.size());
    tcp_.settle();
    if (channel) tcp_.secure(std::move(channel));
    tcp_.start();
    tcp_.send(frame, net::Delivery::lasting);
    shared_.begin(*this);
    if (!received.empty()) on_received(received);
}

void Connection::on_received(std::span<std::byte> bytes) noexcept {
    speak();
    if (send_window_bits_ == 0) {
        return read(bytes, {Role::server, shared_.limits_, nullptr});
    }
    const Inflation inflation = shared_.compression_.inflation(*this, agreed());
    read(bytes, {Role::server, shared_.limits_, &inflation});
}

void Connection::read(std::span<std::byte> bytes, const FrameCutter::Rules& rules) noexcept {
    while (is_open()) {
        const Received received = reader_.next(bytes, rules);
        if (received.what == Received::What::need_more) return;
        take(received);
    }
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

void Connection::send_agreed(Outgoing& message) noexcept {
    if (!is_open()) return;
    const FrameRef frame = shared_.compression_.frame_for(*this, agreed(), message);
    if (!frame) return abort();  // out of memory for frames: it must not miss this
    tcp_.send(frame, net::Delivery::lasting);
}

void Connection::close(CloseCode code, std::string_view reason) noexcept {
    if (closing_) return;
    std::array<std::byte, control_bytes_max> payload;
    std::size_t size = 0;
    if (code != CloseCode::no_status) {
        const auto number = static_cast<std::uint16_t>(code);
        payload[0] = static_cast<std::byte>(number >> 8);
        payload[1] = static_cast<std::byte>(number & 0xff);
        const std::size_t kept = std::min<std::size_t>(reason.size(), control_bytes_max - 2);
        if (kept > 0) std::memcpy(payload.data() + 2, reason.data(), kept);
        size = 2 + kept;
    }
    send_control(Opcode::close, std::span{payload}.first(size));
    finish();
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
    if (!closing_) leave();
    if (keeps_sent_ || keeps_received_) shared_.compression_.forget(*this);
    on_gone();
}

void Connection::on_detached(int) noexcept {
    PARLEY_ASSERT(false);  // an open WebSocket is never detached
}

}  // namespace parley::ws
