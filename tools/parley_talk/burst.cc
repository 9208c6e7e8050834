// Burst: the arithmetic of loss and lateness.
#include "parley_talk/burst.h"

#include <algorithm>
#include <limits>

namespace parley::talk {
namespace {

/// Durations beyond this are not believed: no server lets anybody talk so long.
constexpr std::chrono::minutes lasted_max{10};

}  // namespace

BurstCounts& BurstCounts::operator+=(const BurstCounts& other) noexcept {
    frames += other.frames;
    lost += other.lost;
    late += other.late;
    return *this;
}

Burst::Burst(std::optional<Clock::time_point> started_at) noexcept : started_at_(started_at) {}

bool Burst::add(client::Packet packet, Clock::time_point at) {
    const microseconds duration = client::packet_duration(packet);
    if (duration.count() == 0 || frames_.size() >= frames_max) return false;
    frames_.push_back({std::move(packet), at, duration, 0});
    return true;
}

BurstCounts Burst::finish(std::optional<milliseconds> lasted, milliseconds late_after) {
    BurstCounts counts{.frames = static_cast<std::uint32_t>(frames_.size())};
    if (frames_.empty()) return counts;
    if (lasted && started_at_) counts.lost = count_lost(*lasted);
    place_lost(counts.lost);
    counts.late = count_late(late_after);
    return counts;
}

void Burst::decode(client::VoiceDecoder& decoder, std::vector<std::int16_t>& out) const {
    const auto conceal = [&](std::uint32_t count, microseconds duration) {
        for (std::uint32_t i = 0; i < count; ++i)
            decoder.conceal(duration, out);
    };
    for (const Frame& frame : frames_) {
        conceal(frame.missing_before, frame.duration);
        if (!decoder.decode(frame.packet, out)) decoder.conceal(frame.duration, out);
    }
    if (!frames_.empty()) conceal(missing_at_end_, frames_.back().duration);
}

std::optional<Clock::time_point> Burst::heard_at() const noexcept {
    return frames_.empty() ? started_at_ : frames_.back().at;
}

std::uint32_t Burst::count_lost(milliseconds lasted) const noexcept {
    // The talker waits for the floor between START and its first frame, and so did we. What is left
    // runs from the first frame to STOP. A radio sends STOP within one frame after its last one.
    const microseconds frame = frames_.front().duration;
    const auto lead = std::chrono::floor<microseconds>(frames_.front().at - *started_at_);
    const microseconds span = std::min<milliseconds>(lasted, lasted_max) - lead;
    if (span.count() < 0) return 0;
    const auto sent = static_cast<std::size_t>(span / frame) + 1;
    return sent > frames_.size() ? static_cast<std::uint32_t>(sent - frames_.size()) : 0;
}

void Burst::place_lost(std::uint32_t lost) {
    // A frame that was only delayed is followed by frames that are not; after a lost one, all come
    // one frame later. So the least delay of all that follow grows by a frame at each loss.
    microseconds position{};
    std::vector<microseconds> least_delay(frames_.size());
    for (std::size_t i = 0; i < frames_.size(); ++i) {
        const auto since_first = frames_[i].at - frames_.front().at;
        least_delay[i] = std::chrono::floor<microseconds>(since_first) - position;
        position += frames_[i].duration;
    }
    for (std::size_t i = frames_.size() - 1; i-- > 0;) {
        least_delay[i] = std::min(least_delay[i], least_delay[i + 1]);
    }
    std::uint32_t placed = 0;
    for (std::size_t i = 1; i < frames_.size() && placed < lost; ++i) {
        const microseconds frame = frames_[i].duration;
        const auto steps = (least_delay[i] - least_delay[0] + frame / 2) / frame;
        const auto wanted = static_cast<std::uint32_t>(std::clamp<std::int64_t>(steps, 0, lost));
        if (wanted <= placed) continue;
        frames_[i].missing_before = wanted - placed;
        placed = wanted;
    }
    missing_at_end_ = lost - placed;
}

std::uint32_t Burst::count_late(milliseconds late_after) const noexcept {
    const auto delays = [this](auto&& use) {
        Clock::duration position{};
        for (const Frame& frame : frames_) {
            position += frame.missing_before * frame.duration;
            use(frame.at - frames_.front().at - position);
            position += frame.duration;
        }
    };
    auto earliest = Clock::duration::max();
    delays([&earliest](Clock::duration delay) { earliest = std::min(earliest, delay); });
    std::uint32_t late = 0;
    delays([&](Clock::duration delay) { late += delay - earliest > late_after ? 1 : 0; });
    return late;
}

}  // namespace parley::talk
