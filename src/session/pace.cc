#include "session/pace.h"

#include <algorithm>
#include <vector>

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

bool Paces::Words::idle(Instant now) const noexcept {
    return control.idle(now) && text.idle(now) && joins.idle(now) && violations.idle(now);
}

bool Paces::Voice::idle(Instant now) const noexcept {
    return frames.idle(now) && bits.idle(now) && notes.idle(now);
}

template <class Record>
Paces::Records<Record>::Records() noexcept : look_at_(pace_records_min) {}

template <class Record>
Record& Paces::Records<Record>::of(UserKey user, Instant now) noexcept {
    if (Record* known = records_.find(user)) return *known;
    if (records_.size() >= look_at_) forget_idle(now);
    return records_.insert(user, Record{});
}

// Each time there are twice as many as were left the last time, so that a record costs the same
// however many there are.
template <class Record>
void Paces::Records<Record>::forget_idle(Instant now) noexcept {
    std::vector<UserKey> idle;
    records_.for_each([&idle, now](UserKey user, const Record& record) {
        if (record.idle(now)) idle.push_back(user);
    });
    for (const UserKey user : idle)
        records_.erase(user);
    look_at_ = std::max(pace_records_min, 2 * records_.size());
}

Paces::Paces() noexcept = default;

// A violation is counted in parts, so that dropped voice can be less than one. The last one must
// not fit any more.
void Paces::set(const PaceLimits& limits) noexcept {
    PARLEY_ASSERT(users() == 0);
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
            return take(user, &Words::text, limits_.text, now);
        case wire::Verb::join:
            return take(user, &Words::joins, limits_.joins, now);
        case wire::Verb::floor_request:
        case wire::Verb::hello:
        case wire::Verb::leave:
        case wire::Verb::delivered:
        case wire::Verb::read:
        case wire::Verb::connection_test:
            return take(user, &Words::control, limits_.control, now);
    }
    return Verdict::pass;
}

Paces::Verdict Paces::judge_garbage(UserKey user, Instant now) noexcept {
    const Verdict verdict = take(user, &Words::control, limits_.control, now);
    return verdict == Verdict::refuse ? Verdict::drop : verdict;
}

Paces::Verdict Paces::take(UserKey user, Meter Words::*which, const Allowance& allowance,
                           Instant now) noexcept {
    if (allowance.unlimited()) return Verdict::pass;
    Words& words = words_.of(user, now);
    if ((words.*which).take(allowance, 1, now)) return Verdict::pass;
    ++refused_;
    return punish(words, audio_drops_per_violation, now);
}

Paces::Verdict Paces::take_audio(UserKey user, std::size_t bytes, Instant now) noexcept {
    if (limits_.audio_frames.unlimited() && limits_.audio_bits.unlimited()) return Verdict::pass;
    Voice& voice = voice_.of(user, now);
    const auto bits = static_cast<std::uint32_t>(std::min<std::size_t>(bytes * 8, UINT32_MAX));
    if (voice.frames.take(limits_.audio_frames, 1, now) &&
        voice.bits.take(limits_.audio_bits, bits, now)) {
        return Verdict::pass;
    }
    ++audio_dropped_;
    const Verdict verdict = punish(words_.of(user, now), 1, now);
    if (verdict == Verdict::close || voice.notes.take(audio_notes, 1, now)) return verdict;
    return Verdict::drop;
}

Paces::Verdict Paces::punish(Words& words, std::uint32_t cost, Instant now) noexcept {
    return words.violations.take(violations_, cost, now) ? Verdict::refuse : Verdict::close;
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
