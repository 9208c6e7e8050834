#include "signals.h"

#include <cerrno>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <ctime>

#include "reload.h"
#include "systemd.h"

namespace parley::daemon {
namespace {

sigset_t wanted() noexcept {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

}  // namespace

bool block_signals() noexcept {
    struct sigaction ignored {};
    ignored.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignored, nullptr);
    const sigset_t set = wanted();
    return pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0;
}

Signals::Signals(Server& server, const Options& options)
    : server_(server), options_(options), thread_([this] { run(); }) {}

Signals::~Signals() {
    done_ = true;
    pthread_kill(thread_.native_handle(), SIGTERM);
    thread_.join();
}

void Signals::run() noexcept {
    const sigset_t set = wanted();
    // Files that have changed are read anew without being told, a second or two later.
    const timespec look_again{.tv_sec = 1, .tv_nsec = 0};
    while (!done_) {
        const int signal = sigtimedwait(&set, nullptr, &look_again);
        if (done_) return;
        if (signal == SIGTERM || signal == SIGINT) {
            on_end(signal);
        } else if (signal == SIGHUP || server_.files_changed()) {
            reload(server_);
        }
    }
}

void Signals::on_end(int signal) noexcept {
    if (draining_) {
        std::fputs("parley: ends at once\n", stderr);
        return server_.stop();
    }
    draining_ = true;
    std::uint64_t connections = 0;  // counted while the shards still answer at once
    for (const ShardStats& shard : server_.stats())
        connections += shard.connections;
    server_.drain();
    notify("STOPPING=1");
    using Seconds = std::chrono::duration<double>;
    std::fprintf(stderr,
                 "parley: takes no more connections, and sends %" PRIu64
                 " away within %g s; %s ends it at once\n",
                 connections, Seconds{options_.drain_max}.count(),
                 signal == SIGINT ? "Ctrl-C again" : "a second SIGTERM");
}

}  // namespace parley::daemon
