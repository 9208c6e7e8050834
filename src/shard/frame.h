// FrameRef and FramePool: encoded messages that many connections of one shard send.
//
// Frames never leave their shard: what another shard must send crosses a lane as bytes and is
// encoded there into a frame of that shard's own (docs/decisions/0003-lanes-carry-bytes.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace parley {

class FramePool;

/// One encoded message, or several that leave together, immutable once shared. Its bytes follow it
/// in memory.
struct Frame {
    FramePool* pool = nullptr;
    Frame* next_free = nullptr;
    std::uint32_t refs = 0;  ///< not atomic: only the owning shard counts
    std::uint32_t size = 0;
    std::uint32_t capacity = 0;
    std::uint32_t messages = 1;  ///< that it is made of, for counting

    std::byte* data() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
};

/// One counted hold on a Frame, on the shard that owns it. Copying is spelled
/// share(), so that every reference taken can be seen in the text.
class [[nodiscard]] FrameRef {
public:
    FrameRef() noexcept = default;  ///< holds nothing
    explicit FrameRef(Frame& frame) noexcept : frame_(&frame) { ++frame.refs; }
    FrameRef(FrameRef&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
    FrameRef& operator=(FrameRef&& other) noexcept {
        FrameRef moved{std::move(other)};
        std::swap(frame_, moved.frame_);
        return *this;
    }
    FrameRef(const FrameRef&) = delete;
    FrameRef& operator=(const FrameRef&) = delete;
    ~FrameRef() { drop(); }

    explicit operator bool() const noexcept { return frame_ != nullptr; }
    FrameRef share() const noexcept {
        PARLEY_ASSERT(frame_ != nullptr);
        return FrameRef{*frame_};
    }
    std::span<const std::byte> bytes() const noexcept {
        PARLEY_ASSERT(frame_ != nullptr);
        return {frame_->data(), frame_->size};
    }
    /// The frame itself, for whoever counts no hold of its own: somebody else must keep it.
    Frame* get() const noexcept { return frame_; }
    /// True if nobody else holds it, so that it may still be written to.
    bool is_sole() const noexcept { return frame_ != nullptr && frame_->refs == 1; }
    /// The whole space, to be filled before the frame is shared; then set_size().
    std::span<std::byte> space() noexcept {
        PARLEY_ASSERT(frame_ != nullptr && frame_->refs == 1);
        return {frame_->data(), frame_->capacity};
    }
    void set_messages(std::uint32_t count) noexcept { frame_->messages = count; }
    std::uint32_t messages() const noexcept { return frame_->messages; }
    void set_size(std::size_t size) noexcept {
        PARLEY_ASSERT(frame_ != nullptr && size <= frame_->capacity);
        frame_->size = static_cast<std::uint32_t>(size);
    }

private:
    inline void drop() noexcept;

    Frame* frame_ = nullptr;
};

/// The frames of one shard, in two sizes made at start, and a bounded number of larger ones made
/// when needed. Not thread-safe: one per shard.
class FramePool {
public:
    struct Options {
        /// A voice frame is at most 255 bytes of two ids and 1,275 of Opus (RFC 6716 section 3.4)
        /// in theory; radios send 128 bytes. Small ones take what is usual, medium ones the rest,
        /// and voice of one group and turn that is sent together. What a turn sends is held until
        /// the next one has begun, and a turn takes in at most the ring's receive buffers, each
        /// from one talker: 512. So 8,192 small ones are eight frames of each, twice over; with 512
        /// medium ones every group that gathers has its own, unless two full turns meet. Beyond, a
        /// group's voice leaves in more sends.
        std::uint32_t small_bytes = 512;
        std::uint32_t small_count = 8192;
        std::uint32_t medium_bytes = 8192;
        std::uint32_t medium_count = 512;
        /// Bytes of frames beyond those: texts and images that slow readers have not taken yet.
        std::size_t large_bytes_max = std::size_t{256} << 20;
    };

    explicit FramePool(const Options& options);
    FramePool(const FramePool&) = delete;
    FramePool& operator=(const FramePool&) = delete;
    ~FramePool();

    /// A frame with room for `size` bytes, or none when the bound is reached: the caller drops
    /// what is perishable, and closes who needed the rest.
    FrameRef allocate(std::size_t size) noexcept;

    /// The same, but only of those made at start: none if they are in use or too small.
    FrameRef allocate_prepared(std::size_t size) noexcept;

    std::size_t outstanding() const noexcept { return outstanding_; }

private:
    friend class FrameRef;

    void recycle(Frame& frame) noexcept;
    static Frame* take(Frame*& free_list) noexcept;
    Frame* take_prepared(std::size_t size) noexcept;
    FrameRef hand_out(Frame& frame) noexcept;
    void fill(Frame*& free_list, std::uint32_t bytes, std::uint32_t count);

    Options options_;
    std::vector<std::unique_ptr<std::byte[]>> slabs_;
    Frame* small_ = nullptr;
    Frame* medium_ = nullptr;
    std::size_t large_bytes_ = 0;
    std::size_t outstanding_ = 0;
};

inline void FrameRef::drop() noexcept {
    if (frame_ != nullptr && --frame_->refs == 0) frame_->pool->recycle(*frame_);
    frame_ = nullptr;
}

}  // namespace parley
