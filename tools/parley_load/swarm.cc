// Swarm: connecting, sending and receiving; handshake.cc has the sign-in.
#include "parley_load/swarm.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "client/frames.h"

namespace parley::load {
namespace {

constexpr std::size_t buffer_bytes = 256 * 1024;
constexpr std::size_t unsent_bytes_max = 4 << 20;  // of one client: the server has stopped reading
constexpr std::uint32_t handshakes_max = 256;      // at once, per worker: within any listen backlog
constexpr int slow_receive_buffer_bytes = 2048;

}  // namespace

Swarm::Swarm(Run& run, std::uint32_t count)
    : run_(run), epoll_(epoll_create1(EPOLL_CLOEXEC)), buffer_(buffer_bytes) {
    connections_.reserve(count);
}

void Swarm::add(std::uint32_t number) {
    connections_.emplace_back().number = number;
}

void Swarm::add_unopened(std::uint32_t count) {
    connections_.resize(connections_.size() + count);
    open_next_ = size();
}

void Swarm::open_more() {
    while (handshake_count_ < handshakes_max && open_next_ < connections_.size()) {
        const std::uint32_t index = open_next_++;
        open(index, connections_[index].number);
        if (run_.board.failed()) return;
    }
}

void Swarm::open(std::uint32_t index, std::uint32_t number) {
    PARLEY_ASSERT(index < connections_.size());
    Connection& connection = connections_[index];
    connection = Connection{};
    connection.number = number;
    connection.state = State::connecting;
    client::SocketWishes wishes;
    wishes.source = run_.sources.of(number);
    if (run_.is_slow_reader(number)) wishes.receive_buffer_bytes = slow_receive_buffer_bytes;
    ++handshake_count_;
    auto socket = client::begin_connect(run_.endpoint, wishes);
    if (!socket) {
        const client::Failure failure = socket.error();
        const bool no_port = failure.error == EADDRNOTAVAIL || failure.error == EMFILE;
        return lose(index, no_port ? Loss::no_port : Loss::unreachable, failure.text);
    }
    connection.socket = std::move(*socket);
    epoll_event event{};
    event.events = EPOLLOUT;
    event.data.u32 = index;
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection.socket.get(), &event);
}

void Swarm::send_message(std::uint32_t index, std::span<const std::byte> message) {
    out_.clear();
    client::append_client_frame(out_, ws::Opcode::binary, message, mask());
    send(index, out_);
}

void Swarm::send(std::uint32_t index, std::span<const std::byte> bytes) {
    if (!run_.tls) return send_raw(index, bytes);
    const auto secured = secured_.find(index);
    if (secured == secured_.end()) return;  // closed
    sealed_.clear();
    secured->second->seal(bytes, sealed_);
    send_raw(index, sealed_);
}

void Swarm::send_raw(std::uint32_t index, std::span<const std::byte> bytes) {
    Connection& connection = connections_[index];
    if (!connection.socket.open()) return;
    if (connection.is_congested) {
        client::Bytes& unsent = unsent_[index];
        unsent.insert(unsent.end(), bytes.begin(), bytes.end());
        if (unsent.size() > unsent_bytes_max) {
            lose(index, Loss::closed, "the server has stopped reading from it");
        }
        return;
    }
    const ssize_t size =
        ::send(connection.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size < 0 && errno != EAGAIN && errno != EINTR) {
        return lose(index, Loss::closed, std::strerror(errno));
    }
    const std::size_t taken = size > 0 ? static_cast<std::size_t>(size) : 0;
    if (taken == bytes.size()) return;
    const auto left = bytes.subspan(taken);
    unsent_[index].assign(left.begin(), left.end());
    connection.is_congested = true;
    await(index, EPOLLIN | EPOLLOUT);
}

void Swarm::flush(std::uint32_t index) {
    Connection& connection = connections_[index];
    const client::Bytes unsent = std::move(unsent_[index]);
    unsent_.erase(index);
    connection.is_congested = false;
    await(index, EPOLLIN);
    send_raw(index, unsent);
}

