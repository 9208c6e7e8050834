// ChurnPart: clients that come at fixed times, stay a while and go.
//
//   free ──▶ coming ──▶ staying ──▶ (leaving) ──▶ free
//      due      ready      --hold-ms    the server's close
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "parley_load/part.h"

namespace parley::load {

class ChurnPart final : public Part {
public:
    explicit ChurnPart(const Place& place);

    void on_phase(Phase phase) override;
    Nanoseconds act(Nanoseconds now) override;
    void on_ready(std::uint32_t index) override;
    void on_message(std::uint32_t, const client::ServerMessage&) override {}
    bool on_lost(std::uint32_t index, Loss loss) override;
    void on_malformed(std::uint32_t) override { ++faults_.malformed; }
    void publish() noexcept override { place_.tally.set(faults_); }

private:
    struct Slot {
        enum class State : std::uint8_t { free, coming, staying, leaving };
        Nanoseconds due = 0;
        std::uint32_t visit = 0;  ///< tells this use of the slot from others
        State state = State::free;
    };
    /// What happens to a slot at a time. All of one queue lie equally far ahead, so it is in order.
    struct Appointment {
        Nanoseconds at;
        std::uint32_t index;
        std::uint32_t visit;
    };

    Nanoseconds due_next() const noexcept;
    void come(Nanoseconds due);
    void leave(std::uint32_t index);
    void free(std::uint32_t index);
    void keep_appointments(Nanoseconds now);

    Place place_;
    Faults faults_;
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::deque<Appointment> departures_;  ///< when a stay ends
    std::deque<Appointment> deadlines_;   ///< when a connect is overdue
    std::deque<Appointment> goodbyes_;    ///< when a close frame has waited long enough
    std::uint64_t arrival_ = 0;           ///< the next, among this worker's
};

}  // namespace parley::load
