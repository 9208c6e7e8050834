// PttPart: people who press, talk and let go; and whether the floor is kept.
//
//   press ──▶ asking ──▶ talking ──▶ released ──▶ over
//             START      START_ACK   STOP         STOP_ACK
//                └──────▶ refused (START_FAILED) ──▶ STOP, over at STOP_ACK
//
// Frames begin with the press, as radios do not wait for the answer; whatever was said before a
// refusal must reach nobody.
#pragma once

#include <cstdint>
#include <queue>
#include <vector>

#include "parley_load/arrivals.h"
#include "parley_load/checker.h"
#include "parley_load/part.h"

namespace parley::load {

/// What ptt measures, by its place in a Tally.
enum class PttSeries : std::uint8_t { grant, first_frame, frame, stop };

class PttPart final : public Part {
public:
    explicit PttPart(const Place& place);

    void on_phase(Phase phase) override;
    Nanoseconds act(Nanoseconds now) override;
    void on_ready(std::uint32_t index) override;
    void on_message(std::uint32_t index, const client::ServerMessage& message) override;
    void on_malformed(std::uint32_t) override { ++faults_.malformed; }
    void publish() noexcept override;
    void end() override;

private:
    static constexpr std::uint32_t none = 0xffffffff;

    /// From a press to the end of what came of it. Its place in bursts_ is its number.
    struct Burst {
        enum class State : std::uint8_t { asking, talking, released, refused, over };
        Nanoseconds press_due = 0;
        Nanoseconds release_due = 0;
        std::uint32_t index = 0;  ///< who presses
        std::uint32_t sent = 0;   ///< frames
        std::uint32_t heard = 0;  ///< deliveries
        State state = State::asking;
        bool is_granted = false;
    };
    /// What a member is doing, and what it hears.
    struct Member {
        std::uint32_t own = none;    ///< the burst it makes
        std::uint32_t heard = none;  ///< the burst it heard last
        bool has_heard_stop = true;  ///< of it
        Checker checker;             ///< of it
    };
    /// The next frame of a burst, or its release.
    struct Step {
        Nanoseconds at;
        std::uint32_t burst;
        bool operator>(const Step& other) const noexcept { return at > other.at; }
    };

    void press(Nanoseconds due);
    void step(const Step& step);
    void send_frame(std::uint32_t burst_number, Nanoseconds due);
    void request(std::uint32_t index, client::Type type);
    void release(Burst& burst);
    void on_granted(std::uint32_t index);
    void on_refused(std::uint32_t index);
    void on_released(std::uint32_t index);
    void on_audio(std::uint32_t index, const client::ServerMessage& message);
    bool begin_hearing(Member& member, std::uint32_t burst_number);
    void on_stop_heard(std::uint32_t index);
    std::uint32_t free_member(std::uint32_t group);
    void plan_press(Nanoseconds after);

    Place place_;
    Chance chance_;
    Faults faults_;
    std::vector<Member> members_;
    std::vector<Burst> bursts_;
    std::priority_queue<Step, std::vector<Step>, std::greater<>> steps_;
    Nanoseconds press_next_ = never;
    client::Bytes payload_;  ///< scratch
    client::Bytes message_;  ///< scratch
};

}  // namespace parley::load
