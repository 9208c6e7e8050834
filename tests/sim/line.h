// Line: one connection of a simulated radio, from its upgrade request to its end.
//
//   opening ── 101 ──▶ open ── the server's or our end ──▶ ended
//
// It knows frames, not what they mean: whole messages go to its Listener.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "sim/radio_codec.h"
#include "sim/world.h"

namespace parley::sim {

class Line {
public:
    enum class State : std::uint8_t { opening, open, ended };
    enum class Leave : std::uint8_t { close_frame, finish, close, reset };

    class Listener {
    public:
        virtual void on_open(Line& line) = 0;
        virtual void on_message(Line& line, const Message& message) = 0;
        /// Once, after everything that the server sent has been heard.
        virtual void on_ended(Line& line) = 0;

    protected:
        ~Listener() = default;
    };

    /// Connects and sends the upgrade request.
    Line(World& world, Listener& listener, int user, std::uint16_t port, std::string_view device);
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    void say(std::string_view message);
    /// Something that no radio says. True if nothing that follows can be understood any more.
    bool say_garbage();
    void leave(Leave how);
    void stop_reading();
    void resume_reading();
    /// Takes in what has arrived, answers pings.
    void poll();

    int user() const noexcept { return user_; }
    State state() const noexcept { return state_; }
    bool reading() const noexcept { return peer_.reading(); }
    /// The test has given the server a reason to end this connection.
    bool may_end() const noexcept { return may_end_; }
    void allow_end() noexcept { may_end_ = true; }
    /// The radio ended it itself: what still comes means nothing.
    bool left() const noexcept { return left_; }
    std::size_t untaken() const noexcept { return peer_.untaken(); }

    std::vector<int> talks;  ///< kept by the judge: bursts asked for over this line

private:
    void take_answer(std::string_view bytes);
    void take_frames();
    void take(const WebSocketFrame& frame);
    void write_frame(Opcode opcode, std::string_view payload, bool last = true);

    World& world_;
    Listener& listener_;
    const int user_;
    Peer& peer_;
    State state_ = State::opening;
    bool may_end_ = false;
    bool left_ = false;
    bool close_heard_ = false;
    std::string answer_;  // the head of the server's answer, until it is whole
    FrameStream frames_;
};

std::string user_name(int user);

}  // namespace parley::sim