void Swarm::close(std::uint32_t index, CloseHow how) {
    Connection& connection = connections_[index];
    if (how == CloseHow::reset && connection.socket.open()) {
        const linger hard{.l_onoff = 1, .l_linger = 0};
        setsockopt(connection.socket.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    }
    forget(index);
}

void Swarm::say_goodbye(std::uint32_t index) {
    constexpr std::array<std::byte, 2> normal{std::byte{0x03}, std::byte{0xe8}};
    out_.clear();
    client::append_client_frame(out_, ws::Opcode::close, normal, mask());
    send(index, out_);
}

void Swarm::stop_reading(std::uint32_t index) {
    await(index, 0);
}

std::size_t Swarm::read_some(std::uint32_t index, std::size_t bytes_max) {
    return receive(index, std::min(bytes_max, buffer_.size()));
}

void Swarm::wait(Nanoseconds until) {
    std::array<epoll_event, 512> events;
    const Nanoseconds left = std::max<Nanoseconds>(until - now_ns(), 0);
    const timespec time{.tv_sec = left / second_ns, .tv_nsec = left % second_ns};
    const int count =
        epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()), &time, nullptr);
    woken_at_ = now_ns();
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        on_event(event.data.u32, event.events);
    }
}

void Swarm::on_event(std::uint32_t index, std::uint32_t events) {
    Connection& connection = connections_[index];
    if (!connection.socket.open()) return;  // closed earlier in this batch
    if (connection.state == State::connecting) return on_connected(index);
    if ((events & EPOLLOUT) != 0 && connection.is_congested) flush(index);
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) receive(index, buffer_.size());
}

std::size_t Swarm::receive(std::uint32_t index, std::size_t bytes_max) {
    Connection& connection = connections_[index];
    if (!connection.socket.open()) return 0;
    const ssize_t size = recv(connection.socket.get(), buffer_.data(), bytes_max, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (size <= 0) {
        lose(index, Loss::closed, size == 0 ? "the server closed it" : std::strerror(errno));
        return 0;
    }
    received_at_ = now_ns();
    const auto received = static_cast<std::size_t>(size);
    auto bytes = std::span{buffer_}.first(received);
    if (run_.tls) bytes = take_in(index, bytes);
    if (bytes.empty()) return received;
    if (connection.state == State::upgrading) bytes = finish_upgrade(index, bytes);
    read_frames(index, bytes);
    return received;
}

void Swarm::read_frames(std::uint32_t index, std::span<std::byte> bytes) {
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
                part_->on_malformed(index);
                break;
            case What::pong:
                break;
            case What::ping:
                out_.clear();
                client::append_client_frame(out_, ws::Opcode::pong, frame.payload, mask());
                send(index, out_);
                break;
            case What::close:
                return lose(index, Loss::closed, "the server closed it");
            case What::failed:
                return lose(index, Loss::closed, "the server broke RFC 6455");
        }
    }
}

void Swarm::await(std::uint32_t index, std::uint32_t events) noexcept {
    epoll_event event{};
    event.events = events;
    event.data.u32 = index;
    epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connections_[index].socket.get(), &event);
}

/// Closes the socket and drops whatever is kept for it.
void Swarm::forget(std::uint32_t index) noexcept {
    Connection& connection = connections_[index];
    const bool in_handshake = connection.state == State::connecting ||
                              connection.state == State::upgrading ||
                              connection.state == State::joining;
    if (in_handshake) --handshake_count_;
    connection.state = State::closed;
    connection.socket.reset();
    connection.is_congested = false;
    heads_.erase(index);
    unsent_.erase(index);
    secured_.erase(index);
}

void Swarm::lose(std::uint32_t index, Loss loss, std::string_view why) {
    const std::string text{why};
    const std::uint32_t number = connections_[index].number;
    forget(index);
    if (part_->on_lost(index, loss)) return;
    if (loss != Loss::closed) return run_.fail(text);
    run_.fail(
        fmt::format("connection {} of {} is lost: {}", number, run_.options.connections, text));
}

}  // namespace parley::load
