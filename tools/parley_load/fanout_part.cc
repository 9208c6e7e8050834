// FanoutPart: what each phase does, and the judgement of each frame.
#include "parley_load/fanout_part.h"

#include <algorithm>

#include "parley_load/swarm.h"

namespace parley::load {
namespace {

using client::Type;

constexpr Nanoseconds spread_turn_max = 50'000;  // windows that other workers open, within this

}  // namespace

void FanoutPart::on_phase(Phase phase) {
    switch (phase) {
        case Phase::connecting:
            return begin();
        case Phase::preparing:
            return talkers_.ask();
        case Phase::draining:
            return talkers_.release_all();
        default:
            return;
    }
}

void FanoutPart::begin() {
    const Run& run = place_.run;
    std::uint32_t index = 0;
    for (; index < place_.swarm.size(); ++index) {
        const std::uint32_t number = place_.swarm.number_of(index);
        if (run.division.group_of(number) >= run.options.talkers) break;
        if (run.is_talker(number)) talkers_.add(index);
        if (run.is_slow_reader(number)) slow_ = SlowReader{.index = index};
    }
    checkers_.resize(index);
}

Nanoseconds FanoutPart::act(Nanoseconds now) {
    if (slow_) read_slowly(now);
    if (place_.run.board.phase().load(std::memory_order_relaxed) != Phase::running) return never;
    if (!place_.run.options.saturate) return talkers_.send_due(now);
    talkers_.send_window(now);
    return place_.run.division.spreads_groups() && !talkers_.empty() ? now + spread_turn_max
                                                                     : never;
}

void FanoutPart::on_ready(std::uint32_t index) {
    place_.run.board.ready_count().fetch_add(1, std::memory_order_relaxed);
    if (!is_slow(index)) return;
    slow_->read_at = now_ns();
    place_.swarm.stop_reading(index);
}

void FanoutPart::on_message(std::uint32_t index, const client::ServerMessage& message) {
    switch (static_cast<Type>(message.type)) {
        case Type::audio:
            return on_audio(index, message);
        case Type::start_ack:
            if (!place_.run.is_talker(place_.swarm.number_of(index))) return;
            if (talkers_.on_granted(index))
                place_.run.board.prepared_count().fetch_add(1, std::memory_order_relaxed);
            return;
        case Type::stop_ack:
            if (!place_.run.is_talker(place_.swarm.number_of(index))) return;
            return talkers_.on_released(index);
        case Type::start_failed:
            return place_.run.fail("the server refused the floor to a talker: busy");
        case Type::unauthorized_group:
            return place_.run.fail(
                "the server refused the floor to a talker: not a member; this load needs a server "
                "that lets everybody join (--join open)");
        default:
            return;
    }
}

void FanoutPart::on_audio(std::uint32_t index, const client::ServerMessage& message) {
    if (is_slow(index)) return on_slow_audio(message);
    const std::uint32_t number = place_.swarm.number_of(index);
    if (index >= checkers_.size() || place_.run.is_talker(number)) {
        ++faults_.misdirected;  // nobody talks in this group, and nobody hears himself
        return;
    }
    const std::uint32_t group = place_.run.division.group_of(number);
    const auto stamp = checkers_[index].check(message.payload.content, group, faults_);
    if (!stamp) return;
    place_.tally.record(0, place_.swarm.received_at() - static_cast<Nanoseconds>(stamp->due_ns));
    ++heard_;
    if (!place_.run.options.saturate) return;
    place_.run.board.groups()[group].heard.fetch_add(1, std::memory_order_relaxed);
}

void FanoutPart::on_slow_audio(const client::ServerMessage& message) {
    const std::uint32_t group = place_.run.division.group_of(place_.swarm.number_of(slow_->index));
    slow_->checker.check(message.payload.content, group, slow_->faults);
    place_.tally.add(Count::slow_frames);
    place_.tally.set(Count::slow_missed, slow_->faults.lost);
}

bool FanoutPart::on_lost(std::uint32_t index, Loss loss) {
    if (!is_slow(index) || loss != Loss::closed || slow_->read_at == 0) return false;
    place_.tally.add(Count::slow_closed);  // a server may give up on it
    slow_.reset();
    return true;
}

void FanoutPart::read_slowly(Nanoseconds now) {
    if (slow_->read_at == 0) return;  // not ready yet
    const auto elapsed = static_cast<double>(now - slow_->read_at);
    slow_->read_at = now;
    slow_->bytes_due += elapsed * place_.run.options.slow_reader_bytes_per_second / 1e9;
    if (slow_->bytes_due < 1) return;
    const auto wanted = static_cast<std::size_t>(slow_->bytes_due);
    // What was not there to read is not made up for later.
    slow_->bytes_due -= static_cast<double>(wanted);
    place_.tally.add(Count::slow_bytes, place_.swarm.read_some(slow_->index, wanted));
}

void FanoutPart::publish() noexcept {
    place_.tally.set(faults_);
    place_.tally.set(Count::sent, talkers_.sent_count());
    place_.tally.set(Count::expected, talkers_.expected_count());
    place_.tally.set(Count::heard, heard_);
}

void FanoutPart::end() {
    for (std::uint32_t index = 0; index < checkers_.size(); ++index) {
        const std::uint32_t number = place_.swarm.number_of(index);
        if (place_.run.is_talker(number) || place_.run.is_slow_reader(number)) continue;
        const std::uint32_t group = place_.run.division.group_of(number);
        const std::uint32_t sent =
            place_.run.board.groups()[group].sent.load(std::memory_order_relaxed);
        checkers_[index].end(sent, faults_);
    }
}

}  // namespace parley::load
