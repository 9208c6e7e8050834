#include "shard/lane.h"

#include <cstring>
#include <new>

#include "base/assert.h"

namespace parley {

Lane::Lane(std::size_t capacity_bytes)
    : capacity_(capacity_bytes),
      memory_(std::make_unique_for_overwrite<std::byte[]>(capacity_bytes)) {
    PARLEY_ASSERT(capacity_bytes >= 4096);
    PARLEY_ASSERT((capacity_bytes & (capacity_bytes - 1)) == 0);
}

std::size_t Lane::stride(std::size_t size) noexcept {
    return alignment + (size + alignment - 1) / alignment * alignment;
}

bool Lane::has_room(std::size_t bytes) noexcept {
    if (written_ + bytes - read_seen_ <= capacity_) return true;
    read_seen_ = read_.load(std::memory_order_acquire);
    return written_ + bytes - read_seen_ <= capacity_;
}

std::span<std::byte> Lane::reserve(RecordKind kind, std::size_t size) noexcept {
    PARLEY_ASSERT(size > 0 && size <= record_bytes_max());
    const std::size_t needed = stride(size);
    const std::size_t to_end = capacity_ - (written_ & (capacity_ - 1));
    // A record does not wrap: what is left before the end is skipped.
    const std::size_t skipped = needed > to_end ? to_end : 0;
    if (!has_room(skipped + needed)) return {};
    if (skipped > 0) {
        new (memory_.get() + (capacity_ - to_end)) Head{0, RecordKind::skip};
        written_ += skipped;
    }
    std::byte* place = memory_.get() + (written_ & (capacity_ - 1));
    new (place) Head{static_cast<std::uint32_t>(size), kind};
    reserved_ = written_ + needed;
    return {place + alignment, size};
}

void Lane::commit() noexcept {
    written_ = reserved_;
}

bool Lane::publish() noexcept {
    if (published_.load(std::memory_order_relaxed) == written_) return false;
    // seq_cst pairs with the reader's: it either sees this, or its sleep flag is seen by us.
    published_.store(written_, std::memory_order_seq_cst);
    return true;
}

bool Lane::front(Record& record) noexcept {
    std::uint64_t at = read_.load(std::memory_order_relaxed);
    while (true) {
        if (at == published_seen_) {
            published_seen_ = published_.load(std::memory_order_acquire);
            if (at == published_seen_) return false;
        }
        std::byte* place = memory_.get() + (at & (capacity_ - 1));
        const Head head = *std::launder(reinterpret_cast<Head*>(place));
        if (head.kind != RecordKind::skip) {
            record = {head.kind, {place + alignment, head.size}};
            front_end_ = at + stride(head.size);
            return true;
        }
        at += capacity_ - (at & (capacity_ - 1));
        read_.store(at, std::memory_order_release);
    }
}

void Lane::pop() noexcept {
    read_.store(front_end_, std::memory_order_release);
}

bool Lane::empty() const noexcept {
    return published_.load(std::memory_order_seq_cst) == read_.load(std::memory_order_relaxed);
}

}  // namespace parley
