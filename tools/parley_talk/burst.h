// Burst: what became of the frames of one talk burst on their way here.
//
// VoicePing's AUDIO has no sequence number, so loss is inferred: the server's STOP says how long
// the burst lasted, and the arrival times say where a frame is missing. Pure: reads no clock.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "client/link.h"
#include "client/voice_codec.h"

namespace parley::talk {

using client::Clock;
using std::chrono::microseconds;
using std::chrono::milliseconds;

/// The counts that a listener reports.
struct BurstCounts {
    std::uint32_t frames = 0;  ///< received
    std::uint32_t lost = 0;    ///< told by STOP's duration; 0 if that or the START was not heard
    std::uint32_t late = 0;    ///< behind the schedule that the earliest frame sets

    BurstCounts& operator+=(const BurstCounts& other) noexcept;
    friend bool operator==(const BurstCounts&, const BurstCounts&) = default;
};

class Burst final {
public:
    /// More frames than this do not fit; the server's longest burst has 4,500 of 20 ms.
    static constexpr std::size_t frames_max = 30'000;

    /// `started_at`: when START was heard; nothing if the burst was already under way.
    explicit Burst(std::optional<Clock::time_point> started_at) noexcept;

    /// Adds a frame. False if the burst is full or the packet is not Opus; then it is not counted.
    bool add(client::Packet packet, Clock::time_point at);

    /// Ends the burst: infers what is missing, and where. `lasted` is STOP's duration, from START
    /// to STOP at the server. A frame is late if it came more than `late_after` behind the
    /// schedule.
    BurstCounts finish(std::optional<milliseconds> lasted, milliseconds late_after);

    /// The sound of the burst, after finish(): missing frames are concealed in their places.
    void decode(client::VoiceDecoder& decoder, std::vector<std::int16_t>& out) const;

    /// When something was last heard; nothing before START or the first frame.
    std::optional<Clock::time_point> heard_at() const noexcept;
    std::size_t frame_count() const noexcept { return frames_.size(); }

private:
    struct Frame {
        client::Packet packet;
        Clock::time_point at;
        microseconds duration;
        std::uint32_t missing_before = 0;  ///< set by finish()
    };

    std::uint32_t count_lost(milliseconds lasted) const noexcept;
    void place_lost(std::uint32_t lost);
    std::uint32_t count_late(milliseconds late_after) const noexcept;

    std::optional<Clock::time_point> started_at_;
    std::vector<Frame> frames_;
    std::uint32_t missing_at_end_ = 0;
};

}  // namespace parley::talk
