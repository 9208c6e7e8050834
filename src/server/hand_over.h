// server::HandOver: gives a server's listening sockets to the next server of the same address, so
// that an upgrade neither refuses nor resets a connection.
//
//   successor            path             predecessor
//     connect ─────────────▶───────────────▶ accept, same user?
//     receives ◀─────── descriptors ──────── keeps on accepting
//     accepts, binds the path anew
//     "ready" ──────────────────────────────▶ drains
//
// What is passed is the sockets themselves, with whoever waits in their queues. (Another socket
// on the same port, by SO_REUSEPORT, has a queue of its own, and the kernel resets who waits at the
// one that closes first.) A successor that fails before it is ready changes nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <sys/types.h>
#include <thread>
#include <vector>

#include "base/delegate.h"

namespace parley::server {

/// What came from a predecessor.
class Inheritance {
public:
    Inheritance() noexcept = default;
    Inheritance(const Inheritance&) = delete;
    Inheritance& operator=(const Inheritance&) = delete;
    ~Inheritance();

    /// Asks the server at `path`. True if nobody is there too; false, with a sentence in `error`,
    /// if somebody is there who gives nothing.
    /// Blocks: for a few seconds at most.
    bool receive(const std::string& path, std::string& error);
    /// Listening sockets, which are the caller's now; empty if there was no predecessor.
    const std::vector<int>& listeners() const noexcept { return listeners_; }
    /// Tells the predecessor that they are accepted from: it drains.
    void confirm() noexcept;

private:
    int connection_ = -1;
    std::vector<int> listeners_;
};

class HandOver {
public:
    enum class Reason : std::uint8_t { asked, succeeded };
    /// The server is to drain: because end() was called, or since a successor is ready. Comes once,
    /// on a thread of HandOver's.
    using Drain = Delegate<void(Reason)>;

    explicit HandOver(Drain drain) noexcept : drain_(drain) {}
    HandOver(const HandOver&) = delete;
    HandOver& operator=(const HandOver&) = delete;
    /// Waits for no successor any more. Does not call `drain`.
    ~HandOver();

    /// Keeps copies of the sockets until it calls `drain`. False if no descriptor is left for them.
    bool keep(const std::vector<int>& listeners, std::string& error);
    /// Waits for a successor at `path`; whoever waited there before is not asked any more. Both
    /// once, in this order. On failure puts a sentence into `error`.
    bool open(const std::string& path, std::string& error);
    /// Gives up the copies and calls `drain`. Threads: any; also in a signal handler.
    void end() noexcept;
    /// Waits for no successor any more, and does not call `drain`. end() may still be called.
    /// Blocks: until its thread has ended.
    void leave() noexcept;

private:
    bool bind_path(const std::string& path, std::string& error);
    void run() noexcept;
    bool serve(int connection) noexcept;
    bool says(int connection, std::string_view word, int max_ms) const noexcept;
    bool send_listeners(int connection) const noexcept;
    void close_copies() noexcept;
    void remove_path() const noexcept;

    const Drain drain_;
    std::string path_;
    ino_t inode_ = 0;  // of what is at the path, if it is still ours
    int door_ = -1;    // listens at the path
    int event_ = -1;   // written to by end() and the destructor
    std::atomic<bool> leaving_{false};
    std::vector<int> copies_;
    std::thread thread_;
};

}  // namespace parley::server
