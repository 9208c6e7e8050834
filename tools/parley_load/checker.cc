// Checker: sequence numbers against a window of the last 64.
#include "parley_load/checker.h"

namespace parley::load {

std::uint64_t Faults::sum() const noexcept {
    return lost + duplicated + reordered + corrupted + misdirected + malformed;
}

Faults& Faults::operator+=(const Faults& other) noexcept {
    lost += other.lost;
    duplicated += other.duplicated;
    reordered += other.reordered;
    corrupted += other.corrupted;
    misdirected += other.misdirected;
    malformed += other.malformed;
    return *this;
}

std::optional<Stamp> Checker::check(std::span<const std::byte> payload, std::uint32_t talker,
                                    Faults& faults) noexcept {
    const auto stamp = read_stamp(payload);
    if (!stamp) {
        ++faults.corrupted;
        return std::nullopt;
    }
    if (stamp->talker != talker) {
        ++faults.misdirected;
        return std::nullopt;
    }
    return accept(stamp->sequence, faults) ? stamp : std::nullopt;
}

bool Checker::accept(std::uint32_t sequence, Faults& faults) noexcept {
    if (sequence >= next_) {
        advance_to(sequence, faults);
        return true;
    }
    const std::uint32_t age = next_ - 1 - sequence;
    if (age >= window_size || (window_ >> age & 1) != 0) {
        ++faults.duplicated;
        return false;
    }
    window_ |= std::uint64_t{1} << age;
    ++faults.reordered;
    --faults.lost;
    return true;
}

void Checker::end(std::uint32_t sent_count, Faults& faults) noexcept {
    if (sent_count > next_) faults.lost += sent_count - next_;
}

void Checker::advance_to(std::uint32_t sequence, Faults& faults) noexcept {
    const std::uint32_t skipped = sequence - next_;
    faults.lost += skipped;
    window_ = skipped + 1 < window_size ? window_ << (skipped + 1) : 0;
    window_ |= 1;
    next_ = sequence + 1;
}

}  // namespace parley::load
