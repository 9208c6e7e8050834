// Talkers: those of one worker's clients that have the floor all the time, and their schedule.
//
//   idle ──▶ asking ──▶ talking ──▶ releasing ──▶ asking
//            START      AUDIO       STOP, after 60 s of talking
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "client/voiceping.h"
#include "parley_load/part.h"

namespace parley::load {

class Talkers final {
public:
    explicit Talkers(const Place& place) : place_(place) {}

    /// `index` is into the swarm. In the order of their numbers: the schedule depends on it.
    void add(std::uint32_t index);

    /// Asks for the floor, for all.
    void ask();
    /// START_ACK came. True if it is the talker's first.
    bool on_granted(std::uint32_t index);
    /// STOP_ACK came.
    void on_released(std::uint32_t index);

    /// Sends every frame that is due by `now`; gives the time when the next is.
    Nanoseconds send_due(Nanoseconds now);
    /// Sends what the windows allow.
    void send_window(Nanoseconds now);
    /// Gives back all floors.
    void release_all();

    std::uint64_t sent_count() const noexcept { return sent_count_; }
    std::uint64_t expected_count() const noexcept { return expected_count_; }
    bool empty() const noexcept { return talkers_.empty(); }

private:
    enum class State : std::uint8_t { idle, asking, talking, releasing };

    struct Talker {
        std::uint32_t index = 0;
        std::uint32_t group = 0;
        std::uint32_t sequence = 0;
        State state = State::idle;
        Nanoseconds burst_begun = 0;
        std::string user;
        std::string group_name;
    };

    Talker& talker_of(std::uint32_t index);
    Nanoseconds due_next() const noexcept;
    void append_frame(Talker& talker, Nanoseconds due);
    void request(Talker& talker, client::Type type);
    void renew_if_old(Talker& talker, Nanoseconds now);

    Place place_;
    std::vector<Talker> talkers_;
    std::unordered_map<std::uint32_t, std::size_t> by_index_;
    // Paced: talkers_[turn_] sends next, its frame in slot slot_; then the one after it. All have
    // the same period, so the order never changes.
    std::size_t turn_ = 0;
    Nanoseconds slot_ = 0;
    std::uint64_t sent_count_ = 0;
    std::uint64_t expected_count_ = 0;
    std::uint32_t mask_ = 0;
    client::Bytes payload_;  ///< scratch
    client::Bytes message_;  ///< scratch
    client::Bytes frames_;   ///< scratch: what one talker sends at once
};

}  // namespace parley::load
