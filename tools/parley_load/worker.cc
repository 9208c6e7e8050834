// Worker: the loop of one thread.
#include "parley_load/worker.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "client/accept_key.h"
#include "client/frames.h"
#include "client/upgrade.h"
#include "client/voiceping.h"
#include "parley_load/cpu.h"

namespace parley::load {
namespace {

using client::Type;
using State = Connection::State;

constexpr std::size_t buffer_bytes = 256 * 1024;
constexpr std::uint32_t handshakes_max = 256;    // at once, per thread: within any listen backlog
constexpr Nanoseconds turn_max = 10'000'000;     // phases are noticed within this
constexpr Nanoseconds spread_turn_max = 50'000;  // windows that other threads open, within this
constexpr std::uint32_t source_connections_max = 25'000;  // below the 28,232 ports that Linux gives
constexpr std::uint32_t first_source = 0x7f000101;        // 127.0.1.1

/// Where connection `number` comes from; 0 if any address will do.
std::uint32_t source_of(const Run& run, std::uint32_t number) noexcept {
    if (run.options.connections <= source_connections_max) return 0;
    if (!run.endpoint.is_loopback_v4()) return 0;
    return first_source + number / source_connections_max;
}

/// Differs between the connections of a run; made again when the answer is checked, not stored.
std::string websocket_key(std::uint32_t number) {
    std::array<char, 16> bytes{};
    std::memcpy(bytes.data(), &number, sizeof number);
    return client::base64({bytes.data(), bytes.size()});
}

}  // namespace

Worker::Worker(Run& run, std::uint32_t thread)
    : run_(run),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      talkers_(run, connections_, epoll_.get()),
      buffer_(buffer_bytes) {
    for (std::uint32_t number = 0; number < run.options.connections; ++number) {
        if (run.thread_of(number) != thread) continue;
        connections_.emplace_back().number = number;
        if (!run.is_talker(number)) continue;
        talkers_.add(static_cast<std::uint32_t>(connections_.size() - 1));
    }
}

void Worker::work() {
    prctl(PR_SET_TIMERSLACK, 1000UL);  // a frame leaves within a microsecond or so of its time
    while (true) {
        const Phase phase = run_.phase.load(std::memory_order_acquire);
        if (phase != phase_) on_phase(phase);
        if (phase == Phase::ended) break;
        wait(act(now_ns()));
        publish();
    }
    end();
}

void Worker::on_phase(Phase phase) {
    phase_ = phase;
    switch (phase) {
        case Phase::connecting:
            break;
        case Phase::asking:
            talkers_.ask();
            break;
        case Phase::talking:
            measure_begin();
            break;
        case Phase::draining:
            measure_end();
            talkers_.release_all();
            run_.draining_count.fetch_add(1, std::memory_order_acq_rel);
            break;
        case Phase::ended:
            break;
    }
}

/// Does what the phase asks for; gives the time until which to wait for events.
Nanoseconds Worker::act(Nanoseconds now) {
    if (phase_ == Phase::connecting) connect_more();
    if (phase_ != Phase::talking) return now + turn_max;
    if (!run_.options.saturate) return std::min(now + turn_max, talkers_.send_due(now));
    talkers_.send_window(now);
    return now + (run_.spread() && !talkers_.empty() ? spread_turn_max : turn_max);
}

void Worker::wait(Nanoseconds until) {
    std::array<epoll_event, 512> events;
    const Nanoseconds left = std::max<Nanoseconds>(until - now_ns(), 0);
    const timespec time{.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
    const int count =
        epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()), &time, nullptr);
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        on_event(event.data.u32, event.events);
    }
}

void Worker::on_event(std::uint32_t index, std::uint32_t events) {
    Connection& connection = connections_[index];
    if (connection.state == State::connecting) return on_connected(index);
    if ((events & EPOLLOUT) != 0 && connection.state == State::ready) talkers_.on_writable(index);
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) receive(index);
}

