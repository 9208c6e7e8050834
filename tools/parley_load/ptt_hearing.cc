// PttPart: what comes back, and whether one alone is heard.
#include "parley_load/ptt_part.h"
#include "parley_load/stamp.h"
#include "parley_load/swarm.h"

namespace parley::load {
namespace {

using client::Type;

constexpr std::size_t series(PttSeries which) noexcept {
    return static_cast<std::size_t>(which);
}

}  // namespace

void PttPart::on_message(std::uint32_t index, const client::ServerMessage& message) {
    switch (static_cast<Type>(message.type)) {
        case Type::audio:
            return on_audio(index, message);
        case Type::start_ack:
            return on_granted(index);
        case Type::start_failed:
            return on_refused(index);
        case Type::stop_ack:
            return on_released(index);
        case Type::stop:
            return on_stop_heard(index);
        case Type::unauthorized_group:
            return place_.run.fail(
                "the server refused the floor: not a member; this load needs a server that lets "
                "everybody join (--join open)");
        default:
            return;
    }
}

void PttPart::on_granted(std::uint32_t index) {
    const std::uint32_t number = members_[index].own;
    if (number == none || bursts_[number].is_granted) return;
    Burst& burst = bursts_[number];
    if (burst.state == Burst::State::asking) burst.state = Burst::State::talking;
    burst.is_granted = true;
    place_.tally.add(Count::granted);
    place_.tally.record(series(PttSeries::grant), place_.swarm.received_at() - burst.press_due);
    place_.tally.add(Count::sent, burst.sent);
    place_.tally.add(Count::expected,
                     std::uint64_t{burst.sent} * (place_.run.options.group_size - 1));
    place_.tally.add(Count::heard, burst.heard);
    // Nobody else of the group may have been granted the floor and not have let go of it.
    const std::uint32_t size = place_.run.options.group_size;
    const std::uint32_t first = index / size * size;
    for (std::uint32_t other = first; other < first + size; ++other) {
        const std::uint32_t own = members_[other].own;
        if (other == index || own == none) continue;
        if (bursts_[own].state == Burst::State::talking) place_.tally.add(Count::floor_violations);
    }
}

void PttPart::on_refused(std::uint32_t index) {
    const std::uint32_t number = members_[index].own;
    if (number == none || bursts_[number].is_granted) return;
    Burst& burst = bursts_[number];
    if (burst.state == Burst::State::refused) return;
    if (burst.state == Burst::State::asking) request(index, Type::stop);
    burst.state = Burst::State::refused;
    place_.tally.add(Count::refused);
    place_.tally.add(Count::floor_violations, burst.heard);
}

void PttPart::on_released(std::uint32_t index) {
    const std::uint32_t number = members_[index].own;
    if (number == none) return;
    Burst& burst = bursts_[number];
    burst.state = burst.state == Burst::State::refused ? burst.state : Burst::State::over;
    members_[index].own = none;
    if (burst.is_granted) place_.tally.add(Count::released);
}

void PttPart::on_audio(std::uint32_t index, const client::ServerMessage& message) {
    const auto stamp = read_stamp(message.payload.content);
    if (!stamp) {
        ++faults_.corrupted;
        return;
    }
    const std::uint32_t size = place_.run.options.group_size;
    if (stamp->talker >= bursts_.size() || bursts_[stamp->talker].index == index ||
        bursts_[stamp->talker].index / size != index / size) {
        ++faults_.misdirected;
        return;
    }
    Burst& burst = bursts_[stamp->talker];
    Member& member = members_[index];
    if (burst.state == Burst::State::refused) return place_.tally.add(Count::floor_violations);
    const Nanoseconds now = place_.swarm.received_at();
    if (member.heard != stamp->talker) {
        if (!begin_hearing(member, stamp->talker)) {
            place_.tally.add(Count::floor_violations);
        } else {
            place_.tally.record(series(PttSeries::first_frame), now - burst.press_due);
        }
    }
    if (member.heard == stamp->talker) {
        Faults faults;
        const bool is_new = member.checker.accept(stamp->sequence, faults);
        faults_.duplicated += faults.duplicated;
        faults_.reordered += faults.reordered;
        if (!is_new) return;
        place_.tally.record(series(PttSeries::frame),
                            now - static_cast<Nanoseconds>(stamp->due_ns));
    }
    // Not lost, in any case; gaps show when all is counted at the end.
    ++burst.heard;
    if (burst.is_granted) place_.tally.add(Count::heard);
}

/// False if the member still hears another talker, who has not let go.
bool PttPart::begin_hearing(Member& member, std::uint32_t burst_number) {
    if (member.heard != none) {
        const Burst::State before = bursts_[member.heard].state;
        if (before == Burst::State::asking || before == Burst::State::talking) return false;
    }
    member.heard = burst_number;
    member.has_heard_stop = false;
    member.checker = Checker{};
    return true;
}

void PttPart::on_stop_heard(std::uint32_t index) {
    Member& member = members_[index];
    if (member.heard == none || member.has_heard_stop) return;
    const Burst& burst = bursts_[member.heard];
    if (burst.state != Burst::State::released && burst.state != Burst::State::over) return;
    member.has_heard_stop = true;
    place_.tally.record(series(PttSeries::stop), place_.swarm.received_at() - burst.release_due);
}

}  // namespace parley::load
