// Radio: a VoicePing client on a plain socket, driven by the test. It answers nothing by itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/radio_codec.h"
#include "support/sockets.h"
#include "support/town.h"

namespace parley::test {

using sim::Message;
using sim::Opcode;
using sim::Type;

class Radio {
public:
    struct Login {
        std::string user;
        std::string device = "device";
        std::string behind = {};  ///< sent with the upgrade request, before it is answered
    };

    /// Connects and asks for the upgrade.
    Radio(std::uint16_t port, Login login);

    /// The frame of a group message of this user's.
    std::string framed(Type type, std::string_view group, Message::Payload payload_is,
                       std::string_view payload) const;
    void send(Type type, std::string_view group);
    void send_text(Type type, std::string_view group, std::string_view payload);
    void send_voice(std::string_view group, std::string_view voice);
    /// Likewise to a user.
    void send_direct(Type type, std::string_view user, std::string_view voice);
    void send_control(Opcode opcode, std::string_view payload);
    void send_bytes(std::string_view bytes) { write_all(socket_, bytes); }

    /// Reads what has arrived.
    void listen();
    /// What it has heard so far, the latest included.
    const std::vector<Message>& heard();
    std::size_t count(Type type);
    /// The latest of a type; an empty one if there is none.
    Message last(Type type);
    void forget() { heard_.clear(); }

    bool admitted();
    /// The whole answer to the upgrade.
    const std::string& answer();
    /// Pings and pongs, and the close frame if there was one.
    const std::vector<sim::WebSocketFrame>& control_frames();
    bool closed_by_server();
    Stream stream();

    const std::string& user() const { return user_; }
    void close() { socket_.close(); }
    void reset() { close_with_reset(socket_); }
    const Descriptor& socket() const { return socket_; }

private:
    void take_answer();
    void take_frames();

    std::string user_;
    Descriptor socket_;
    std::string bytes_;
    std::string answer_;
    Stream stream_ = Stream::open;
    sim::FrameStream frames_;
    std::vector<Message> heard_;
    std::vector<sim::WebSocketFrame> controls_;
};

/// Waits until the radio is let in.
bool let_in(Town& town, Radio& radio);
/// Waits until all that the radio has sent was carried out, on every shard.
bool done_with(Town& town, Radio& radio);
/// Makes it a member of a group.
bool join(Town& town, Radio& radio, std::string_view group);
/// Waits until it has heard `count` of a type.
bool hears(Town& town, Radio& radio, Type type, std::size_t count);

}  // namespace parley::test