void Worker::connect_more() {
    while (handshake_count_ < handshakes_max && connect_next_ < connections_.size()) {
        Connection& connection = connections_[connect_next_];
        auto socket = client::begin_connect(run_.endpoint, source_of(run_, connection.number));
        if (!socket) return run_.fail(socket.error().text);
        connection.socket = std::move(*socket);
        connection.state = State::connecting;
        epoll_event event{};
        event.events = EPOLLOUT;
        event.data.u32 = connect_next_;
        epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection.socket.get(), &event);
        ++handshake_count_;
        ++connect_next_;
    }
}

void Worker::on_connected(std::uint32_t index) {
    Connection& connection = connections_[index];
    if (const int error = client::connect_error(connection.socket.get()); error != 0) {
        return run_.fail(
            fmt::format("cannot reach the server at {}: {}; is it running, and is "
                        "--server right?",
                        run_.options.server.authority(), std::strerror(error)));
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = index;
    epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.socket.get(), &event);
    connection.state = State::upgrading;
    const client::SignIn sign_in{run_.user_name(connection.number), "parley-load"};
    const std::string request =
        client::upgrade_request(run_.options.server, sign_in, websocket_key(connection.number));
    send(index, std::as_bytes(std::span{request}));
}

void Worker::receive(std::uint32_t index) {
    Connection& connection = connections_[index];
    if (!connection.socket.open()) return;
    const ssize_t size =
        recv(connection.socket.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) {
        return lost_connection(connection,
                               size == 0 ? "the server closed it" : std::strerror(errno));
    }
    received_at_ = now_ns();
    auto bytes = std::span{buffer_}.first(static_cast<std::size_t>(size));
    if (connection.state == State::upgrading) bytes = finish_upgrade(index, bytes);
    read_frames(index, bytes);
}

/// Takes the response head off the front of `bytes`; gives the frames behind it.
std::span<std::byte> Worker::finish_upgrade(std::uint32_t index, std::span<std::byte> bytes) {
    Connection& connection = connections_[index];
    std::string& head = heads_[index];
    const std::size_t known_bytes = head.size();
    head.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const auto size = client::response_head_size(head);
    if (!size) {
        if (head.size() > client::response_head_bytes_max) {
            run_.fail("the server's answer to the upgrade is too long");
        }
        return {};
    }
    head.resize(*size);
    auto accepted = client::read_upgrade_response(head, websocket_key(connection.number));
    heads_.erase(index);
    if (!accepted) {
        run_.fail(accepted.error().text);
        return {};
    }
    join(connection);
    send(index, out_);
    return bytes.subspan(*size - known_bytes);
}

/// Puts into out_: join the group, and ask for an answer, which comes when that is done.
void Worker::join(Connection& connection) {
    connection.state = State::joining;
    const std::string user = run_.user_name(connection.number);
    const std::string group = run_.group_name(run_.group_of(connection.number));
    const client::Address address{client::Channel::group, user, group};
    client::Bytes message;
    out_.clear();
    client::append_request(message, address, Type::user_add);
    client::append_client_frame(out_, ws::Opcode::binary, message, connection.number);
    message.clear();
    client::append_request(message, address, Type::connection_test, std::uint64_t{1});
    client::append_client_frame(out_, ws::Opcode::binary, message, connection.number);
}

void Worker::read_frames(std::uint32_t index, std::span<std::byte> bytes) {
    using What = ws::Received::What;
    Connection& connection = connections_[index];
    while (connection.socket.open()) {
        const ws::Received frame = connection.reader.next(bytes);
        switch (frame.what) {
            case What::need_more:
                return;
            case What::binary:
                on_message(index, frame.payload);
                break;
            case What::text:
                ++outcome_.faults.malformed;
                break;
            case What::pong:
                break;
            case What::ping:
                out_.clear();
                client::append_client_frame(out_, ws::Opcode::pong, frame.payload,
                                            connection.number);
                send(index, out_);
                break;
            case What::close:
                return lost_connection(connection, "the server closed it");
            case What::failed:
                return lost_connection(connection, "the server broke RFC 6455");
        }
    }
}

