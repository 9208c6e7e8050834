// Link: one connection, driven by ppoll.
#include "client/link.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

namespace parley::client {
namespace {

constexpr std::size_t read_bytes = 65536;
constexpr std::chrono::seconds send_max{10};

volatile std::sig_atomic_t stop_came = 0;

Failure gone(std::string_view why) {
    return Failure{fmt::format("the connection to the server is gone: {}", why)};
}

Failure cannot_reach(const ServerUrl& url, std::string_view why) {
    return Failure{
        fmt::format("cannot reach the server at {}: {}; is it running, and is --server "
                    "right?",
                    url.authority(), why)};
}

std::string close_reason(std::span<const std::byte> payload) {
    if (payload.size() < 2) return "it closed the connection without a reason";
    const auto code =
        std::to_integer<unsigned>(payload[0]) << 8 | std::to_integer<unsigned>(payload[1]);
    const std::string_view text{reinterpret_cast<const char*>(payload.data()) + 2,
                                payload.size() - 2};
    return fmt::format("it closed the connection with code {} {}", code, text);
}

}  // namespace

void StopSignal::catch_signals() noexcept {
    struct sigaction action {};
    action.sa_handler = [](int) { stop_came = 1; };
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

bool StopSignal::came() noexcept {
    return stop_came != 0;
}

Link::Link(Descriptor socket, std::uint32_t mask_seed)
    : socket_(std::move(socket)),
      masks_(mask_seed),
      reader_(ws::Role::client, ws::MessageLimits{}),
      received_(read_bytes + Secured::plain_bytes_more) {}

Outcome<Link> Link::open(const ServerUrl& url, const Trust& trust, const SignIn& sign_in,
                         Clock::time_point deadline) {
    PARLEY_TRY(const Endpoint endpoint, resolve(url));
    auto socket = begin_connect(endpoint, {});
    if (!socket) return cannot_reach(url, socket.error().text);
    Link link{std::move(*socket), std::random_device{}()};
    switch (link.wait(POLLOUT, deadline)) {
        case Wait::ready:
            break;
        case Wait::time_up:
            return cannot_reach(url, "no answer in time");
        case Wait::stopped:
            return Failure{"stopped"};
    }
    if (const int error = connect_error(link.socket_.get()); error != 0) {
        return cannot_reach(url, std::strerror(error));
    }
    if (url.secure) {
        if (auto secured = link.secure(url, trust, deadline); !secured) return secured.error();
    }
    if (auto upgraded = link.upgrade(url, sign_in, deadline); !upgraded) return upgraded.error();
    return link;
}

Done Link::secure(const ServerUrl& url, const Trust& trust, Clock::time_point deadline) {
    std::string error;
    const auto context = net::tls::Context::client(trust, error);
    if (!context) return Failure{error};
    secured_ = std::make_unique<Secured>(context, url.host);
    if (auto sent = send_all({}); !sent) return sent.error();
    while (!secured_->is_open()) {
        switch (wait(POLLIN, deadline)) {
            case Wait::ready:
                break;
            case Wait::time_up:
                return cannot_reach(url, "it did not answer the TLS handshake in time");
            case Wait::stopped:
                return Failure{"stopped"};
        }
        if (auto filled = fill(); !filled) return filled.error();
        if (auto sent = send_all({}); !sent) return sent.error();
    }
    return Ok{};
}

Done Link::upgrade(const ServerUrl& url, const SignIn& sign_in, Clock::time_point deadline) {
    const std::string key = random_websocket_key();
    const std::string request = upgrade_request(url, sign_in, key);
    if (auto sent = send_all(std::as_bytes(std::span{request})); !sent) return sent.error();
    std::string head;
    while (true) {
        switch (wait(POLLIN, deadline)) {
            case Wait::ready:
                break;
            case Wait::time_up:
                return cannot_reach(url, "it did not answer the upgrade in time");
            case Wait::stopped:
                return Failure{"stopped"};
        }
        if (auto filled = fill(); !filled) return filled.error();
        const std::size_t known_bytes = head.size();
        head.append(reinterpret_cast<const char*>(unread_.data()), unread_.size());
        if (const auto size = response_head_size(head)) {
            unread_ = unread_.subspan(*size - known_bytes);  // frames may follow the head directly
            const std::string_view whole{head};
            return read_upgrade_response(whole.substr(0, *size), whole.substr(*size), key);
        }
        if (head.size() > response_head_bytes_max) return gone("its answer is too long");
    }
}

Done Link::send(std::span<const std::byte> message) {
    return send_frame(ws::Opcode::binary, message);
}

Outcome<Received> Link::receive(Clock::time_point deadline) {
    while (true) {
        PARLEY_TRY(const std::optional<Received> taken, take_message());
        if (taken) return *taken;
        switch (wait(POLLIN, deadline)) {
            case Wait::ready:
                break;
            case Wait::time_up:
                return Received{};
            case Wait::stopped:
                return Received{.what = Received::What::stopped, .message = {}, .at = read_at_};
        }
        if (auto filled = fill(); !filled) return filled.error();
    }
}

void Link::close() noexcept {
    constexpr std::array<std::byte, 2> normal{std::byte{0x03}, std::byte{0xe8}};
    out_.clear();
    append_client_frame(out_, ws::Opcode::close, normal, static_cast<std::uint32_t>(masks_()));
    if (secured_) {
        sealed_.clear();
        secured_->seal(out_, sealed_);
        secured_->close(sealed_);
        out_.swap(sealed_);
    }
    static_cast<void>(::send(socket_.get(), out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    shutdown(socket_.get(), SHUT_WR);
    socket_.reset();
}

Link::Wait Link::wait(short events, Clock::time_point deadline) noexcept {
    sigset_t none;
    sigemptyset(&none);
    while (true) {
        if (StopSignal::came()) return Wait::stopped;
        const auto left = std::max(deadline - Clock::now(), Clock::duration::zero());
        const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
        const timespec time{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
        pollfd ready{.fd = socket_.get(), .events = events, .revents = 0};
        // The stop signals are let in only here, so that none comes between the look and the wait.
        const int count = ppoll(&ready, 1, &time, &none);
        if (count > 0) return Wait::ready;
        if (count == 0 && Clock::now() >= deadline) return Wait::time_up;
    }
}

Done Link::send_frame(ws::Opcode opcode, std::span<const std::byte> payload) {
    out_.clear();
    append_client_frame(out_, opcode, payload, static_cast<std::uint32_t>(masks_()));
    return send_all(out_);
}

Done Link::send_all(std::span<const std::byte> bytes) {
    if (!secured_) return send_raw(bytes);
    sealed_.clear();
    secured_->seal(bytes, sealed_);
    return send_raw(sealed_);
}

Done Link::send_raw(std::span<const std::byte> bytes) {
    const auto deadline = Clock::now() + send_max;
    while (!bytes.empty()) {
        const ssize_t size =
            ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size >= 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(size));
        } else if (errno != EAGAIN && errno != EINTR) {
            return gone(std::strerror(errno));
        } else if (wait(POLLOUT, deadline) != Wait::ready) {
            return gone("it takes nothing any more");
        }
    }
    return Ok{};
}

Done Link::fill() {
    sealed_.resize(secured_ ? read_bytes : 0);
    Bytes& place = secured_ ? sealed_ : received_;
    const ssize_t size = recv(socket_.get(), place.data(), read_bytes, MSG_DONTWAIT);
    const int error = errno;
    read_at_ = Clock::now();
    unread_ = std::span{place}.first(size > 0 ? static_cast<std::size_t>(size) : 0);
    if (size > 0 && secured_) {
        const std::span<std::byte> sealed = std::exchange(unread_, {});
        PARLEY_TRY(unread_, secured_->take_in(sealed, received_));
    }
    if (size > 0) return Ok{};
    if (size < 0 && (error == EAGAIN || error == EINTR)) return Ok{};
    return gone(size == 0 ? "it ended without a close frame" : std::strerror(error));
}

Outcome<std::optional<Received>> Link::take_message() {
    using What = ws::Received::What;
    const std::optional<Received> malformed =
        Received{.what = Received::What::malformed, .message = {}, .at = read_at_};
    while (true) {
        const ws::Received frame = reader_.next(unread_);
        switch (frame.what) {
            case What::need_more:
                return std::optional<Received>{};
            case What::pong:
                break;
            case What::ping: {
                if (auto answered = send_frame(ws::Opcode::pong, frame.payload); !answered)
                    return answered.error();
                break;
            }
            case What::close:
                return gone(close_reason(frame.payload));
            case What::failed:
                return gone("it sent a frame that no server may send");
            case What::text:
                return malformed;
            case What::binary: {
                const auto message = read_server_message(frame.payload);
                if (!message) return malformed;
                return std::optional{Received{Received::What::message, *message, read_at_}};
            }
        }
    }
}

}  // namespace parley::client
