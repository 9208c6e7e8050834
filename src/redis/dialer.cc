#include "redis/dialer.h"

#include <arpa/inet.h>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "redis/limits.h"
#include "redis/sentinel.h"

namespace parley::redis {
namespace {

using Calls = std::vector<std::unique_ptr<Dialer::Call>>;

struct FreeAddresses {
    void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Addresses resolve(const Endpoint& endpoint, std::string& trouble) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int code =
        getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
    if (code != 0) trouble = "cannot find " + endpoint.host + ": " + gai_strerror(code);
    return Addresses{code == 0 ? found : nullptr};
}

// Connecting, without waiting for it; negative if that fails at once.
int begin_connecting(const addrinfo& address) noexcept {
    const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, address.ai_addr, address.ai_addrlen) == 0 || errno == EINPROGRESS) return fd;
    const int why = errno;
    close(fd);
    errno = why;
    return -1;
}

int error_of(int fd) noexcept {
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

class ThreadDialer final : public Dialer {
public:
    explicit ThreadDialer(const Url& url) : url_(url), thread_([this] { run(); }) {}
    ~ThreadDialer() override {
        {
            const std::lock_guard lock{mutex_};
            ending_ = true;
        }
        changed_.notify_one();
        thread_.join();
    }

    void dial(std::unique_ptr<Call> call) override {
        {
            const std::lock_guard lock{mutex_};
            waiting_.push_back(std::move(call));
        }
        changed_.notify_one();
    }

private:
    void run() noexcept {
        for (;;) {
            Calls calls;
            {
                std::unique_lock lock{mutex_};
                changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
                if (ending_) return;
                calls.swap(waiting_);
            }
            connect_all(calls);
            for (auto& call : calls)
                send_home(std::move(call));
        }
    }

    // All that ask at the same time are served at the same time: one unreachable address must not
    // cost each of many shards its own wait.
    void connect_all(Calls& calls) const {
        std::string trouble;
        Endpoint endpoint = url_.endpoints.front();
        if (url_.has_sentinels() && !ask_sentinels(url_, endpoint, trouble))
            return give_up(calls, trouble);
        const Addresses addresses = resolve(endpoint, trouble);
        if (addresses == nullptr) return give_up(calls, trouble);
        for (const addrinfo* each = addresses.get(); each != nullptr; each = each->ai_next)
            connect_to(*each, endpoint, calls);
    }

    static void give_up(Calls& calls, const std::string& trouble) {
        for (auto& call : calls)
            call->trouble = trouble;
    }

    // Those that are not connected yet.
    static void connect_to(const addrinfo& address, const Endpoint& endpoint, Calls& calls) {
        std::vector<pollfd> sockets;
        std::vector<Call*> connecting;
        for (auto& call : calls) {
            if (call->descriptor >= 0) continue;
            const int fd = begin_connecting(address);
            call->host = endpoint.host;
            call->trouble = "cannot connect to " + endpoint.host + ":" +
                            std::to_string(endpoint.port) + ": " + std::strerror(errno);
            if (fd < 0) continue;
            call->trouble.resize(call->trouble.rfind(':') + 2);
            sockets.push_back({fd, POLLOUT, 0});
            connecting.push_back(call.get());
        }
        const auto deadline = std::chrono::steady_clock::now() + connect_max;
        for (std::size_t i = 0; i < sockets.size(); ++i) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(
                deadline - std::chrono::steady_clock::now());
            const int wait_ms = std::max(0, static_cast<int>(left.count()));
            const bool ready = poll(&sockets[i], 1, wait_ms) == 1;
            const int error = ready ? error_of(sockets[i].fd) : ETIMEDOUT;
            if (error == 0) {
                make_ready(sockets[i].fd);
                connecting[i]->descriptor = sockets[i].fd;
                continue;
            }
            connecting[i]->trouble += std::strerror(error);
            close(sockets[i].fd);
        }
    }

    // A ring waits by itself.
    static void make_ready(int fd) noexcept {
        const int flags = fcntl(fd, F_GETFL);
        fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    }

    static void send_home(std::unique_ptr<Call> call) {
        const std::shared_ptr<Mailbox> home = call->home;
        Mailbox::Letters letters;
        letters.push_back(std::move(call));
        home->post(letters);
    }

    const Url url_;
    std::mutex mutex_;
    std::condition_variable changed_;
    Calls waiting_;
    bool ending_ = false;
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace

Dialer::Call::~Call() {
    if (descriptor >= 0) close(descriptor);
}

std::unique_ptr<Dialer> open_dialer(const Url& url) {
    return std::make_unique<ThreadDialer>(url);
}

}  // namespace parley::redis
