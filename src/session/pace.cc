#include "session/pace.h"

#include <algorithm>

#include "session/limits.h"

namespace parley::session {
namespace {

// What one is told about dropped voice: at most this much, so that the answers to a flood are none.
constexpr Allowance audio_notes = Allowance::of(1, 1);

}  // namespace

bool Meter::take(const Allowance& allowance, std::uint32_t cost, Instant now) noexcept {
    if (allowance.unlimited()) return true;
    const Instant until = std::max(paid_until_, now) + allowance.each * cost;
    if (until - now > allowance.ahead) return false;
    paid_until_ = until;
    return true;
}

bool Paces::Meters::idle(Instant now) const noexcept {
    return control.idle(now) && text.idle(now) && joins.idle(now) && audio_frames.idle(now) &&
           audio_bits.idle(now) && violations.idle(now) && notes.idle(now);
}

Paces::Paces() noexcept : look_at_(pace_records_min) {}

// A violation is counted in parts, so that dropped voice can be less than one. The last one must
// not fit any more.
void Paces::set(const PaceLimits& limits) noexcept {
    PARLEY_ASSERT(meters_.empty());
    limits_ = limits;
    violations_ = {};
    if (limits.violations_max == 0) return;
    violations_.each = violation_memory / audio_drops_per_violation;
    violations_.ahead =
        violations_.each * (std::int64_t{limits.violations_max} * audio_drops_per_violation - 1);
}

Paces::Verdict Paces::judge(UserKey user, wire::Verb verb, std::size_t audio_bytes,
                            Instant now) noexcept {
    switch (verb) {
        case wire::Verb::audio:
            return take_audio(user, audio_bytes, now);
        case wire::Verb::floor_release:
            return Verdict::pass;  // a floor that is not given back serves nobody (V25)
        case wire::Verb::text:
        case wire::Verb::interactive:
        case wire::Verb::image:
            return take(user, &Meters::text, limits_.text, now);
        case wire::Verb::join:
            return take(user, &Meters::joins, limits_.joins, now);
        case wire::Verb::floor_request:
        case wire::Verb::hello:
        case wire::Verb::leave:
        case wire::Verb::delivered:
        case wire::Verb::read:
        case wire::Verb::connection_test:
            return take(user, &Meters::control, limits_.control, now);
    }
    return Verdict::pass;
}

Paces::Verdict Paces::judge_garbage(UserKey user, Instant now) noexcept {
    const Verdict verdict = take(user, &Meters::control, limits_.control, now);
    return verdict == Verdict::refuse ? Verdict::drop : verdict;
}

Paces::Verdict Paces::take(UserKey user, Meter Meters::*which, const Allowance& allowance,
                           Instant now) noexcept {
    if (allowance.unlimited()) return Verdict::pass;
    Meters& meters = meters_of(user, now);
    if ((meters.*which).take(allowance, 1, now)) return Verdict::pass;
    ++refused_;
    return punish(meters, audio_drops_per_violation, now);
}

Paces::Verdict Paces::take_audio(UserKey user, std::size_t bytes, Instant now) noexcept {
    if (limits_.audio_frames.unlimited() && limits_.audio_bits.unlimited()) return Verdict::pass;
    Meters& meters = meters_of(user, now);
    const auto bits = static_cast<std::uint32_t>(std::min<std::size_t>(bytes * 8, UINT32_MAX));
    if (meters.audio_frames.take(limits_.audio_frames, 1, now) &&
        meters.audio_bits.take(limits_.audio_bits, bits, now)) {
        return Verdict::pass;
    }
    ++audio_dropped_;
    const Verdict verdict = punish(meters, 1, now);
    if (verdict == Verdict::close || meters.notes.take(audio_notes, 1, now)) return verdict;
    return Verdict::drop;
}

Paces::Verdict Paces::punish(Meters& meters, std::uint32_t cost, Instant now) noexcept {
    return meters.violations.take(violations_, cost, now) ? Verdict::refuse : Verdict::close;
}

Paces::Meters& Paces::meters_of(UserKey user, Instant now) noexcept {
    if (Meters* known = meters_.find(user)) return *known;
    if (meters_.size() >= look_at_) forget_idle(now);
    return meters_.insert(user, Meters{});
}

// Each time there are twice as many as were left the last time, so that a record costs the same
// however many there are.
void Paces::forget_idle(Instant now) noexcept {
    idle_.clear();
    meters_.for_each([this, now](UserKey user, const Meters& meters) {
        if (meters.idle(now)) idle_.push_back(user);
    });
    for (const UserKey user : idle_)
        meters_.erase(user);
    look_at_ = std::max(pace_records_min, 2 * meters_.size());
}

std::size_t audio_content_size(std::span<const std::byte> payload) noexcept {
    std::size_t head = 0;
    if (!payload.empty()) {
        switch (std::to_integer<unsigned>(payload[0])) {
            case 0xc4:  // bin 8
            case 0xd9:  // str 8
                head = 2;
                break;
            case 0xc5:  // bin 16
            case 0xda:  // str 16
                head = 3;
                break;
            case 0xc6:  // bin 32
            case 0xdb:  // str 32
                head = 5;
                break;
            default:
                break;
        }
    }
    return payload.size() - std::min(head, payload.size());
}

}  // namespace parley::session
