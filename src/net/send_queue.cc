#include "net/send_queue.h"

#include <cstring>

#include "net/limits.h"

namespace parley::net {

WaitingPool::WaitingPool(std::uint32_t count) : places_(std::make_unique<WaitingFrame[]>(count)) {
    for (std::uint32_t i = 0; i < count; ++i)
        free_.push_back(places_[i]);
}

WaitingFrame* WaitingPool::take() noexcept {
    if (free_.empty()) return nullptr;
    ++in_use_;
    return &free_.pop_front();
}

void WaitingPool::give_back(WaitingFrame& place) noexcept {
    --in_use_;
    place.frame = FrameRef{};
    free_.push_back(place);
}

SendQueue::Added SendQueue::add(WaitingPool& pool, FrameRef frame, Delivery delivery, Instant now,
                                std::size_t lasting_bytes_max) noexcept {
    const std::size_t size = frame.bytes().size();
    Added added = Added::yes;
    if (delivery == Delivery::lasting) {
        const bool first = lasting_bytes_ == 0;  // one message of any size may wait
        if (!first && lasting_bytes_ + size > lasting_bytes_max) return Added::full;
        while (count_ >= lasting_frames_max) {
            if (!drop_oldest_voice(pool)) return Added::full;
            added = Added::dropped;
        }
    } else {
        while (perishable_bytes_ + size > perishable_bytes_max) {
            added = Added::dropped;
            if (drop_oldest_voice(pool)) continue;
            pool.count_dropped(frame);  // it alone is too large
            return added;
        }
    }
    WaitingFrame* place = pool.take();
    if (place == nullptr && drop_oldest_voice(pool)) {
        added = Added::dropped;
        place = pool.take();
    }
    if (place == nullptr) {
        if (delivery == Delivery::lasting) return Added::full;
        pool.count_dropped(frame);
        return Added::dropped;
    }
    place->frame = std::move(frame);
    place->since = now;
    place->delivery = delivery;
    auto& bytes = delivery == Delivery::lasting ? lasting_bytes_ : perishable_bytes_;
    bytes += static_cast<std::uint32_t>(size);
    ++count_;
    list_.push_back(*place);
    return added;
}

void SendQueue::remove(WaitingPool& pool, WaitingFrame& waiting) noexcept {
    auto& bytes = waiting.delivery == Delivery::lasting ? lasting_bytes_ : perishable_bytes_;
    bytes -= static_cast<std::uint32_t>(waiting.frame.bytes().size());
    --count_;
    waiting.hook.unlink();
    pool.give_back(waiting);
}

bool SendQueue::drop_oldest_voice(WaitingPool& pool) noexcept {
    for (WaitingFrame& waiting : list_) {
        if (waiting.delivery != Delivery::perishable) continue;
        pool.count_dropped(waiting.frame);
        remove(pool, waiting);
        return true;
    }
    return false;
}

void SendQueue::drop_stale(WaitingPool& pool, Instant now) noexcept {
    if (perishable_bytes_ == 0) return;
    for (WaitingFrame& waiting : list_) {
        if (now - waiting.since <= perishable_age_max) return;
        if (waiting.delivery != Delivery::perishable) continue;
        pool.count_dropped(waiting.frame);
        remove(pool, waiting);
    }
}

FrameRef SendQueue::next(WaitingPool& pool, FramePool& frames, Instant now) noexcept {
    drop_stale(pool, now);
    if (list_.empty()) return FrameRef{};
    std::size_t together = 0;
    std::size_t count = 0;
    for (const WaitingFrame& waiting : list_) {
        const std::size_t size = waiting.frame.bytes().size();
        if (together + size > coalesced_bytes_max) break;
        together += size;
        ++count;
    }
    // Only into memory that is there: copying saves segments, it is not worth an allocation.
    FrameRef batch = count > 1 ? frames.allocate_prepared(together) : FrameRef{};
    if (!batch) {
        WaitingFrame& first = list_.front();
        FrameRef frame = first.frame.share();
        remove(pool, first);
        return frame;
    }
    std::byte* at = batch.space().data();
    for (; count > 0; --count) {
        WaitingFrame& first = list_.front();
        const auto bytes = first.frame.bytes();
        std::memcpy(at, bytes.data(), bytes.size());
        at += bytes.size();
        remove(pool, first);
    }
    batch.set_size(together);
    return batch;
}

bool SendQueue::is_long() const noexcept {
    return lasting_bytes_ > unread_bytes_mark || count_ > unread_frames_mark;
}

bool SendQueue::is_short() const noexcept {
    return lasting_bytes_ <= read_on_bytes_mark && count_ <= read_on_frames_mark;
}

void SendQueue::clear(WaitingPool& pool) noexcept {
    while (!list_.empty())
        remove(pool, list_.front());
}

}  // namespace parley::net
