// parley-floor: the smallest program that can do the fan-out on this kernel.
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>

#include "floor/kinds.h"
#include "floor/options.h"
#include "ring/socket.h"
#include "shard/pinning.h"

namespace {

using namespace parley;
using bench::FloorOptions;

constexpr int exit_cannot_run_here = 78;

std::atomic<bool> stop{false};

void on_signal(int) {
    stop.store(true);
}

// Without SA_RESTART, so that a signal ends the wait.
void stop_on(int number) {
    struct sigaction action {};
    action.sa_handler = on_signal;
    sigaction(number, &action, nullptr);
}

int fail(const char* what, const Error& error) {
    std::fprintf(stderr, "parley-floor: %s: %s\n", what, std::strerror(std::abs(error.code)));
    return 1;
}

// Accepted sockets inherit it.
Status use_congestion_control(int listener, const std::string& name) {
    if (name.empty()) return Ok{};
    const auto size = static_cast<socklen_t>(name.size());
    if (setsockopt(listener, IPPROTO_TCP, TCP_CONGESTION, name.data(), size) == 0) return Ok{};
    return Error{Error::Domain::system, errno};
}

// The floor queues nothing, so the kernel has to: as much as the system lets it (0), where Parley
// leaves it less.
Status let_the_kernel_queue(int listener) {
    const int as_the_system = 0;
    if (setsockopt(listener, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &as_the_system, sizeof(int)) == 0) {
        return Ok{};
    }
    return Error{Error::Domain::system, errno};
}

Result<std::unique_ptr<bench::Uring>> open_ring(const FloorOptions& options) {
    using Files = bench::Uring::Files;
    if (options.kind != FloorOptions::Kind::io_uring) return std::unique_ptr<bench::Uring>{};
    return bench::Uring::open(options.fixed_files ? Files::of_ring : Files::of_process);
}

int run(FloorOptions options) {
    ring::limit_descriptors(0);
    if (options.core && !pin_this_thread(*options.core)) {
        std::fprintf(stderr, "parley-floor: there is no core %d for it\n", *options.core);
        return 1;
    }
    auto uring = open_ring(options);
    if (!uring) {
        fail("io_uring", uring.error());
        return exit_cannot_run_here;
    }
    auto listener = ring::listen_tcp(options.listen);
    if (!listener) return fail("cannot listen", listener.error());
    if (const Status status = use_congestion_control(*listener, options.congestion); !status) {
        return fail("--congestion", status.error());
    }
    if (const Status status = let_the_kernel_queue(*listener); !status) {
        return fail("TCP_NOTSENT_LOWAT", status.error());
    }
    auto port = ring::local_port(*listener);
    if (!port) return fail("cannot listen", port.error());
    options.listen.port = *port;
    std::printf("listening on ws://%s\n", options.listen.text().c_str());
    std::fflush(stdout);
    const bench::Outlet::Counters counters =
        *uring ? bench::run_uring(options, **uring, *listener, stop)
               : bench::run_epoll(options, *listener, stop);
    std::printf("system_calls %llu dropped %llu\n",
                static_cast<unsigned long long>(counters.system_calls),
                static_cast<unsigned long long>(counters.dropped));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const auto options = bench::read_options(argc, argv);
    if (const int* status = std::get_if<int>(&options)) return *status;
    stop_on(SIGTERM);
    stop_on(SIGINT);
    return run(std::get<FloorOptions>(options));
}