void Worker::on_message(std::uint32_t index, std::span<const std::byte> bytes) {
    Connection& connection = connections_[index];
    const auto message = client::read_server_message(bytes);
    if (!message) {
        ++outcome_.faults.malformed;
        return;
    }
    switch (static_cast<Type>(message->type)) {
        case Type::audio:
            return on_audio(connection, *message);
        case Type::connection_ack:
            if (connection.state != State::joining) return;
            connection.state = State::ready;
            --handshake_count_;
            run_.joined_count.fetch_add(1, std::memory_order_relaxed);
            return;
        case Type::start_ack:
            if (talkers_.on_granted(index))
                run_.granted_count.fetch_add(1, std::memory_order_relaxed);
            return;
        case Type::stop_ack:
            return talkers_.on_released(index);
        case Type::start_failed:
            return run_.fail("the server refused the floor to a talker: busy");
        case Type::unauthorized_group:
            return run_.fail(
                "the server refused the floor to a talker: not a member; this load "
                "needs a server that lets everybody join (--join open)");
        case Type::login_duplicated:
            return run_.fail("the server says that a user has signed in twice");
        default:
            return;
    }
}

void Worker::on_audio(Connection& connection, const client::ServerMessage& message) {
    if (run_.is_talker(connection.number)) {
        ++outcome_.faults.misdirected;  // nobody hears himself
        return;
    }
    const std::uint32_t group = run_.group_of(connection.number);
    const auto stamp = connection.checker.check(message.payload.content, group, outcome_.faults);
    if (!stamp) return;
    const Nanoseconds latency = received_at_ - static_cast<Nanoseconds>(stamp->due_ns);
    outcome_.latency_ns.record(static_cast<std::uint64_t>(std::max<Nanoseconds>(latency, 0)));
    run_.groups[group].heard.fetch_add(1, std::memory_order_relaxed);
    ++outcome_.heard;
}

void Worker::send(std::uint32_t index, std::span<const std::byte> bytes) {
    Connection& connection = connections_[index];
    if (connection.state == State::ready && run_.is_talker(connection.number)) {
        return talkers_.send(index, bytes);
    }
    // A client that has sent next to nothing always has room for a little.
    const ssize_t size =
        ::send(connection.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size != static_cast<ssize_t>(bytes.size())) {
        lost_connection(connection, size < 0 ? std::strerror(errno) : "it takes no more bytes");
    }
}

void Worker::lost_connection(Connection& connection, std::string_view why) {
    run_.fail(fmt::format("connection {} of {} is lost: {}", connection.number,
                          run_.options.connections, why));
    connection.socket.reset();
    connection.state = State::closed;
}

void Worker::measure_begin() {
    measured_from_ = now_ns();
    cpu_from_ = thread_cpu();
}

void Worker::measure_end() {
    const Nanoseconds lasted = std::max<Nanoseconds>(now_ns() - measured_from_, 1);
    outcome_.busy =
        static_cast<double>((thread_cpu() - cpu_from_).count()) / static_cast<double>(lasted);
}

void Worker::publish() noexcept {
    progress_.sent.store(talkers_.sent_count(), std::memory_order_relaxed);
    progress_.heard.store(outcome_.heard, std::memory_order_relaxed);
    progress_.faults.store(outcome_.faults.sum(), std::memory_order_relaxed);
}

void Worker::end() {
    for (Connection& connection : connections_) {
        const std::uint32_t group = run_.group_of(connection.number);
        if (run_.is_talker(connection.number)) continue;
        const std::uint32_t sent = run_.groups[group].sent.load(std::memory_order_relaxed);
        connection.checker.end(sent, outcome_.faults);
    }
    outcome_.sent = talkers_.sent_count();
    outcome_.behind_max = talkers_.behind_max();
    publish();
    connections_.clear();
}

}  // namespace parley::load
