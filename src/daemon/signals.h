// Signals: what the operator asks of a running server.
//
//   SIGTERM, SIGINT   drain; once more: stop at once
//   SIGHUP            reload; the server goes on
//   SIGPIPE           ignored: it would end the process when a log's reader goes
#pragma once

#include <atomic>
#include <csignal>
#include <thread>

#include <parley/server.h>

namespace parley::daemon {

/// Blocks them for this thread and all that it starts, so that they come to Signals alone. Before
/// the server starts.
bool block_signals() noexcept;

class Signals {
public:
    /// Carries out what they ask, on a thread of its own. The server must outlive it.
    Signals(Server& server, const Options& options);
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;
    /// The server has ended: none is waited for any more.
    ~Signals();

private:
    void run() noexcept;
    void on_end(int signal) noexcept;

    Server& server_;
    const Options& options_;
    std::atomic<bool> done_{false};
    bool draining_ = false;
    std::thread thread_;
};

}  // namespace parley::daemon
