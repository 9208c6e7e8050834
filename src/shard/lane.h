// Lane: a bounded queue of records from one shard to one other.
//
//   writer: reserve ─▶ fill ─▶ commit … ─▶ publish()       reader: front() ─▶ pop() …
//
// Lock-free, single producer, single consumer. Records are bytes that lie whole in the lane's
// memory, so the reader works on them in place. What is committed becomes visible with publish(),
// once per turn of the writer: a batch costs one atomic store. Order is kept. It wakes nobody.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace parley {

/// The protocol between shards, and from them to the recorder: everything that ever crosses a lane.
enum class RecordKind : std::uint8_t {
    skip,               ///< inside Lane only: the rest up to the end of its memory is unused
    accepted,           ///< a connection that nothing is known of, from who has the listener
    hand_over,          ///< an accepted connection, to its user's home
    burst,              ///< a talk is going on in a group of a shard that drains; to all others
    group_listen,       ///< a shard has listeners of a group, or no longer; to the group's home
    floor_request,      ///< what a session asks of a group's floor, to the group's home
    group_audio,        ///< a voice frame, to the group's home
    chat_letter,        ///< a text or the like, to where it is kept
    chat_item,          ///< one that was kept, to a shard with listeners of its group
    chat_receipt,       ///< DELIVERED or READ, to the home of the message's sender
    chat_sync,          ///< whether a shard knows who listens, and its answer
    group_event,        ///< what a group says, to a shard with listeners
    session_event,      ///< an answer, to the shard of the session
    user_event,         ///< a direct message, to the home of its user
    membership_update,  ///< which groups a user is in, from who heard of it, to the user's home
    talk_began,         ///< a talk that is recorded, to the recorder (record/tap.h)
    talk_packet,        ///< a voice packet of one, likewise
    talk_ended,         ///< its end, likewise
    count,              ///< how many kinds there are; never sent
};

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): each side's own cache line is the point
class Lane {
public:
    struct Record {
        RecordKind kind{};
        std::span<std::byte> bytes;
    };

    /// `capacity_bytes` is a power of two.
    explicit Lane(std::size_t capacity_bytes);
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;
    ~Lane() = default;

    /// Writer. Room for a record of `size` bytes, or an empty span if the lane is full for now.
    /// At most one reservation is open. Requires 0 < size <= record_bytes_max().
    std::span<std::byte> reserve(RecordKind kind, std::size_t size) noexcept;
    /// Writer. The reserved record is filled.
    void commit() noexcept;
    /// Writer. Shows the reader what was committed; false if there was nothing new.
    bool publish() noexcept;

    /// Reader. The oldest record; false if there is none.
    bool front(Record& record) noexcept;
    /// Reader. The record last given by front() is done with.
    void pop() noexcept;
    /// Reader. Whether something is waiting. Also orders this after a store of the sleep flag.
    bool empty() const noexcept;

    std::size_t record_bytes_max() const noexcept { return capacity_ / 4; }

    /// Bytes of records on their way that do not lie in the lane itself. The writer adds before it
    /// sends one, the reader takes off when it has taken one out.
    std::size_t outside_bytes() const noexcept {
        return outside_bytes_.load(std::memory_order_relaxed);
    }
    void add_outside(std::size_t bytes) noexcept {
        outside_bytes_.fetch_add(bytes, std::memory_order_relaxed);
    }
    void take_off_outside(std::size_t bytes) noexcept {
        outside_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    }

private:
    struct Head {
        std::uint32_t size;  // of the record's bytes, without head and padding
        RecordKind kind;
    };
    static constexpr std::size_t alignment = 16;  // of every record's head and bytes
    static std::size_t stride(std::size_t size) noexcept;
    bool has_room(std::size_t bytes) noexcept;

    const std::size_t capacity_;
    const std::unique_ptr<std::byte[]> memory_;

    // Positions only grow; modulo capacity_ they are places. Each side's own on its own line.
    alignas(64) std::atomic<std::uint64_t> published_{0};
    std::uint64_t written_ = 0;    // writer
    std::uint64_t reserved_ = 0;   // writer: end of the open reservation
    std::uint64_t read_seen_ = 0;  // writer: read_ as last looked up
    alignas(64) std::atomic<std::uint64_t> read_{0};
    std::uint64_t published_seen_ = 0;  // reader: published_ as last looked up
    std::uint64_t front_end_ = 0;       // reader: end of the record given by front()
    alignas(64) std::atomic<std::size_t> outside_bytes_{0};  // large records only: rare
};

}  // namespace parley
