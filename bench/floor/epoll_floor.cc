// The floor of the system calls that everybody uses: epoll_wait, recv, send.
#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "floor/floor.h"
#include "floor/kinds.h"

namespace parley::bench {
namespace {

class EpollOutlet final : public Outlet {
public:
    void fan_out(std::span<const int> sockets, int except,
                 std::span<const std::byte> bytes) noexcept override {
        for (const int socket : sockets) {
            if (socket == except) continue;
            ++counters.system_calls;
            const ssize_t sent =
                ::send(socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (sent == static_cast<ssize_t>(bytes.size())) continue;
            ++counters.dropped;
            ::shutdown(socket, SHUT_RDWR);  // its receive ends, and there it is forgotten
        }
    }
};

class EpollFloor final {
public:
    EpollFloor(const FloorOptions& options, int listener)
        : listener_(listener),
          epoll_(epoll_create1(EPOLL_CLOEXEC)),
          floor_(outlet_, options.coalesce ? Floor::Sends::coalesced : Floor::Sends::each_frame) {
        watch(listener_);
    }
    EpollFloor(const EpollFloor&) = delete;
    EpollFloor& operator=(const EpollFloor&) = delete;
    ~EpollFloor() { ::close(epoll_); }

    Outlet::Counters run(const std::atomic<bool>& stop) {
        std::array<epoll_event, 512> events;
        while (!stop.load(std::memory_order_relaxed)) {
            ++outlet_.counters.system_calls;
            const int count = epoll_wait(epoll_, events.data(), events.size(), -1);
            floor_.begin_turn();
            for (int i = 0; i < count; ++i) {
                const int socket = events[static_cast<std::size_t>(i)].data.fd;
                if (socket == listener_) {
                    accept();
                } else {
                    receive(socket);
                }
            }
            floor_.end_turn();
        }
        return outlet_.counters;
    }

private:
    void watch(int socket) noexcept {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = socket;
        epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
    }

    void accept() {
        const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) return;
        floor_.on_accepted(socket);
        watch(socket);
    }

    void receive(int socket) {
        ++outlet_.counters.system_calls;
        // A frame that waits for the end of the turn lies in Floor's memory, so one buffer will do.
        const ssize_t size = recv(socket, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
        if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
        const auto bytes = std::span{buffer_}.first(size > 0 ? static_cast<std::size_t>(size) : 0);
        if (size > 0 && floor_.on_received(socket, bytes) == Floor::Next::keep) return;
        floor_.on_gone(socket);
        ::close(socket);
    }

    int listener_;
    int epoll_;
    EpollOutlet outlet_;
    Floor floor_;
    std::array<std::byte, std::size_t{64} << 10> buffer_;
};

}  // namespace

Outlet::Counters run_epoll(const FloorOptions& options, int listener,
                           const std::atomic<bool>& stop) {
    return std::make_unique<EpollFloor>(options, listener)->run(stop);
}

}  // namespace parley::bench
