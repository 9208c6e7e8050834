// Ring: the kernel as one shard sees it. The only door to sockets, time and sleep.
//
//   queue operations ──▶ wait(): submit all, sleep until something completes ──▶ dispatch()
//        ▲                                                                        │ handlers
//        └────────────────────────────────────────────────────────────────────────┘
//
// Two libraries implement this header, and a program picks one when it is linked: `ring` on
// io_uring, and the simulated ring of tests/sim, with virtual time, faults by seed and peers
// inside the process. Nothing above this layer can tell which one it runs on.
// It does not know what the bytes mean, owns no connection and retries nothing by itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/time.h"
#include "ring/operation.h"

namespace parley::ring {

struct Options {
    /// Submission queue: a whole fan-out should fit, so that it costs one system call. A fuller
    /// queue is submitted early, never dropped.
    std::uint32_t submissions = 4096;
    /// Completion queue: four times the submissions, since multishot operations complete without
    /// a submission. Overflow is drained, not lost, but costs system calls.
    std::uint32_t completions = 16384;
    /// Receive buffers are the ring's and shared by all its connections. All are back at the end
    /// of each turn, so this bounds what one turn can take in; a power of two.
    std::uint32_t receive_buffers = 512;
    /// Large enough for several voice frames in one read.
    std::uint32_t receive_buffer_bytes = 4096;
    /// Places in the table of adopted sockets, at 8 bytes of kernel memory each. The kernel allows
    /// no more than the process's limit of descriptors, and 2^20.
    std::uint32_t sockets = 1U << 20;
};

/// Ends the sleep of one ring. Copyable; must not be used once its ring is gone (see KeptWaker).
/// Threads: any. Blocks: no.
class Waker {
public:
    Waker() noexcept = default;
    explicit Waker(int handle) noexcept : handle_(handle) {}
    /// The ring's present or next wait() returns at once. Also safe in a signal handler.
    void wake() const noexcept;
    int handle() const noexcept { return handle_; }

private:
    int handle_ = -1;
};

/// A waker of one's own, which may be used for as long as it lives: once its ring is gone, it does
/// nothing.
class KeptWaker {
public:
    KeptWaker() noexcept = default;
    explicit KeptWaker(const Waker& other) noexcept;
    KeptWaker(KeptWaker&& other) noexcept : waker_(std::exchange(other.waker_, Waker{})) {}
    KeptWaker& operator=(KeptWaker&& other) noexcept {
        std::swap(waker_, other.waker_);
        return *this;
    }
    KeptWaker(const KeptWaker&) = delete;
    KeptWaker& operator=(const KeptWaker&) = delete;
    ~KeptWaker();

    const Waker& waker() const noexcept { return waker_; }

private:
    Waker waker_;
};

/// Threads: all calls from the one thread that made it, save those of Waker.
class Ring {
public:
    /// Opens a ring for the calling thread. On failure returns null and puts one line into
    /// `error` that says what was refused and how to mend it.
    static std::unique_ptr<Ring> open(const Options& options, std::string& error);
    ~Ring();
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;

    /// Accepts connections until cancelled: each completion's result is a new descriptor, which
    /// the handler owns, or a negated errno. Without `more` it has ended: accept() again.
    void accept(Operation& operation, int listener) noexcept;

    /// Receives until the stream ends (result 0), fails or is cancelled. Without `more` it has
    /// ended; -ENOBUFS means only that the ring's buffers were all in use: receive() again.
    void receive(Operation& operation, int socket) noexcept;
    /// Receives what there is or comes first, at most one of the ring's buffers, and has ended by
    /// then: nothing need be cancelled if that was all. Otherwise as receive().
    void receive_once(Operation& operation, int socket) noexcept;

    /// Sends what the socket takes at once. A send that is taken whole says nothing. Of another one
    /// the handler is told in this ring's next dispatch(): with the count taken, which is short, or
    /// with a negated errno; -EAGAIN when the socket takes nothing now. Either way it is over by
    /// then. It does not end a wait().
    void send_now(SendOperation& operation, int socket, std::span<const std::byte> bytes) noexcept;

    /// Sends all, however long the peer takes. Completes with the count, which is short only
    /// when cancelled or the connection broke.
    void send_all(SendOperation& operation, int socket, std::span<const std::byte> bytes) noexcept;

    /// Whether its bytes may still be read, so that neither they nor it may go. What send_now()
    /// took is over once the next dispatch() has begun.
    bool in_flight(const SendOperation& send) const noexcept {
        return is_tried(send) || RingAccess::operation(send).in_flight();
    }
    /// Whether send_now() took it in this round, so that the next dispatch() ends it, perhaps
    /// without a word.
    bool is_tried(const SendOperation& send) const noexcept {
        return RingAccess::tried_in(send) == round_;
    }

    /// Asks for the end of what is in flight. Its last completion still comes, as success or as
    /// -ECANCELED; until then its owner stays. Does nothing if idle, or to what send_now() took,
    /// which is over in a moment.
    void cancel(Operation& operation) noexcept;
    void cancel(SendOperation& operation) noexcept;

    /// Ends the sending direction, behind what was sent before: the peer reads the end of the
    /// stream. Completes with 0 or a negated errno, like a send that takes its time.
    void shutdown_send(SendOperation& operation, int socket) noexcept;
    /// Closes a socket or descriptor with no operation in flight on it.
    void close(int socket) noexcept;

    /// Closes a socket so that nothing of it stays in the kernel: what it has not sent is dropped
    /// and the peer reads a reset. Where the kernel cannot do that to an adopted socket (before
    /// 6.7), it is closed like any other. Requires that nothing is in flight on it.
    void reset(int socket) noexcept;

    /// Takes a connected socket into the ring's own table and closes its descriptor: operations
    /// find it there for less, and it no longer counts against the process's descriptors. Gives
    /// the number by which this ring alone knows it from now on, until close(). If the table is
    /// full or cannot be had, that is `socket` as it was. Requires that nothing is in flight on it.
    int adopt(int socket) noexcept;

    /// Wakes another shard's ring with the next submission, at no system call of its own.
    void wake(const Waker& other) noexcept;
    Waker waker() const noexcept;

    /// Submits everything queued, and sleeps until something completes, wake() is called or
    /// `deadline` comes. Does not sleep if `deadline` has passed.
    void wait(Instant deadline) noexcept;
    /// Calls the handlers of everything that has completed: sends that failed first.
    void dispatch() noexcept;

    /// Monotonic time. A system call's worth of work: the loop reads it once per turn.
    Instant now() const noexcept;
    WallTime wall_now() const noexcept;

    struct Counters {
        std::uint64_t system_calls = 0;
        std::uint64_t completions = 0;
        std::uint64_t overflows = 0;         ///< waits that found the completion queue overflowed
        std::uint64_t buffer_shortages = 0;  ///< receives that ended with -ENOBUFS
        std::uint64_t adopted = 0;           ///< sockets in the ring's table now
    };
    const Counters& counters() const noexcept;

private:
    struct State;
    explicit Ring(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
    std::uint32_t round_ = 1;  // counts dispatch(); never 0
};

}  // namespace parley::ring
