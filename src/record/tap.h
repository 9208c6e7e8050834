// record::Tap: where a shard lets the recorder hear what is said.
//
//   FloorControl, DirectRelay ── begin(), end() ──▶┐
//   Relay, DirectRelay ──────── packet() ─────────▶├─ lane ─▶ recorder thread (looks by itself)
//                                   turn's end ────┘ publish
//
// A packet is copied into memory that is there already: nothing is allocated, locked or woken, and
// if the recorder is behind the packet is left out. One for each shard that records.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "record/limits.h"
#include "shard/shard.h"
#include "wire/message.h"

namespace parley::record {

/// What is recorded.
struct Selection {
    enum class What : std::uint8_t { all, listed };
    What what = What::all;
    std::vector<std::string> groups;  ///< if listed: these groups and no direct talk
};

/// Where the taps of all shards lead, and what they let through.
struct Taps {
    std::vector<Lane*> lanes;  ///< one for each shard
    Selection selection;
};

/// Who talks to whom: their ids as texts.
struct TalkNames {
    wire::Scope scope{};
    std::string_view to;
    std::string_view from;
};

// What crosses the lane: one of these, and the bytes named behind it.
struct TalkBegan {
    TalkNumber talk{};
    Instant at;
    WallTime began;
    wire::Scope scope{};
    std::uint32_t to_size = 0;  ///< then `to`, then `from`
};
struct TalkPacket {
    TalkNumber talk{};
    Instant at;  ///< then the packet, a MessagePack value
};
struct TalkEnded {
    TalkNumber talk{};
    Instant at;
    WallTime ended;  ///< then the id it was given; none: it ended without a word
};

class Tap {
public:
    /// The lane must outlive the shard's last turn.
    Tap(Shard& shard, Lane& lane, const Selection& selection);
    Tap(const Tap&) = delete;
    Tap& operator=(const Tap&) = delete;
    ~Tap() = default;

    bool wants_group(GroupKey group) const noexcept {
        return selects_all_ || groups_.contains(group);
    }
    bool wants_direct() const noexcept { return selects_all_; }

    /// None if the recorder is too far behind.
    TalkNumber begin(const TalkNames& names) noexcept;
    /// One packet, as a MessagePack value. Requires a talk that was begun and not ended.
    void packet(TalkNumber talk, std::span<const std::byte> value) noexcept {
        const TalkPacket head{talk, shard_.now()};
        const std::size_t size = sizeof(head) + value.size();
        const std::span<std::byte> room = value.size() > packet_bytes_max
                                              ? std::span<std::byte>{}
                                              : lane_.reserve(RecordKind::talk_packet, size);
        if (room.empty()) [[unlikely]] {
            ++packets_dropped_;
            return;
        }
        std::memcpy(room.data(), &head, sizeof(head));
        std::memcpy(room.data() + sizeof(head), value.data(), value.size());
        lane_.commit();
    }
    /// Ends it and forgets its number. `id` as listeners were told; empty if nobody was.
    void end(TalkNumber& talk, std::string_view id) noexcept;

    /// Packets and whole talks that the recorder was too far behind for.
    std::uint64_t packets_dropped() const noexcept { return packets_dropped_; }
    std::uint64_t talks_dropped() const noexcept { return talks_dropped_; }

private:
    struct LateEnd {
        TalkEnded ended;
        std::string id;
    };

    bool write(RecordKind kind, std::span<const std::byte> head, std::string_view first,
               std::string_view second) noexcept;
    void on_turn_end() noexcept;

    Shard& shard_;
    Lane& lane_;
    bool selects_all_;
    std::unordered_set<GroupKey> groups_;
    std::uint64_t last_ = 0;
    std::deque<LateEnd> late_;  // ends that found no room: as many as talks at most
    std::uint64_t packets_dropped_ = 0;
    std::uint64_t talks_dropped_ = 0;
};

}  // namespace parley::record
