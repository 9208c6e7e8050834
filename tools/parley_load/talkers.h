// Talkers: those of one thread's clients that have the floor, and their schedule.
//
//   idle ──▶ asking ──▶ talking ──▶ releasing ──▶ asking
//            START      AUDIO       STOP, after 60 s of talking
#pragma once

#include <cstdint>
#include <random>
#include <unordered_map>
#include <vector>

#include "client/voiceping.h"
#include "parley_load/connection.h"
#include "parley_load/run.h"

namespace parley::load {

class Talkers final {
public:
    /// Sends on `connections`, of which add() names the talkers; `epoll` is told when one of them
    /// waits for room.
    Talkers(Run& run, std::vector<Connection>& connections, int epoll);

    /// `index` is into connections. In the order of their numbers: the schedule depends on it.
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

    /// Sends `bytes`, whole frames, behind what waits for room. Requires that `index` is a talker.
    void send(std::uint32_t index, std::span<const std::byte> bytes);
    /// There is room again.
    void on_writable(std::uint32_t index);

    std::uint64_t sent_count() const noexcept { return sent_count_; }
    /// The most that a frame left after it was due.
    Nanoseconds behind_max() const noexcept { return behind_max_; }
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
        client::Bytes waiting;  ///< for room in the socket
    };

    Talker& talker_of(std::uint32_t index);
    Nanoseconds due_next() const noexcept;
    void append_frame(Talker& talker, Nanoseconds due);
    void request(Talker& talker, client::Type type);
    void renew_if_old(Talker& talker, Nanoseconds now);
    void flush(Talker& talker);
    void listen_for_room(Talker& talker, bool room_wanted);

    Run& run_;
    std::vector<Connection>& connections_;
    int epoll_;
    std::vector<Talker> talkers_;
    std::unordered_map<std::uint32_t, std::size_t> by_index_;
    // Paced: talkers_[turn_] sends next, its frame in slot slot_; then the one after it. All have
    // the same period, so the order never changes.
    std::size_t turn_ = 0;
    Nanoseconds slot_ = 0;
    Nanoseconds behind_max_ = 0;
    std::uint64_t sent_count_ = 0;
    std::minstd_rand masks_;
    client::Bytes payload_;  ///< scratch
    client::Bytes message_;  ///< scratch
};

}  // namespace parley::load
