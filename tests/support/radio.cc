#include "support/radio.h"

#include <algorithm>

#include "base/assert.h"

namespace parley::test {
namespace {

constexpr std::uint32_t mask = 0x37fa213d;

std::string masked(Opcode opcode, std::string_view payload) {
    return sim::encode_frame(opcode, payload, true, mask);
}

}  // namespace

Radio::Radio(std::uint16_t port, Login login)
    : user_(std::move(login.user)), socket_(connect_to(port)) {
    write_all(socket_, sim::upgrade_request(user_, login.device) + login.behind);
}

std::string Radio::framed(Type type, std::string_view group, Message::Payload payload_is,
                          std::string_view payload) const {
    return masked(Opcode::binary, sim::encode_message(type, user_, group, payload_is, payload));
}

void Radio::send(Type type, std::string_view group) {
    write_all(socket_, framed(type, group, Message::Payload::nil, {}));
}

void Radio::send_text(Type type, std::string_view group, std::string_view payload) {
    write_all(socket_, framed(type, group, Message::Payload::text, payload));
}

void Radio::send_voice(std::string_view group, std::string_view voice) {
    write_all(socket_, framed(Type::audio, group, Message::Payload::bytes, voice));
}

void Radio::send_direct(Type type, std::string_view user, std::string_view voice) {
    const auto payload_is = voice.empty() ? Message::Payload::nil : Message::Payload::bytes;
    std::string message = sim::encode_message(type, user_, user, payload_is, voice);
    message[1] = 1;  // the channel: private
    write_all(socket_, masked(Opcode::binary, message));
}

void Radio::send_control(Opcode opcode, std::string_view payload) {
    write_all(socket_, masked(opcode, payload));
}

void Radio::listen() {
    if (socket_.number() < 0 || stream_ != Stream::open) return;
    stream_ = read_waiting(socket_, bytes_);
    if (answer_.empty()) take_answer();
    if (!answer_.empty()) take_frames();
}

void Radio::take_answer() {
    const std::size_t end = bytes_.find("\r\n\r\n");
    if (end == std::string::npos) return;
    answer_ = bytes_.substr(0, end + 4);
    bytes_.erase(0, end + 4);
}

void Radio::take_frames() {
    if (!sim::is_upgrade_answer(answer_)) return;
    frames_.add(bytes_);
    bytes_.clear();
    sim::WebSocketFrame frame;
    sim::FrameStream::Next next{};
    while ((next = frames_.next(frame)) == sim::FrameStream::Next::frame) {
        if (frame.opcode != Opcode::binary) {
            controls_.push_back(frame);
            continue;
        }
        Message message;
        PARLEY_ASSERT(sim::decode_message(frame.payload, message));
        heard_.push_back(std::move(message));
    }
    PARLEY_ASSERT(next != sim::FrameStream::Next::broken);
}

const std::vector<Message>& Radio::heard() {
    listen();
    return heard_;
}

std::size_t Radio::count(Type type) {
    listen();
    const auto is_it = [type](const Message& each) { return each.type == static_cast<int>(type); };
    return static_cast<std::size_t>(std::ranges::count_if(heard_, is_it));
}

Message Radio::last(Type type) {
    listen();
    Message found;
    for (const Message& each : heard_) {
        if (each.type == static_cast<int>(type)) found = each;
    }
    return found;
}

bool Radio::admitted() {
    return sim::is_upgrade_answer(answer());
}

const std::string& Radio::answer() {
    listen();
    return answer_;
}

const std::vector<sim::WebSocketFrame>& Radio::control_frames() {
    listen();
    return controls_;
}

bool Radio::closed_by_server() {
    const auto is_close = [](const auto& frame) { return frame.opcode == Opcode::close; };
    return std::ranges::any_of(control_frames(), is_close);
}

Stream Radio::stream() {
    listen();
    return stream_;
}

bool let_in(Town& town, Radio& radio) {
    return town.run_until([&radio] { return radio.admitted(); });
}

bool done_with(Town& town, Radio& radio) {
    // A ping is answered behind everything that was sent before it.
    const std::size_t before = radio.control_frames().size();
    radio.send_control(Opcode::ping, "done?");
    const auto answered = [&] {
        const auto& frames = radio.control_frames();
        for (std::size_t i = before; i < frames.size(); ++i) {
            if (frames[i].opcode == Opcode::pong && frames[i].payload == "done?") return true;
        }
        return false;
    };
    if (!town.run_until(answered)) return false;
    town.settle();
    return true;
}

bool join(Town& town, Radio& radio, std::string_view group) {
    if (!let_in(town, radio)) return false;
    radio.send(Type::user_add, group);
    return done_with(town, radio);
}

bool hears(Town& town, Radio& radio, Type type, std::size_t count) {
    return town.run_until([&] { return radio.count(type) >= count; });
}

}  // namespace parley::test
