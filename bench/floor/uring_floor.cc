// The floor of io_uring: one system call for everything a turn sends.
#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include "floor/floor.h"
#include "floor/kinds.h"

namespace parley::bench {
namespace {

class UringOutlet final : public Outlet {
public:
    explicit UringOutlet(Uring& uring) noexcept : uring_(uring) {}

    void fan_out(std::span<const int> sockets, int except,
                 std::span<const std::byte> bytes) noexcept override {
        for (const int socket : sockets)
            if (socket != except) uring_.send(socket, bytes);
    }

private:
    Uring& uring_;
};

class UringFloor final {
public:
    UringFloor(const FloorOptions& options, Uring& uring, int listener)
        : uring_(uring),
          min_wait_(options.min_wait),
          outlet_(uring),
          floor_(outlet_, options.coalesce ? Floor::Sends::coalesced : Floor::Sends::each_frame) {
        uring_.accept(listener);
    }

    Outlet::Counters run(const std::atomic<bool>& stop) {
        while (!stop.load(std::memory_order_relaxed)) {
            uring_.turn(min_wait_);
            floor_.begin_turn();
            close_leavers();
            for (auto event = uring_.next(); event.event != Uring::Event::none;
                 event = uring_.next()) {
                on_event(event);
            }
            floor_.end_turn();
        }
        outlet_.counters.system_calls = uring_.system_calls();
        return outlet_.counters;
    }

private:
    void on_event(const Uring::Completion& event) {
        switch (event.event) {
            case Uring::Event::accepted:
                if (event.result >= 0) on_accepted(event.result);
                if (!event.more) uring_.accept(event.socket);
                break;
            case Uring::Event::received:
                on_received(event);
                break;
            case Uring::Event::send_failed:
                ++outlet_.counters.dropped;
                ::shutdown(event.socket, SHUT_RDWR);  // its receive ends, and there it is forgotten
                break;
            case Uring::Event::none:
                break;
        }
    }

    void on_accepted(int socket) {
        uring_.add_file(socket);
        floor_.on_accepted(socket);
        uring_.receive(socket);
    }

    void on_received(const Uring::Completion& event) {
        if (event.result == -ENOBUFS) return uring_.receive(event.socket);
        if (event.result > 0) {
            if (floor_.on_received(event.socket, event.bytes) == Floor::Next::close) {
                ::shutdown(event.socket, SHUT_RDWR);
            }
            if (!event.more) uring_.receive(event.socket);
            return;
        }
        floor_.on_gone(event.socket);
        leavers_.push_back(event.socket);
    }

    // A turn late, when nothing is left that was to be sent there.
    void close_leavers() noexcept {
        for (const int socket : leavers_) {
            uring_.remove_file(socket);
            ::close(socket);
        }
        leavers_.clear();
    }

    Uring& uring_;
    std::chrono::microseconds min_wait_;
    UringOutlet outlet_;
    Floor floor_;
    std::vector<int> leavers_;
};

}  // namespace

Outlet::Counters run_uring(const FloorOptions& options, Uring& uring, int listener,
                           const std::atomic<bool>& stop) {
    return UringFloor{options, uring, listener}.run(stop);
}

}  // namespace parley::bench
