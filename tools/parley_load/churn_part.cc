// ChurnPart: arrivals and departures.
#include "parley_load/churn_part.h"

#include <algorithm>

#include "parley_load/arrivals.h"
#include "parley_load/swarm.h"

namespace parley::load {
namespace {

constexpr Nanoseconds goodbye_max = 3 * second_ns;  // a server that does not close by then is cut
constexpr Nanoseconds ready_max = 10 * second_ns;

}  // namespace

ChurnPart::ChurnPart(const Place& place)
    : place_(place), slots_(place.run.division.share_of(place.worker)) {
    for (std::uint32_t index = static_cast<std::uint32_t>(slots_.size()); index-- > 0;)
        free_.push_back(index);
}

void ChurnPart::on_phase(Phase phase) {
    if (phase != Phase::connecting) return;
    place_.swarm.add_unopened(static_cast<std::uint32_t>(slots_.size()));
}

Nanoseconds ChurnPart::act(Nanoseconds now) {
    keep_appointments(now);
    Nanoseconds next = never;
    for (const auto* queue : {&departures_, &deadlines_, &goodbyes_}) {
        if (!queue->empty()) next = std::min(next, queue->front().at);
    }
    if (place_.run.board.phase().load(std::memory_order_relaxed) != Phase::running) return next;
    const Nanoseconds end = place_.run.board.begin_ns().load(std::memory_order_relaxed) +
                            std::chrono::nanoseconds{place_.run.options.duration}.count();
    while (due_next() <= now && due_next() < end)
        come(due_next());
    return due_next() < end ? std::min(next, due_next()) : next;
}

Nanoseconds ChurnPart::due_next() const noexcept {
    // Arrivals of all workers in turn, so that the whole is even.
    const std::uint64_t arrival = arrival_ * place_.run.division.worker_count() + place_.worker;
    return place_.run.board.begin_ns().load(std::memory_order_relaxed) +
           even_due(arrival, place_.run.options.rate);
}

void ChurnPart::come(Nanoseconds due) {
    const std::uint64_t arrival = arrival_++ * place_.run.division.worker_count() + place_.worker;
    place_.tally.add(Count::due);
    place_.tally.late(now_ns() - due);
    if (free_.empty()) return place_.tally.add(Count::at_bound);
    const std::uint32_t index = free_.back();
    free_.pop_back();
    Slot& slot = slots_[index];
    slot = {.due = due, .visit = slot.visit + 1, .state = Slot::State::coming};
    deadlines_.push_back({due + ready_max, index, slot.visit});
    place_.swarm.open(index, static_cast<std::uint32_t>(arrival));
}

void ChurnPart::on_ready(std::uint32_t index) {
    Slot& slot = slots_[index];
    const Nanoseconds now = place_.swarm.received_at();
    place_.tally.record(0, now - slot.due);
    place_.tally.add(Count::ready);
    slot.state = Slot::State::staying;
    const Nanoseconds hold = std::chrono::nanoseconds{place_.run.options.hold}.count();
    departures_.push_back({now + hold, index, slot.visit});
}

void ChurnPart::leave(std::uint32_t index) {
    CloseHow how = place_.run.options.close_how;
    if (how == CloseHow::alternate) {
        how = slots_[index].visit % 2 == 0 ? CloseHow::fin : CloseHow::close;
    }
    if (how != CloseHow::close) {
        place_.swarm.close(index, how);
        place_.tally.add(Count::closed);
        return free(index);
    }
    slots_[index].state = Slot::State::leaving;
    goodbyes_.push_back({now_ns() + goodbye_max, index, slots_[index].visit});
    place_.swarm.say_goodbye(index);
}

void ChurnPart::free(std::uint32_t index) {
    slots_[index].state = Slot::State::free;
    free_.push_back(index);
}

void ChurnPart::keep_appointments(Nanoseconds now) {
    const auto keep = [this, now](std::deque<Appointment>& queue, Slot::State state, auto act) {
        while (!queue.empty() && queue.front().at <= now) {
            const Appointment due = queue.front();
            queue.pop_front();
            const Slot& slot = slots_[due.index];
            if (slot.visit == due.visit && slot.state == state) act(due.index);
        }
    };
    keep(departures_, Slot::State::staying, [this](std::uint32_t index) { leave(index); });
    keep(deadlines_, Slot::State::coming, [this](std::uint32_t index) {
        place_.swarm.close(index, CloseHow::reset);
        place_.tally.add(Count::overdue);
        free(index);
    });
    keep(goodbyes_, Slot::State::leaving, [this](std::uint32_t index) {
        place_.swarm.close(index, CloseHow::reset);
        place_.tally.add(Count::unanswered_closes);
        free(index);
    });
}

bool ChurnPart::on_lost(std::uint32_t index, Loss loss) {
    const bool leaving = slots_[index].state == Slot::State::leaving;
    free(index);
    if (leaving) {
        place_.tally.add(Count::closed);
        return true;
    }
    switch (loss) {
        case Loss::no_port:
            place_.tally.add(Count::out_of_ports);
            return true;
        case Loss::unreachable:
            place_.tally.add(Count::unreachable);
            return true;
        case Loss::refused:
            place_.tally.add(Count::sign_ins_failed);
            return true;
        case Loss::closed:
            place_.tally.add(Count::cut);
            return true;
    }
    return false;
}

}  // namespace parley::load
