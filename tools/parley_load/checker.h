// Checker: whether one listener gets each frame of its talker once, whole and in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "parley_load/stamp.h"

namespace parley::load {

/// What must all be zero. Counted in frames, over any number of listeners.
struct Faults {
    std::uint64_t lost = 0;
    std::uint64_t duplicated = 0;
    std::uint64_t reordered = 0;    ///< came after a later one
    std::uint64_t corrupted = 0;    ///< not the bytes that were sent; such a frame is lost as well
    std::uint64_t misdirected = 0;  ///< of a talker of another group
    std::uint64_t malformed = 0;    ///< messages that are no VoicePing arrays

    std::uint64_t sum() const noexcept;
    Faults& operator+=(const Faults& other) noexcept;
    friend bool operator==(const Faults&, const Faults&) = default;
};

class Checker final {
public:
    /// Judges one payload; faults are added to `faults`. Gives the stamp if the frame is a new
    /// one of `talker`. A frame beyond a gap makes the gap count as lost at once; should one of the
    /// last 64 come after all, it is taken back and counted as reordered.
    std::optional<Stamp> check(std::span<const std::byte> payload, std::uint32_t talker,
                               Faults& faults) noexcept;

    /// Judges frame `sequence`, whose payload was found good. True if it is new.
    bool accept(std::uint32_t sequence, Faults& faults) noexcept;

    /// The talker has sent `sent_count` frames and no more will come: counts the missing tail.
    void end(std::uint32_t sent_count, Faults& faults) noexcept;

private:
    static constexpr std::uint32_t window_size = 64;

    void advance_to(std::uint32_t sequence, Faults& faults) noexcept;

    std::uint64_t window_ = 0;  ///< bit i: frame next_ - 1 - i has come
    std::uint32_t next_ = 0;    ///< one beyond the highest sequence number seen
};

}  // namespace parley::load
