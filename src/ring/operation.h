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
#include "base/intrusive_list.h"

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

/// An operation that sends bytes of its owner's, which must stay as they are until it completes.
/// At most one is in flight for each connection: two would let their bytes interleave.
class SendOperation {
public:
    using Handler = Operation::Handler;

    explicit SendOperation(Handler handler) noexcept : operation_(handler) {}

    bool in_flight() const noexcept { return operation_.in_flight(); }

private:
    friend class RingAccess;

    Operation operation_;
    ListHook hook_;  // in the ring's list of sends tried in this turn
    std::uint32_t size_ = 0;
    std::int32_t result_ = 0;
};

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
    static Operation& operation(SendOperation& send) noexcept { return send.operation_; }
    static std::uint32_t& size(SendOperation& send) noexcept { return send.size_; }
    static std::int32_t& result(SendOperation& send) noexcept { return send.result_; }
    /// Given the Operation inside a SendOperation, the SendOperation.
    static SendOperation& send_of(Operation& operation) noexcept {
        static_assert(std::is_standard_layout_v<SendOperation>);
        return reinterpret_cast<SendOperation&>(operation);
    }
    using SendList = IntrusiveList<SendOperation, &SendOperation::hook_>;
};

}  // namespace parley::ring
