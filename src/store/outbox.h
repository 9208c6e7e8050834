// store::Outbox: what one shard has asked of a store that answers later.
//
//   admit ─▶ [ oldest ........ newest ]  ─▶ settle: answered, in time or not
//             └─ due after answer_max: told that nothing came; its room stays taken until the
//                backend has let go of it
//
// Bounded in questions and bytes, so a backend that hangs cannot take the process's memory, and in
// time, so nobody waits for it longer than answer_max. It keeps no clock and starts no timer: its
// door passes `now`. Every backend that answers later has one for each door.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/histogram.h"
#include "base/intrusive_list.h"
#include "base/time.h"
#include "store/store.h"

namespace parley::store {

/// A question that waits; a member or base of what the backend carries it in.
class Waiting {
public:
    Waiting(StoreClient& asker, Ticket number, std::size_t size) noexcept
        : client_(asker), ticket_(number), size_(size) {}

private:
    friend class Outbox;

    StoreClient& client_;
    const Ticket ticket_;
    const std::size_t size_;
    Instant asked_{};
    bool told_ = false;
    ListHook hook_;
};

/// Threads: the shard's.
class Outbox {
public:
    /// Whether there is room; then the question waits. If not, its client is answered with
    /// Limit::outbox, and the question is the caller's to drop.
    bool admit(Waiting& question, Instant now) noexcept;
    /// The backend has let go of the question, with this answer; its client hears it, unless it was
    /// told already that none would come.
    void settle(Waiting& question, Result<Answer> answer, Instant now) noexcept;

    /// The question that has waited longest of those not yet told; null if nobody waits.
    Waiting* oldest() noexcept { return waiting_.empty() ? nullptr : &waiting_.front(); }
    /// When oldest() is to be told that no answer came. Requires oldest().
    Instant due() noexcept { return waiting_.front().asked_ + answer_max; }
    /// Tells the oldest that no answer came, and why: Trouble::too_late or no_answer.
    void give_up(Trouble why) noexcept;

    /// Lets go of everybody, untold.
    void close() noexcept;

    /// Whether the largest question might be refused for want of room.
    static bool is_full(const StoreCounters& counters) noexcept;
    StoreState state(Instant now) const noexcept;
    /// Why the last that failed did, whatever came since; none if nothing ever has.
    const std::optional<Error>& failure() const noexcept { return failure_; }
    const StoreCounters& counters() const noexcept { return counters_; }
    const Histogram& latency() const noexcept { return latency_; }

private:
    void tell(Waiting& question, Result<Answer> answer) noexcept;

    mutable IntrusiveList<Waiting, &Waiting::hook_> waiting_;  // not yet told, oldest first
    StoreCounters counters_;
    Histogram latency_;
    bool failing_ = false;  // the last answer was a failure, or none came
    std::optional<Error> failure_;
};

}  // namespace parley::store
