// Operations: what a shard asks of the kernel, as members of their owners.
//
//   idle ── Ring::receive(), send(), … ──▶ in flight ── handler(last completion) ──▶ idle
//
// Nothing is allocated for an operation, so its owner must outlive it: an owner that wants to
// go cancels what is in flight and waits for the last completion. The destructor asserts it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/assert.h"
#include "base/delegate.h"

namespace parley::ring {

/// How an operation went on. `result` is what the system call would have returned: a count, a
/// file descriptor, 0 at the end of a stream, or a negated errno.
struct Completion {
    std::int32_t result = 0;
    bool more = false;           ///< the operation stays in flight: further completions follow
    std::span<std::byte> bytes;  ///< receive only: what arrived; the ring's again after the call
};

/// One operation. Not thread-safe: it belongs to the shard of its ring.
class Operation {
public:
    using Handler = Delegate<void(const Completion&)>;

    explicit Operation(Handler handler) noexcept : handler_(handler) {}
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;
    ~Operation() { PARLEY_ASSERT(!in_flight_); }

    bool in_flight() const noexcept { return in_flight_; }

private:
    friend class RingAccess;  // the real and the simulated ring, and nobody else

    Handler handler_;
    bool in_flight_ = false;
};

/// An operation that sends bytes of its owner's, which must stay as they are until it is over (see
/// Ring::in_flight). At most one is in flight for each connection: two would let their bytes
/// interleave.
class SendOperation : private Operation {
public:
    using Operation::Handler;
    using Operation::Operation;

private:
    friend class RingAccess;

    std::uint32_t tried_in_ = 0;  // the round in which send_now() took it; 0: in none
};

static_assert(sizeof(SendOperation) <= 24, "every connection has one, in its busiest cache line");

/// The one door through which a ring touches an operation's state.
class RingAccess {
public:
    static void start(Operation& operation) noexcept {
        PARLEY_ASSERT(!operation.in_flight_);
        operation.in_flight_ = true;
    }
    static void complete(Operation& operation, const Completion& completion) noexcept {
        PARLEY_ASSERT(operation.in_flight_);
        operation.in_flight_ = completion.more;
        operation.handler_(completion);  // may destroy the operation
    }
    // A send_all() in flight is an operation like any other.
    static Operation& operation(SendOperation& send) noexcept { return send; }
    static const Operation& operation(const SendOperation& send) noexcept { return send; }
    static std::uint32_t& tried_in(SendOperation& send) noexcept { return send.tried_in_; }
    static std::uint32_t tried_in(const SendOperation& send) noexcept { return send.tried_in_; }
    /// A send that send_now() took has failed.
    static void fail(SendOperation& send, std::int32_t result) noexcept {
        send.tried_in_ = 0;
        send.handler_(Completion{result, false, {}});
    }
    /// Given the Operation of a SendOperation, the SendOperation.
    static SendOperation& send_of(Operation& operation) noexcept {
        return static_cast<SendOperation&>(operation);
    }
};

}  // namespace parley::ring
