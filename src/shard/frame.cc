#include "shard/frame.h"

#include <new>

namespace parley {
namespace {

constexpr std::size_t frame_alignment = 64;  // neighbours share no cache line

constexpr std::size_t stride(std::uint32_t bytes) noexcept {
    return (sizeof(Frame) + bytes + frame_alignment - 1) / frame_alignment * frame_alignment;
}

}  // namespace

FramePool::FramePool(const Options& options) : options_(options) {
    fill(small_, options.small_bytes, options.small_count);
    fill(medium_, options.medium_bytes, options.medium_count);
}

FramePool::~FramePool() {
    PARLEY_ASSERT(outstanding_ == 0);
}

void FramePool::fill(Frame*& free_list, std::uint32_t bytes, std::uint32_t count) {
    slabs_.push_back(std::make_unique_for_overwrite<std::byte[]>(stride(bytes) * count));
    std::byte* at = slabs_.back().get();
    for (std::uint32_t i = 0; i < count; ++i, at += stride(bytes)) {
        free_list = new (at) Frame{.pool = this, .next_free = free_list, .capacity = bytes};
    }
}

Frame* FramePool::take(Frame*& free_list) noexcept {
    Frame* frame = free_list;
    if (frame != nullptr) free_list = frame->next_free;
    return frame;
}

Frame* FramePool::take_prepared(std::size_t size) noexcept {
    Frame* frame = nullptr;
    if (size <= options_.small_bytes) frame = take(small_);
    if (frame == nullptr && size <= options_.medium_bytes) frame = take(medium_);
    if (frame != nullptr) frame->next_free = nullptr;
    return frame;
}

FrameRef FramePool::hand_out(Frame& frame) noexcept {
    frame.size = 0;
    frame.messages = 1;
    ++outstanding_;
    return FrameRef{frame};
}

FrameRef FramePool::allocate_prepared(std::size_t size) noexcept {
    Frame* frame = take_prepared(size);
    return frame == nullptr ? FrameRef{} : hand_out(*frame);
}

FrameRef FramePool::allocate(std::size_t size) noexcept {
    Frame* frame = take_prepared(size);
    if (frame != nullptr) return hand_out(*frame);
    if (large_bytes_ + size > options_.large_bytes_max) return FrameRef{};
    auto* place = static_cast<std::byte*>(::operator new(sizeof(Frame) + size));
    frame = new (place) Frame{.pool = this, .capacity = static_cast<std::uint32_t>(size)};
    frame->next_free = frame;  // marks a frame that was made for this one message
    large_bytes_ += size;
    return hand_out(*frame);
}

void FramePool::recycle(Frame& frame) noexcept {
    --outstanding_;
    if (frame.next_free == &frame) {
        large_bytes_ -= frame.capacity;
        frame.~Frame();
        ::operator delete(&frame);
        return;
    }
    Frame*& free_list = frame.capacity == options_.small_bytes ? small_ : medium_;
    frame.next_free = free_list;
    free_list = &frame;
}

}  // namespace parley
