// Talkers: frames at their time.
#include "parley_load/talkers.h"

#include <algorithm>

#include "client/frames.h"
#include "parley_load/stamp.h"
#include "parley_load/swarm.h"

namespace parley::load {
namespace {

constexpr Nanoseconds burst_max = 60 * second_ns;  // servers end one after 90 s

Nanoseconds period_ns(const Options& options) noexcept {
    return static_cast<Nanoseconds>(1e9 / options.frames_per_second);
}

}  // namespace

void Talkers::add(std::uint32_t index) {
    const std::uint32_t number = place_.swarm.number_of(index);
    const std::uint32_t group = place_.run.division.group_of(number);
    by_index_[index] = talkers_.size();
    Talker talker;
    talker.index = index;
    talker.group = group;
    talker.user = place_.run.user_name(number);
    talker.group_name = place_.run.group_name(group);
    talkers_.push_back(std::move(talker));
}

void Talkers::ask() {
    for (Talker& talker : talkers_) {
        talker.state = State::asking;
        request(talker, client::Type::start);
    }
}

bool Talkers::on_granted(std::uint32_t index) {
    Talker& talker = talker_of(index);
    if (talker.state != State::asking) return false;
    talker.state = State::talking;
    const bool first = talker.burst_begun == 0;
    talker.burst_begun = now_ns();
    return first;
}

void Talkers::on_released(std::uint32_t index) {
    Talker& talker = talker_of(index);
    if (talker.state != State::releasing) return;
    talker.state = State::asking;
    request(talker, client::Type::start);
}

Nanoseconds Talkers::send_due(Nanoseconds now) {
    if (talkers_.empty()) return never;
    Nanoseconds due = due_next();
    while (due <= now) {
        Talker& talker = talkers_[turn_];
        renew_if_old(talker, now);
        if (talker.state == State::talking) {
            append_frame(talker, due);
            place_.swarm.send(talker.index, frames_);
            frames_.clear();
            place_.tally.late(now - due);
        }
        turn_ = (turn_ + 1) % talkers_.size();
        if (turn_ == 0) ++slot_;
        due = due_next();
        now = now_ns();
    }
    return due;
}

void Talkers::send_window(Nanoseconds now) {
    for (Talker& talker : talkers_) {
        renew_if_old(talker, now);
        if (talker.state != State::talking || place_.swarm[talker.index].is_congested) continue;
        const auto& count = place_.run.board.groups()[talker.group];
        const std::uint64_t heard = count.heard.load(std::memory_order_relaxed);
        const std::uint64_t limit =
            heard / place_.run.listeners_of(talker.group) + place_.run.options.window;
        while (talker.sequence < limit)
            append_frame(talker, now);
        if (frames_.empty()) continue;
        place_.swarm.send(talker.index, frames_);
        frames_.clear();
    }
}

void Talkers::release_all() {
    for (Talker& talker : talkers_) {
        if (talker.state == State::talking) request(talker, client::Type::stop);
        talker.state = State::idle;
    }
}

Talkers::Talker& Talkers::talker_of(std::uint32_t index) {
    const auto found = by_index_.find(index);
    PARLEY_ASSERT(found != by_index_.end());
    return talkers_[found->second];
}

Nanoseconds Talkers::due_next() const noexcept {
    // The talkers' schedules are spread over the period, so that a paced load is even.
    const Nanoseconds period = period_ns(place_.run.options);
    const Nanoseconds offset = period * talkers_[turn_].group / place_.run.options.talkers;
    return place_.run.board.begin_ns().load(std::memory_order_relaxed) + offset + slot_ * period;
}

void Talkers::append_frame(Talker& talker, Nanoseconds due) {
    const auto& packets = place_.run.packets;
    const client::Packet& packet = packets[talker.sequence % packets.size()];
    write_stamped(payload_, packet,
                  {talker.group, talker.sequence, static_cast<std::uint64_t>(due)});
    const client::Address address{client::Channel::group, talker.user, talker.group_name};
    message_.clear();
    client::append_request(message_, address, client::Type::audio, payload_);
    mask_ = mask_ * 0x9e3779b1U + talker.group + 1;  // only has to differ
    client::append_client_frame(frames_, ws::Opcode::binary, message_, mask_);
    ++talker.sequence;
    ++sent_count_;
    expected_count_ += place_.run.listeners_of(talker.group);
    place_.run.board.groups()[talker.group].sent.store(talker.sequence, std::memory_order_relaxed);
}

void Talkers::request(Talker& talker, client::Type type) {
    const client::Address address{client::Channel::group, talker.user, talker.group_name};
    message_.clear();
    if (type == client::Type::start) {
        client::append_request(message_, address, type, epoch_ms());
    } else {
        client::append_request(message_, address, type);
    }
    place_.swarm.send_message(talker.index, message_);
}

void Talkers::renew_if_old(Talker& talker, Nanoseconds now) {
    if (talker.state != State::talking || now - talker.burst_begun < burst_max) return;
    talker.state = State::releasing;
    request(talker, client::Type::stop);
}

}  // namespace parley::load
