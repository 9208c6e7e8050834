// Fuzzing whole connections: the bytes of the input say what up to three strangers send to a whole
// server on the simulated ring, before and after they have signed in, when they stop reading,
// finish or reset, how the kernel cuts and refuses what is sent, and how time passes.
//
//   2 bytes seed · 6 bytes faults · then actions, each a byte and what it needs (see Strangers)
//
// Whatever they do: what the server sends them is an HTTP answer and then whole frames, a radio
// beside them is served as if they were not there, and when they have gone nothing of them is left.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "fuzz/choices.h"
#include "sim/cluster.h"
#include "sim/line.h"
#include "sim/radio_codec.h"
#include "sim/world.h"

using namespace parley;
using namespace parley::sim;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::uint16_t port = 7420;

sim::Faults take_faults(fuzz::Bytes& input) {
    sim::Faults faults = sim::Faults::none();
    faults.short_send = fuzz::take_choice(input) * 2;
    faults.refused_send = fuzz::take_choice(input);
    faults.no_buffers = fuzz::take_choice(input);
    faults.lost_more = fuzz::take_choice(input);
    const unsigned sizes = fuzz::take_choice(input);
    faults.piece_bytes_max = 1 + (sizes % 16) * 30;
    faults.socket_bytes = std::size_t{100} << (sizes / 16 % 8);
    faults.receive_buffers = 1 + sizes / 128 * 7;
    const unsigned others = fuzz::take_choice(input);
    faults.part_of_batch = others % 16 * 30;
    faults.delay_max = microseconds{1 + others / 16 * 200};
    faults.lossy_reset = 500;
    return faults;
}

std::string take_text(fuzz::Bytes& input, std::size_t size) {
    const auto taken = input.first(std::min(size, input.size()));
    input = input.subspan(taken.size());
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
}

// A radio that does nothing wrong, and must be served.
class Witness final : private Line::Listener {
public:
    explicit Witness(World& world) : world_(world), line_(world, *this, number, port, "radio") {}

    void poll() { line_.poll(); }
    void check_served(bool may_be_cut) {
        if (ended_ && (may_be_cut || replaced_)) return;
        if (ended_) world_.fail("a radio that did nothing wrong was cut off");
        const int before = answers_;
        line_.say(encode_message(Type::text, user_name(number), "group1", Message::Payload::text,
                                 "am I heard?"));
        for (int i = 0; i < 20 && answers_ == before; ++i) {
            world_.run_for(milliseconds{100});
            poll();
        }
        if (answers_ == before && !(ended_ && may_be_cut)) world_.fail("a radio was not answered");
    }
    void leave() {
        if (!ended_) line_.leave(Line::Leave::close);
    }

private:
    static constexpr int number = 900'001;

    void on_open(Line&) override {}
    void on_ended(Line&) override { ended_ = true; }
    void on_message(Line&, const Message& message) override {
        answers_ += message.type == static_cast<std::uint8_t>(Type::text_ack) ? 1 : 0;
        replaced_ |= message.type == static_cast<std::uint8_t>(Type::login_duplicated);
    }

    World& world_;
    Line line_;
    int answers_ = 0;
    bool ended_ = false;
    bool replaced_ = false;  // somebody signed in under its name
};

// What one stranger was sent: an HTTP answer, and behind a 101 whole frames up to a close frame.
class Told {
public:
    void take(const World& world, std::string_view bytes) {
        if (!upgraded_) {
            head_ += bytes;
            const std::size_t end = head_.find("\r\n\r\n");
            if (end == std::string::npos) return;
            if (!head_.starts_with("HTTP/1.1 ")) world.fail("an answer that is no HTTP");
            if (!head_.starts_with("HTTP/1.1 101")) return;
            upgraded_ = true;
            frames_.add(std::string_view{head_}.substr(end + 4));
        } else {
            frames_.add(bytes);
        }
        WebSocketFrame frame;
        for (auto next = frames_.next(frame); next != FrameStream::Next::none;
             next = frames_.next(frame)) {
            if (next == FrameStream::Next::broken) world.fail("the server sent a broken frame");
            if (closed_) world.fail("the server sent a frame behind its close frame");
            closed_ = frame.opcode == Opcode::close;
        }
    }

private:
    std::string head_;
    bool upgraded_ = false;
    bool closed_ = false;
    FrameStream frames_;
};

// Carries out what the input says.
class Strangers {
public:
    explicit Strangers(World& world) : world_(world) {}

