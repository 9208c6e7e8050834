// SendQueue: frames that one connection owes its peer and cannot send yet.
//
// Voice is perishable: when it is too old or too much, the oldest goes. Everything else lasts:
// when there is too much of it, the queue says so, and the connection must be closed.
// It sends nothing and owns no memory: its places come from the shard's pool, which every call is
// given, since a pointer to it in each idle connection would be memory for nothing.
#pragma once

#include <cstdint>
#include <memory>

#include "base/assert.h"
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

    /// Voice frames that queues dropped, for slow readers.
    std::uint64_t voice_dropped() const noexcept { return voice_dropped_; }
    void count_dropped(const FrameRef& voice) noexcept { voice_dropped_ += voice.messages(); }

private:
    std::unique_ptr<WaitingFrame[]> places_;
    WaitingList free_;
    std::uint32_t in_use_ = 0;
    std::uint64_t voice_dropped_ = 0;
};

class SendQueue {
public:
    enum class Added : std::uint8_t {
        yes,
        dropped,  ///< it, or older voice in its place, was dropped
        full,     ///< the peer is a slow consumer
    };

    SendQueue() noexcept = default;
    SendQueue(const SendQueue&) = delete;
    SendQueue& operator=(const SendQueue&) = delete;
    /// Requires that it is empty: clear() gives the places back.
    ~SendQueue() { PARLEY_ASSERT(list_.empty()); }

    /// `lasting_bytes_max` bounds what lasts; voice has bounds of its own.
    Added add(WaitingPool& pool, FrameRef frame, Delivery delivery, Instant now,
              std::size_t lasting_bytes_max) noexcept;

    /// Takes out what should be sent next: one frame, or several small ones copied together into
    /// one. Voice that is too old by `now` is dropped. Nothing if the queue is empty.
    FrameRef next(WaitingPool& pool, FramePool& frames, Instant now) noexcept;

    void clear(WaitingPool& pool) noexcept;
    bool empty() const noexcept { return list_.empty(); }
    /// More waits than a peer is read for; little enough waits to read on (net/limits.h). Voice,
    /// which ages away by itself, counts by its number alone.
    bool is_long() const noexcept;
    bool is_short() const noexcept;
    std::size_t bytes() const noexcept { return std::size_t{perishable_bytes_} + lasting_bytes_; }

private:
    void remove(WaitingPool& pool, WaitingFrame& waiting) noexcept;
    bool drop_oldest_voice(WaitingPool& pool) noexcept;
    void drop_stale(WaitingPool& pool, Instant now) noexcept;

    WaitingList list_;
    std::uint32_t perishable_bytes_ = 0;
    std::uint32_t lasting_bytes_ = 0;
    std::uint32_t count_ = 0;
};

}  // namespace parley::net
