// SendQueue: frames that one connection owes its peer and cannot send yet.
//
// Voice is perishable: when it is too old or too much, the oldest goes. Everything else lasts:
// when there is too much of it, the queue says so, and the connection must be closed.
// It sends nothing and owns no memory but its places, which come from the shard's pool.
#pragma once

#include <cstdint>
#include <memory>

#include "base/intrusive_list.h"
#include "base/time.h"
#include "shard/frame.h"

namespace parley::net {

/// What a frame is worth to a peer that reads too slowly.
enum class Delivery : std::uint8_t { perishable, lasting };

/// One frame in one queue.
struct WaitingFrame {
    FrameRef frame;
    Instant since;
    Delivery delivery{};
    ListHook hook;
};
using WaitingList = IntrusiveList<WaitingFrame, &WaitingFrame::hook>;

/// The places of all queues of one shard, made at start.
class WaitingPool {
public:
    explicit WaitingPool(std::uint32_t count);
    WaitingFrame* take() noexcept;  ///< null if all are in use
    void give_back(WaitingFrame& place) noexcept;
    std::uint32_t in_use() const noexcept { return in_use_; }

private:
    std::unique_ptr<WaitingFrame[]> places_;
    WaitingList free_;
    std::uint32_t in_use_ = 0;
};

class SendQueue {
public:
    enum class Added : std::uint8_t {
        yes,
        dropped,  ///< it, or older voice in its place, was dropped
        full,     ///< the peer is a slow consumer
    };

    explicit SendQueue(WaitingPool& pool) noexcept : pool_(&pool) {}
    SendQueue(const SendQueue&) = delete;
    SendQueue& operator=(const SendQueue&) = delete;
    ~SendQueue() { clear(); }

    /// `lasting_bytes_max` bounds what lasts; voice has bounds of its own.
    Added add(FrameRef frame, Delivery delivery, Instant now,
              std::size_t lasting_bytes_max) noexcept;

    /// Takes out what should be sent next: one frame, or several small ones copied together into
    /// one. Voice that is too old by `now` is dropped; their number is added to `dropped`.
    /// Nothing if the queue is empty.
    FrameRef next(FramePool& frames, Instant now, std::uint64_t& dropped) noexcept;

    void clear() noexcept;
    bool empty() noexcept { return list_.empty(); }
    std::size_t bytes() const noexcept { return std::size_t{perishable_bytes_} + lasting_bytes_; }

private:
    void remove(WaitingFrame& waiting) noexcept;
    bool drop_oldest_voice() noexcept;
    void drop_stale(Instant now, std::uint64_t& dropped) noexcept;

    WaitingPool* pool_;
    WaitingList list_;
    std::uint32_t perishable_bytes_ = 0;
    std::uint32_t lasting_bytes_ = 0;
    std::uint32_t count_ = 0;
};

}  // namespace parley::net
