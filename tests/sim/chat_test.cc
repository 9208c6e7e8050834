// People who write to each other over connections that break at random: nothing that was
// acknowledged is lost, nothing is stored twice, and all read it in the same order.
#include <array>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/cluster.h"
#include "sim/line.h"

namespace parley::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint16_t port = 7420;
constexpr int users = 5;
constexpr int rounds = 400;

std::string short_text(std::string_view text) {
    return std::string(1, static_cast<char>(0xa0 | text.size())) + std::string(text);
}

// [0, 17, user, "hill", message id, text]
std::string text_message(int user, const std::string& text) {
    return "\x96" + std::string(1, '\0') + "\x11" + short_text(user_name(user)) +
           short_text("hill") + short_text(text) + short_text(text);
}

std::string member_of(const std::string& json, const std::string& name) {
    const std::string mark = "\"" + name + "\":\"";
    const std::size_t from = json.find(mark) + mark.size();
    return json.substr(from, json.find('"', from) - from);
}

class Writers : public testing::TestWithParam<std::uint64_t>, public Line::Listener {
public:
    void on_open(Line& line) override {
        line.say(encode_message(Type::user_add, user_name(line.user()), "hill",
                                Message::Payload::nil, {}));
        Writer& writer = of(line);
        writer.lines++;
        for (const std::string& each : writer.unanswered)
            line.say(text_message(line.user(), each));  // with the same id as before
    }
    void on_message(Line& line, const Message& message) override {
        Writer& writer = of(line);
        if (&line != writer.line.get()) return;
        if (message.type == static_cast<std::uint8_t>(Type::text_ack))
            return answered(writer, message);
        if (message.type != static_cast<std::uint8_t>(Type::text)) return;
        const std::string text = member_of(message.payload, "text");
        const std::string id = member_of(message.payload, "message_id");
        const auto [place, is_new] = ids.emplace(text, id);
        EXPECT_EQ(place->second, id) << text << " was stored twice";
        const auto [heard, is_first] = writer.heard.emplace(text, 0);
        EXPECT_NE(heard->second, writer.lines) << text << " came twice over one connection";
        heard->second = writer.lines;
        if (is_first) writer.read.push_back(text);
    }
    void on_ended(Line&) override {}

protected:
    struct Writer {
        std::unique_ptr<Line> line;
        std::vector<std::string> unanswered;  // in the order in which they were written
        std::vector<std::string> read;        // each once, in the order in which it came first
        std::map<std::string, int> heard;     // text, and over which line it came last
        int lines = 0;
        int written = 0;
    };

    Writers() {
        for (int user = 0; user < users; ++user)
            connect(user);
        pass(seconds{2});
    }
    ~Writers() override {
        for (Writer& each : writers)
            each.line->leave(Line::Leave::close);
        pass(seconds{60});
        cluster.check_nothing_left();
        cluster.stop();
        while (!cluster.stopped())
            world.run_for(milliseconds{10});
    }

    Writer& of(const Line& line) { return writers[static_cast<std::size_t>(line.user())]; }
    void connect(int user) {
        Writer& writer = writers[static_cast<std::size_t>(user)];
        if (writer.line) former.push_back(std::move(writer.line));
        writer.line = std::make_unique<Line>(world, *this, user, port, "device");
    }
    void write(int user) {
        Writer& writer = writers[static_cast<std::size_t>(user)];
        const std::string text =
            "u" + std::to_string(user) + "n" + std::to_string(writer.written++);
        writer.unanswered.push_back(text);
        if (writer.line->state() == Line::State::open) writer.line->say(text_message(user, text));
    }
    // What a user has read, but for what another has written.
    std::vector<std::string> read_by(int user, int but) {
        std::vector<std::string> all = writers[static_cast<std::size_t>(user)].read;
        std::erase_if(all, [but](const std::string& each) {
            return each.starts_with("u" + std::to_string(but) + "n");
        });
        return all;
    }
    // Acks come in the order of the texts.
    void answered(Writer& writer, const Message& message) {
        ASSERT_FALSE(writer.unanswered.empty()) << "an ack that answers nothing";
        EXPECT_EQ(static_cast<Type>(message.type), Type::text_ack);
        writer.unanswered.erase(writer.unanswered.begin());
    }
    void break_line(int user) {
        Writer& writer = writers[static_cast<std::size_t>(user)];
        constexpr std::array ways{Line::Leave::finish, Line::Leave::close, Line::Leave::reset};
        writer.line->leave(ways[world.random().below(ways.size())]);
    }
    void pass(Duration time) {
        for (const Instant until = world.now() + time; world.now() < until;) {
            world.run_for(milliseconds{5});
            for (Writer& each : writers) {
                if (each.line) each.line->poll();
            }
            for (const auto& each : former)
                each->poll();
        }
    }

    World world{GetParam(), Faults::none()};
    Cluster cluster{world, 2, port, server::WorkerOptions{}};
    std::vector<Writer> writers{static_cast<std::size_t>(users)};
    std::vector<std::unique_ptr<Line>> former;
    std::map<std::string, std::string> ids;  // of each text
};

TEST_P(Writers, LoseNothingAndReadTheSame) {
    Random& random = world.random();
    for (int round = 0; round < rounds; ++round) {
        const int user = static_cast<int>(random.below(users));
        const Line& line = *writers[static_cast<std::size_t>(user)].line;
        if (line.left() || line.state() == Line::State::ended) {
            connect(user);
        } else if (random.chance(120)) {
            break_line(user);
        } else {
            write(user);
        }
        pass(milliseconds{random.below(80)});
    }
    for (int user = 0; user < users; ++user)
        connect(user);
    pass(seconds{20});

    std::size_t written = 0;
    for (const Writer& each : writers) {
        EXPECT_TRUE(each.unanswered.empty()) << each.unanswered.size() << " were not acknowledged";
        written += static_cast<std::size_t>(each.written);
    }
    EXPECT_GT(written, 100U);
    EXPECT_EQ(ids.size(), written);
    for (int one = 0; one < users; ++one) {
        const Writer& writer = writers[static_cast<std::size_t>(one)];
        EXPECT_EQ(writer.read.size() + static_cast<std::size_t>(writer.written), written)
            << user_name(one) << " reads all but its own";
        for (int other = 0; other < one; ++other)
            EXPECT_EQ(read_by(one, other), read_by(other, one)) << "in the same order";
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Writers, testing::Range<std::uint64_t>(1, 41));

}  // namespace
}  // namespace parley::sim
