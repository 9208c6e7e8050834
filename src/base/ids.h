// Names for things inside the process, as distinct types: passing one for another does not compile.
#pragma once

#include <cstdint>
#include <type_traits>

namespace parley {

/// One core, one thread, one ring. Shards are numbered from 0 without gaps.
enum class ShardId : std::uint16_t {};

/// A user or a group, by the keyed hash of its id (base/hash.h). Two ids with the same hash would
/// be taken for one; with a 128-bit secret that nobody outside knows, a million names collide with
/// a chance of 3 in 10^8 (docs/decisions/0004-keys-are-hashes.md). The number 0 is nobody's.
enum class UserKey : std::uint64_t {};
enum class GroupKey : std::uint64_t {};

/// Counts the talk bursts of one group: a grant's number is never used again, so that a release
/// or a frame that names an earlier burst can be told from one of the present (a fencing token).
enum class FloorNumber : std::uint64_t {};

/// A talk that is being recorded, as its shard counts them; none: it is not recorded.
enum class TalkNumber : std::uint64_t { none = 0 };

/// The number behind an id, for codecs and logs only.
template <class Id>
constexpr auto raw(Id id) noexcept {
    return static_cast<std::underlying_type_t<Id>>(id);
}

/// Addresses a session from anywhere, without keeping it alive: look it up on
/// its own shard before use. A slot's generation changes each time it is reused,
/// so a stale ref finds nothing rather than someone else.
struct SessionRef {
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;
    ShardId shard{};

    friend bool operator==(const SessionRef&, const SessionRef&) = default;
};

}  // namespace parley
