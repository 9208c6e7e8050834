// The same bytes in any split give the same events, from the first byte of a request to what a
// listener hears: whole connections to a whole server, each of one script cut at random.
#include <algorithm>
#include <array>
#include <cctype>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/cluster.h"
#include "sim/radio_codec.h"
#include "sim/sanitizers.h"
#include "sim/world.h"

namespace parley::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint16_t port = 7420;
#if defined(__SANITIZE_ADDRESS__)
constexpr int rounds = 2'000;  // each takes many times longer
#else
constexpr int rounds = 50'000;
#endif

std::string say(Type type, Message::Payload kind, std::string_view payload) {
    return encode_message(type, "alice", "hill", kind, payload);
}

std::string framed(std::string_view message, std::uint32_t mask = 0x12345678) {
    return encode_frame(Opcode::binary, message, true, mask);
}

std::string in_fragments(std::string_view message) {
    const std::size_t cut = message.size() / 3;
    return encode_frame(Opcode::binary, message.substr(0, cut), false, 1) +
           encode_frame(Opcode::ping, "between", true, 2) +
           encode_frame(Opcode::continuation, message.substr(cut, cut), false, 3) +
           encode_frame(Opcode::continuation, message.substr(2 * cut), true, 4);
}

// Everything that may follow an upgrade, and what may stand in its place.
std::vector<std::string> scripts() {
    const std::string upgrade = upgrade_request("alice", "radio");
    const std::string join = framed(say(Type::user_add, Message::Payload::nil, {}));
    const std::string start = framed(say(Type::start, Message::Payload::text, "burst"));
    const std::string voice =
        say(Type::audio, Message::Payload::bytes, std::string(150, '\x07') + "end");
    const std::string text = say(Type::text, Message::Payload::text, "a few words");
    const std::string talk = upgrade + join + start + framed(voice) + in_fragments(voice);
    const std::string bye = encode_frame(Opcode::close, std::string_view{"\x03\xe8", 2}, true, 5);
    return {
        talk + framed(text) + encode_frame(Opcode::ping, "are you there", true, 6),
        talk + in_fragments(text) + bye + framed(text),
        talk + encode_frame(Opcode::binary, "\x95 no message", true, 7) + framed(text) + bye,
        talk + encode_frame(static_cast<Opcode>(3), "no opcode", true, 8) + framed(text),
        talk +
            "\x82\x01"
            "x",                                                     // not masked
        talk + encode_frame(Opcode::text, "\xe2\x82 cut", true, 9),  // no text
        upgrade + encode_frame(Opcode::continuation, "of nothing", true, 1),
        upgrade + std::string("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff mask", 16),
        "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\r\n\r\n" + upgrade,
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n" + join,
    };
}

// Ids of messages have the time in them, which is another in each round.
std::string without_numbers(std::string text) {
    for (char& each : text) {
        if (std::isdigit(static_cast<unsigned char>(each)) != 0) each = '#';
    }
    return text;
}

struct Heard {
    std::string speaker;
    std::string listener;
    friend bool operator==(const Heard&, const Heard&) = default;
};

class Splits : public testing::Test {
protected:
    Splits() { seat_listener(); }
    ~Splits() override {
        listener->close();
        world.run_for(seconds{200});
        cluster.check_nothing_left();
        cluster.stop();
        world.run_for(seconds{3});
    }

    // Another one now and then, so that none is ever asked whether it is there, or what it has got.
    // Nothing waits for who comes: it is somebody new.
    void seat_listener() {
        const auto changes_to = [this](Type type) {
            listener->write(
                framed(encode_message(type, listener_name, "hill", Message::Payload::nil, {})));
            world.run_for(milliseconds{5});
        };
        if (listener != nullptr) {
            changes_to(Type::user_remove);
            listener->close();
        }
        listener_name = "bob" + std::to_string(++listeners);
        listener = &world.connect(port);
        listener->write(upgrade_request(listener_name, "radio"));
        changes_to(Type::user_add);
        EXPECT_TRUE(is_upgrade_answer(listener->read()));
    }

    // Plays a script in pieces of at most so many bytes.
    Heard play(std::string_view script, std::size_t piece_max) {
        Peer& speaker = world.connect(port);
        while (!script.empty()) {
            const std::size_t size = world.random().between(1, piece_max);
            speaker.write(script.substr(0, size));
            script.remove_prefix(std::min(size, script.size()));
            if (world.random().chance(500)) world.run_for(microseconds{world.random().below(60)});
        }
        world.run_for(milliseconds{2});
        speaker.finish();
        world.run_for(milliseconds{1});
        Heard heard{without_numbers(speaker.read()), without_numbers(listener->read())};
        speaker.close();
        world.run_for(milliseconds{1});
        return heard;
    }

    World world{1, Faults::none()};
    Cluster cluster{world, 1, port};
    int listeners = 0;
    std::string listener_name;
    Peer* listener = nullptr;
};

TEST_F(Splits, OfWholeConnectionsChangeNothing) {
    const std::vector<std::string> all = scripts();
    std::vector<Heard> expected;
    for (const std::string& script : all) {
        expected.push_back(play(script, script.size()));
        EXPECT_FALSE(expected.back().speaker.empty());
    }
    EXPECT_NE(expected[0].listener.find("end"), std::string::npos) << "voice was heard";
    EXPECT_NE(expected[0].listener.find("a few words"), std::string::npos);
    for (int round = 0; round < rounds; ++round) {
        if (round % 500 == 499) seat_listener();
        const std::size_t number = world.random().below(all.size());
        const std::size_t piece_max = world.random().chance(300) ? 3 : 120;
        ASSERT_EQ(play(all[number], piece_max), expected[number])
            << "script " << number << ", round " << round;
    }
}

}  // namespace
}  // namespace parley::sim
