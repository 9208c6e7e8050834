// FanoutPart: steady talkers in some groups, and everybody else of those groups checks what comes.
// With no talkers it holds quiet connections.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "parley_load/checker.h"
#include "parley_load/part.h"
#include "parley_load/talkers.h"

namespace parley::load {

class FanoutPart final : public Part {
public:
    explicit FanoutPart(const Place& place) : place_(place), talkers_(place) {}

    void on_phase(Phase phase) override;
    Nanoseconds act(Nanoseconds now) override;
    void on_ready(std::uint32_t index) override;
    void on_message(std::uint32_t index, const client::ServerMessage& message) override;
    bool on_lost(std::uint32_t index, Loss loss) override;
    void on_malformed(std::uint32_t) override { ++faults_.malformed; }
    void publish() noexcept override;
    void end() override;

private:
    /// A listener that reads at its own pace, whose hearing is told and not judged.
    struct SlowReader {
        std::uint32_t index = 0;
        Nanoseconds read_at = 0;
        double bytes_due = 0;
        Checker checker;
        Faults faults;
    };

    void begin();
    void on_audio(std::uint32_t index, const client::ServerMessage& message);
    void on_slow_audio(const client::ServerMessage& message);
    bool is_slow(std::uint32_t index) const noexcept { return slow_ && slow_->index == index; }
    void read_slowly(Nanoseconds now);

    Place place_;
    Talkers talkers_;
    Faults faults_;
    std::uint64_t heard_ = 0;
    std::vector<Checker> checkers_;  ///< of the swarm's first, who are in groups with a talker
    std::optional<SlowReader> slow_;
};

}  // namespace parley::load
