#include "sim/line.h"

namespace parley::sim {

std::string user_name(int user) {
    return "user" + std::to_string(user);
}

Line::Line(World& world, Listener& listener, int user, std::uint16_t port, std::string_view device)
    : world_(world), listener_(listener), user_(user), peer_(world.connect(port)) {
    peer_.write(upgrade_request(user_name(user), device));
}

void Line::write_frame(Opcode opcode, std::string_view payload, bool last) {
    peer_.write(
        encode_frame(opcode, payload, last, static_cast<std::uint32_t>(world_.random().next())));
}

void Line::say(std::string_view message) {
    if (left_) return;
    Random& random = world_.random();
    if (message.size() < 2 || !random.chance(50)) return write_frame(Opcode::binary, message);
    // Fragmented, with a control frame between the fragments.
    const std::size_t cut = random.between(1, message.size() - 1);
    write_frame(Opcode::binary, message.substr(0, cut), false);
    if (random.chance(500)) write_frame(Opcode::ping, "between");
    write_frame(Opcode::continuation, message.substr(cut));
}

bool Line::say_garbage() {
    Random& random = world_.random();
    std::string bytes;
    for (std::uint64_t left = random.between(1, 60); left > 0; --left) {
        bytes += static_cast<char>(random.next() & 0xff);
    }
    if (random.chance(500)) {
        write_frame(Opcode::binary, bytes);  // no message: it is dropped
        return false;
    }
    may_end_ = true;
    peer_.write(bytes);
    return true;
}

void Line::leave(Leave how) {
    may_end_ = true;
    left_ = true;
    peer_.resume_reading();
    switch (how) {
        case Leave::close_frame:
            write_frame(Opcode::close, std::string_view{"\x03\xe8", 2});
            return;
        case Leave::finish:
            return peer_.finish();
        case Leave::close:
            return peer_.close();
        case Leave::reset:
            return peer_.reset();
    }
}

void Line::stop_reading() {
    may_end_ = true;  // a peer that does not read answers no ping
    peer_.stop_reading();
}

void Line::resume_reading() {
    peer_.resume_reading();
}

void Line::poll() {
    if (state_ == State::ended) return;
    const std::string bytes = peer_.read();
    if (state_ == State::opening) {
        take_answer(bytes);
    } else {
        frames_.add(bytes);
    }
    if (state_ == State::open) take_frames();
    if (!peer_.ended()) return;
    if (peer_.was_reset() && state_ == State::opening) may_end_ = true;  // never accepted
    peer_.close();
    state_ = State::ended;
    listener_.on_ended(*this);
}

void Line::take_answer(std::string_view bytes) {
    answer_ += bytes;
    const std::size_t end = answer_.find("\r\n\r\n");
    if (end == std::string::npos) return;
    if (!is_upgrade_answer(answer_)) world_.fail("the upgrade was answered with " + answer_);
    frames_.add(std::string_view{answer_}.substr(end + 4));
    state_ = State::open;
    listener_.on_open(*this);
}

void Line::take_frames() {
    WebSocketFrame frame;
    while (true) {
        switch (frames_.next(frame)) {
            case FrameStream::Next::none:
                return;
            case FrameStream::Next::broken:
                world_.fail("the server sent a broken frame: bytes lost or mixed");
            case FrameStream::Next::frame:
                take(frame);
        }
    }
}

void Line::take(const WebSocketFrame& frame) {
    if (close_heard_) world_.fail("the server sent a frame after its close frame");
    switch (frame.opcode) {
        case Opcode::ping:
            if (frame.payload != "voiceping:" + user_name(user_) &&
                !frame.payload.starts_with("parley:")) {
                world_.fail("a ping for another");
            }
            if (!left_) write_frame(Opcode::pong, frame.payload);
            return;
        case Opcode::close:
            close_heard_ = true;
            if (!left_) write_frame(Opcode::close, frame.payload);
            return peer_.finish();
        case Opcode::binary: {
            Message message;
            if (!decode_message(frame.payload, message) || message.elements < 5) {
                world_.fail("the server sent a message out of form");
            }
            if (!left_) listener_.on_message(*this, message);
            return;
        }
        default:
            return;
    }
}

}  // namespace parley::sim
