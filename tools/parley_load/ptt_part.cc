// PttPart: pressing and talking; ptt_hearing.cc has what comes back.
#include "parley_load/ptt_part.h"

#include <algorithm>

#include "client/frames.h"
#include "parley_load/stamp.h"
#include "parley_load/swarm.h"

namespace parley::load {
namespace {

using client::Type;

constexpr Nanoseconds burst_max = 60 * second_ns;  // servers end one after 90 s
constexpr int burst_means_max = 10;

Nanoseconds nanoseconds_of(std::chrono::milliseconds time) noexcept {
    return std::chrono::nanoseconds{time}.count();
}

}  // namespace

PttPart::PttPart(const Place& place)
    : place_(place), chance_(place.run.options.seed * 1000 + place.worker) {}

void PttPart::on_phase(Phase phase) {
    if (phase == Phase::connecting) members_.resize(place_.swarm.size());
    if (phase == Phase::running) {
        plan_press(place_.run.board.begin_ns().load(std::memory_order_relaxed));
    }
    if (phase == Phase::draining) {
        press_next_ = never;
        const Nanoseconds now = now_ns();
        for (Burst& burst : bursts_) {
            if (burst.state != Burst::State::asking && burst.state != Burst::State::talking)
                continue;
            burst.release_due = now;
            release(burst);
        }
    }
}

void PttPart::on_ready(std::uint32_t) {
    place_.run.board.ready_count().fetch_add(1, std::memory_order_relaxed);
}

Nanoseconds PttPart::act(Nanoseconds now) {
    while (press_next_ <= now || (!steps_.empty() && steps_.top().at <= now)) {
        if (steps_.empty() || press_next_ < steps_.top().at) {
            const Nanoseconds due = press_next_;
            plan_press(due);
            press(due);
        } else {
            const Step due = steps_.top();
            steps_.pop();
            step(due);
        }
    }
    return steps_.empty() ? press_next_ : std::min(press_next_, steps_.top().at);
}

void PttPart::plan_press(Nanoseconds after) {
    const Division& division = place_.run.division;
    const double share = static_cast<double>(division.groups_of(place_.worker)) /
                         static_cast<double>(division.group_count());
    press_next_ = after + chance_.length(1e9 / (place_.run.options.presses * share));
}

/// A member of the worker's `group`-th group who does nothing; none if all are busy.
std::uint32_t PttPart::free_member(std::uint32_t group) {
    const std::uint32_t size = place_.run.options.group_size;
    const std::uint32_t first = chance_.below(size);
    for (std::uint32_t i = 0; i < size; ++i) {
        const std::uint32_t index = group * size + (first + i) % size;
        if (members_[index].own == none) return index;
    }
    return none;
}

void PttPart::press(Nanoseconds due) {
    const Options& options = place_.run.options;
    place_.tally.add(Count::presses);
    const Nanoseconds frame = nanoseconds_of(options.frame);
    const Nanoseconds mean = nanoseconds_of(options.burst_mean);
    const Nanoseconds length =
        chance_.length_within(static_cast<double>(mean), frame,
                              std::max(frame, std::min(burst_means_max * mean, burst_max)));
    const std::uint32_t group = chance_.below(place_.run.division.groups_of(place_.worker));
    const std::uint32_t index = free_member(group);
    if (index == none) return place_.tally.add(Count::skipped);

    const auto number = static_cast<std::uint32_t>(bursts_.size());
    bursts_.push_back({.press_due = due, .release_due = due + length, .index = index});
    members_[index].own = number;
    request(index, Type::start);
    send_frame(number, due);
}

void PttPart::step(const Step& step) {
    Burst& burst = bursts_[step.burst];
    if (burst.state != Burst::State::asking && burst.state != Burst::State::talking) return;
    if (step.at >= burst.release_due) return release(burst);
    send_frame(step.burst, step.at);
}

void PttPart::send_frame(std::uint32_t burst_number, Nanoseconds due) {
    Burst& burst = bursts_[burst_number];
    const Run& run = place_.run;
    const std::uint32_t number = place_.swarm.number_of(burst.index);
    const client::Packet& packet = run.packets[burst.sent % run.packets.size()];
    write_stamped(payload_, packet, {burst_number, burst.sent, static_cast<std::uint64_t>(due)});
    const std::string user = run.user_name(number);
    const std::string group = run.group_name(run.division.group_of(number));
    message_.clear();
    client::append_request(message_, {client::Channel::group, user, group}, Type::audio, payload_);
    place_.swarm.send_message(burst.index, message_);
    place_.tally.late(now_ns() - due);
    ++burst.sent;
    if (burst.is_granted) {
        place_.tally.add(Count::sent);
        place_.tally.add(Count::expected, run.options.group_size - 1);
    }
    const Nanoseconds next = due + nanoseconds_of(run.options.frame);
    steps_.push({std::min(next, burst.release_due), burst_number});
}

void PttPart::release(Burst& burst) {
    burst.state = Burst::State::released;
    request(burst.index, Type::stop);
    place_.tally.late(now_ns() - burst.release_due);
}

void PttPart::request(std::uint32_t index, Type type) {
    const Run& run = place_.run;
    const std::uint32_t number = place_.swarm.number_of(index);
    const std::string user = run.user_name(number);
    const std::string group = run.group_name(run.division.group_of(number));
    const client::Address address{client::Channel::group, user, group};
    message_.clear();
    if (type == Type::start) {
        client::append_request(message_, address, type, epoch_ms());
    } else {
        client::append_request(message_, address, type);
    }
    place_.swarm.send_message(index, message_);
}

void PttPart::publish() noexcept {
    place_.tally.set(faults_);
}

void PttPart::end() {
    const std::uint64_t expected = place_.tally.get(Count::expected);
    const std::uint64_t heard = place_.tally.get(Count::heard);
    if (expected > heard) faults_.lost += expected - heard;
}

}  // namespace parley::load
