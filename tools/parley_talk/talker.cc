// Talker: the dialogue with the server around a burst.
#include "parley_talk/talker.h"

#include <algorithm>
#include <fmt/format.h>

#include "client/json.h"
#include "client/link.h"
#include "client/refusal.h"
#include "client/voice_codec.h"

namespace parley::talk {
namespace {

using client::Clock;
using client::Done;
using client::Failure;
using client::Link;
using client::Outcome;
using client::Packet;
using client::Received;
using client::ServerMessage;
using client::Type;

constexpr std::chrono::seconds answer_max{10};  // what the radios wait for an answer

/// One burst on an open link.
class Dialogue final {
public:
    Dialogue(Link& link, const Options& options)
        : link_(link),
          address_{options.to.empty() ? client::Channel::group : client::Channel::direct,
                   options.user, options.to.empty() ? options.group : options.to} {}

    Done join() {
        if (address_.channel == client::Channel::direct) return Ok{};
        return request(Type::user_add);
    }

    Done take_floor() {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        const auto epoch_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
        out_.clear();
        append_request(out_, address_, Type::start, static_cast<std::uint64_t>(epoch_ms));
        if (auto sent = link_.send(out_); !sent) return sent.error();
        const auto ack = await(Type::start_ack);
        return ack;
    }

    /// Sends all packets, each at its time; the first one now.
    Outcome<Said> send(std::span<const Packet> packets, std::chrono::milliseconds frame) {
        Said said;
        const auto begin = Clock::now();
        for (const Packet& packet : packets) {
            const auto due = begin + said.packets * frame;
            if (auto waited = wait_until(due); !waited) return waited.error();
            if (client::StopSignal::came()) break;
            out_.clear();
            append_request(out_, address_, Type::audio, packet);
            if (auto sent = link_.send(out_); !sent) return sent.error();
            const auto behind = std::chrono::floor<std::chrono::microseconds>(Clock::now() - due);
            said.behind_max = std::max(said.behind_max, behind);
            ++said.packets;
            said.spoken += frame;
        }
        // Safely after the last packet and well before the next would be due: see
        // Burst::count_lost.
        const auto end = begin + said.packets * frame - frame * 3 / 4;
        if (auto waited = wait_until(end); !waited) return waited.error();
        return said;
    }

    /// Gives the floor back, and gives the burst's message id.
    Outcome<std::string> release() {
        if (auto sent = request(Type::stop); !sent) return sent.error();
        if (auto acked = await(Type::stop_ack); !acked) return acked.error();
        return message_id_;
    }

private:
    Done request(Type type) {
        out_.clear();
        append_request(out_, address_, type);
        return link_.send(out_);
    }

    /// Waits for the answer `type`; everything but refusals is passed over.
    Done await(Type type) {
        const auto deadline = Clock::now() + answer_max;
        while (true) {
            auto received = link_.receive(deadline);
            if (!received) return received.error();
            if (received->what == Received::What::stopped) return Failure{"stopped"};
            if (received->what == Received::What::nothing) {
                return Failure{fmt::format("the server did not answer {} within 10 s",
                                           type == Type::start_ack ? "START" : "STOP")};
            }
            if (received->what != Received::What::message) continue;
            const ServerMessage& message = received->message;
            if (auto refused = judge(message); !refused) return refused;
            if (message.type != static_cast<std::uint8_t>(type)) continue;
            if (message.to.id() != address_.to) continue;
            message_id_ = message.message_id.id();
            return Ok{};
        }
    }

    /// Waits for a point in the schedule. Errors also: the server ended the burst.
    Done wait_until(Clock::time_point due) {
        while (true) {
            auto received = link_.receive(due);
            if (!received) return received.error();
            if (received->what == Received::What::nothing) return Ok{};
            if (received->what == Received::What::stopped) return Ok{};
            if (received->what != Received::What::message) continue;
            if (auto refused = judge(received->message); !refused) return refused;
            if (received->message.type == static_cast<std::uint8_t>(Type::stop_ack)) {
                return Failure{"the server ended the talk: it was longer than allowed; use --for"};
            }
        }
    }

    /// Fails if `message` says that we may not talk.
    Done judge(const ServerMessage& message) const {
        if (client::is_too_many(message)) {
            return Failure{
                fmt::format("the server refused '{}': {}", address_.from, client::too_many_text)};
        }
        switch (static_cast<Type>(message.type)) {
            case Type::start_failed:
                return Failure{"busy: somebody else talks"};
            case Type::unauthorized_group:
                return Failure{
                    fmt::format("'{}' is not a member of group '{}': ask for the "
                                "membership, or use another --group",
                                address_.from, address_.to)};
            case Type::login_duplicated:
                return Failure{fmt::format("'{}' has signed in elsewhere, so this connection ends",
                                           address_.from)};
            default:
                return Ok{};
        }
    }

    Link& link_;
    client::Address address_;
    client::Bytes out_;
    std::string message_id_;
};

}  // namespace

Outcome<Said> say(const Options& options) {
    PARLEY_TRY(const client::Sound sound, client::read_wav(options.say));
    const client::VoiceOptions voice{options.frame, options.bits_per_second};
    PARLEY_TRY(std::vector<Packet> packets, client::encode_voice(sound, voice));
    if (options.time_max) {
        const auto count = static_cast<std::size_t>(*options.time_max / options.frame);
        packets.resize(std::clamp<std::size_t>(count, 1, packets.size()));
    }
    const client::SignIn sign_in{options.token, "parley-talk"};
    PARLEY_TRY(Link link,
               Link::open(options.server, options.trust, sign_in, Clock::now() + answer_max));

    Dialogue dialogue{link, options};
    if (auto joined = dialogue.join(); !joined) return joined.error();
    if (auto granted = dialogue.take_floor(); !granted) return granted.error();
    PARLEY_TRY(Said said, dialogue.send(packets, options.frame));
    PARLEY_TRY(said.message_id, dialogue.release());
    link.close();
    return said;
}

void print(const Said& said, const Options& options) {
    const double seconds = std::chrono::duration<double>(said.spoken).count();
    if (options.json) {
        client::JsonObject json;
        json.add("packets", said.packets);
        json.add("seconds", seconds);
        json.add("message_id", said.message_id);
        json.add("behind_max_us", static_cast<std::uint64_t>(said.behind_max.count()));
        json.print();
        return;
    }
    fmt::print("said {} packets, {:.2f} s, message id {}\n", said.packets, seconds,
               said.message_id.empty() ? "none" : said.message_id);
}

}  // namespace parley::talk