    // Says how much time is to pass then.
    Duration act(fuzz::Bytes& input) {
        const unsigned action = fuzz::take_choice(input);
        switch (action % 12) {
            case 0:  // bytes as they are
                peer().write(take_text(input, fuzz::take_choice(input)));
                break;
            case 1:  // a request that is let in
                peer().write(
                    upgrade_request(user_name(static_cast<int>(action / 12 % 4)), "radio"));
                break;
            case 2:
                write_frame(input);
                break;
            case 3:  // a message that is understood
                say(action / 12, fuzz::take_choice(input));
                break;
            case 4:
                return microseconds{1 + fuzz::take_choice(input) * 20};
            case 5:
                return milliseconds{fuzz::take_choice(input) * 160};
            case 6:
                peer().finish();
                break;
            case 7:
                peer().close();
                break;
            case 8:
                peer().reset();
                break;
            case 9:
                peer().stop_reading();
                break;
            case 10:
                peer().resume_reading();
                break;
            default:
                present_ = action / 12 % strangers_.size();
        }
        return Duration::zero();
    }

    void poll() {
        for (Stranger& each : strangers_) {
            if (each.peer != nullptr) each.told.take(world_, each.peer->read());
        }
    }
    void leave() {
        for (Stranger& each : strangers_) {
            if (each.peer != nullptr) each.peer->close();
        }
    }

private:
    struct Stranger {
        Peer* peer = nullptr;
        Told told;
    };

    // The present one's connection; a new one where that has ended on both sides.
    Peer& peer() {
        Stranger& stranger = strangers_[present_];
        if (stranger.peer == nullptr || (stranger.peer->ended() && connections_ < 12)) {
            if (stranger.peer != nullptr) stranger.peer->close();
            stranger = {&world_.connect(port), {}};
            ++connections_;
        }
        return *stranger.peer;
    }

    // Of any kind.
    void write_frame(fuzz::Bytes& input) {
        const unsigned head = fuzz::take_choice(input);
        const std::string payload = take_text(input, fuzz::take_choice(input));
        peer().write(encode_frame(static_cast<Opcode>(head & 15U), payload, (head & 128U) != 0,
                                  head * 0x01010101U));
    }

    void say(unsigned kind, unsigned detail) {
        constexpr std::array types{Type::start, Type::audio,       Type::stop,
                                   Type::text,  Type::user_remove, Type::user_add};
        const Type type = types[kind % types.size()];
        const auto payload = detail % 4 == 0                          ? Message::Payload::nil
                             : type == Type::audio || detail % 4 == 1 ? Message::Payload::bytes
                                                                      : Message::Payload::text;
        const std::string user = user_name(static_cast<int>(present_));
        const std::string group = "group" + std::to_string(detail / 4 % 3);
        peer().write(encode_frame(
            Opcode::binary,
            encode_message(type, user, group, payload, std::string(detail * 3, 'v')), true, 0));
    }

    World& world_;
    std::array<Stranger, 3> strangers_;
    std::size_t present_ = 0;
    int connections_ = 0;
};

void live(fuzz::Bytes input) {
    const unsigned seed = fuzz::take_choice(input) << 8 | fuzz::take_choice(input);
    World world{seed, take_faults(input)};
    Cluster cluster{world, 1 + seed % 2, port};
    Witness witness{world};
    world.run_for(milliseconds{1});
    Strangers strangers{world};
    for (int actions = 0; !input.empty() && actions < 200; ++actions) {
        Duration time = strangers.act(input);
        do {  // in slices, so that the witness answers pings in time
            world.run_for(std::min<Duration>(time, milliseconds{400}));
            strangers.poll();
            witness.poll();
            time -= milliseconds{400};
        } while (time > Duration::zero());
    }
    world.run_for(milliseconds{1});
    strangers.poll();
    world.faults_off();
    witness.check_served(cluster.tight());
    strangers.leave();
    witness.leave();
    for (int i = 0; i < 3; ++i) {
        world.run_for(seconds{1});
        witness.poll();
    }
    world.run_for(seconds{200});  // past every timer
    cluster.check_nothing_left();
    cluster.stop();
    world.run_for(seconds{3});
    PARLEY_ASSERT(cluster.stopped());
    if (world.open_descriptors() > 0) world.fail("descriptors left open at the end");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size >= 8) live(fuzz::bytes_of(data, size));
    return 0;
}
