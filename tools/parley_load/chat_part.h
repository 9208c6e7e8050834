// ChatPart: members who write texts, and all others who check what they get.
#pragma once

#include <cstdint>
#include <vector>

#include "parley_load/arrivals.h"
#include "parley_load/checker.h"
#include "parley_load/part.h"

namespace parley::load {

/// What chat measures, by its place in a Tally.
enum class ChatSeries : std::uint8_t { delivery, ack };

class ChatPart final : public Part {
public:
    explicit ChatPart(const Place& place);

    void on_phase(Phase phase) override;
    Nanoseconds act(Nanoseconds now) override;
    void on_ready(std::uint32_t index) override;
    void on_message(std::uint32_t index, const client::ServerMessage& message) override;
    void on_malformed(std::uint32_t) override { ++faults_.malformed; }
    void publish() noexcept override { place_.tally.set(faults_); }
    void end() override;

private:
    struct Writer {
        std::uint32_t sent = 0;
        std::size_t acked = 0;             ///< of awaited
        std::vector<Nanoseconds> awaited;  ///< when each text was due; acks come in order
    };

    Nanoseconds due_next() const noexcept;
    void write(Nanoseconds due);
    void on_text(std::uint32_t index, const client::ServerMessage& message);
    void on_ack(std::uint32_t index);
    /// The first members of each group write.
    Writer& writer(std::uint32_t group, std::uint32_t member) {
        return writers_[group * writers_each_ + member];
    }
    Checker& checker(std::uint32_t index, std::uint32_t member) {
        return checkers_[std::size_t{index} * writers_each_ + member];
    }

    Place place_;
    Chance chance_;
    std::uint32_t writers_each_;  ///< in each group
    double rate_;                 ///< of this worker
    Faults faults_;
    std::vector<Writer> writers_;
    std::vector<Checker> checkers_;  ///< of each member for each writer of its group
    std::uint64_t written_ = 0;
    bool is_running_ = false;
    client::Bytes message_;  ///< scratch
};

}  // namespace parley::load
