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

// How often in the time a peer has to go on it is looked whether it did: it may take a sixth
// longer.
constexpr int partial_looks = 6;

constexpr std::string_view short_of_memory = "the server is short of memory; try again later";

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

MessageLimits at_most(std::uint32_t message_bytes, MessageLimits limits) noexcept {
    limits.message_bytes_max = std::min(limits.message_bytes_max, message_bytes);
    return limits;
}

}  // namespace

Shared::Shared(net::Shared& net_share, const Settings& settings) noexcept
    : net(net_share),
      limits_(settings.messages),
      pressed_limits_(at_most(pressed_message_bytes_max, limits_)),
      starved_limits_(at_most(starved_message_bytes_max, limits_)),
      compression_(net_share.shard.frames()),
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
    PARLEY_ASSERT(send_window_ == 0);
    const Agreed agreed = shared_.compression_.agree(*this, terms);
    const int bits = agreed.send_window_bits;
    send_window_ = bits == 0 ? 0 : static_cast<std::uint8_t>(bits - window_bits_below) & 7;
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
    if (send_window_ == 0) {
        return read(bytes, {Role::server, shared_.limits(), nullptr});
    }
    const Inflation inflation = shared_.compression_.inflation(*this, agreed());
    read(bytes, {Role::server, shared_.limits(), &inflation});
}

void Connection::read(std::span<std::byte> bytes, const FrameCutter::Rules& rules) noexcept {
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
            return on_pong(received.payload);
        case Received::What::close:
            send_control(Opcode::close, received.payload);
            return finish();
        case Received::What::failed:
            if (received.code == CloseCode::too_big && shared_.net.pressed) {
                return close(CloseCode::try_again, short_of_memory);
            }
            return close(received.code, {});
    }
}

void Connection::send_agreed(Outgoing& message) noexcept {
    if (!is_open()) return;
    const FrameRef frame = shared_.compression_.frame_for(*this, agreed(), message);
    if (!frame) return abort();  // out of memory for frames: it must not miss this
    tcp_.send(frame, net::Delivery::lasting);
}

bool Connection::look_after(Instant& last_byte) noexcept {
    const Instant now = shared_.net.shard.now();
    if (moved_ || !tcp_.is_reading()) last_byte = now;  // who is not read cannot go on
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

void Connection::shed(CloseCode code, std::string_view reason) noexcept {
    tcp_.drop_waiting();
    close(code, reason);
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

void Connection::probe(std::span<const std::byte> payload) noexcept {
    if (!is_open()) return;
    send_control(Opcode::ping,
                 payload.first(std::min<std::size_t>(payload.size(), control_bytes_max)));
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
    if (keeps_sent_ || keeps_received_) shared_.compression_.forget(*this);
    on_gone();
}

void Connection::on_detached(int) noexcept {
    PARLEY_ASSERT(false);  // an open WebSocket is never detached
}

}  // namespace parley::ws
