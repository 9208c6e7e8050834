// Whole shards that stand still for a minute: nobody is given up who could not be heard meanwhile
// (requirements E3 and I3), and who is really gone is given up all the same.
#include <gtest/gtest.h>
#include <memory>
#include <vector>

#include "sim/cluster.h"
#include "sim/line.h"

namespace parley::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint16_t port = 7420;
constexpr int users = 30;
constexpr seconds pause{60};
constexpr seconds ping_interval{25};  // ws::Settings
constexpr seconds pong_max{10};

class Pause : public testing::TestWithParam<std::uint64_t>, public Line::Listener {
public:
    void on_open(Line&) override {}
    void on_message(Line&, const Message&) override {}
    void on_ended(Line&) override { ++ended; }

protected:
    Pause() {
        EXPECT_FALSE(cluster.tight()) << "take another seed: frames may run out with this one";
        for (int user = 0; user < users; ++user) {
            lines.push_back(std::make_unique<Line>(world, *this, user, port, "device"));
            pass(milliseconds{100});  // so that they are asked at different times
        }
        pass(seconds{1});
        for (const auto& line : lines)
            EXPECT_EQ(line->state(), Line::State::open);
    }
    ~Pause() override {
        for (const auto& line : lines)
            line->leave(Line::Leave::close);
        pass(seconds{5});
        cluster.stop();
        while (!cluster.stopped())
            world.run_for(milliseconds{10});
    }
    void poll() {
        for (const auto& line : lines) {
            if (line->state() != Line::State::ended) line->poll();
        }
    }
    // Peers that read and answer.
    void pass(Duration time) {
        for (const Instant until = world.now() + time; world.now() < until; poll())
            world.run_for(milliseconds{10});
    }

    World world{GetParam(), Faults::none()};
    Cluster cluster{world, 2, port};
    std::vector<std::unique_ptr<Line>> lines;
    int ended = 0;
};

// Until the last one was asked, with some that have not answered.
constexpr Duration until_asked = ping_interval - seconds{1} - milliseconds{50};

TEST_P(Pause, OfTheMachineLosesNobodyWhoAnswersAfterwards) {
    pass(until_asked - seconds{3});
    world.run_for(seconds{2});  // questions that nobody takes yet
    world.jump(pause);
    pass(pause);
    EXPECT_EQ(ended, 0);
}

TEST_P(Pause, OfTheProcessLosesNobodyWhoAnsweredMeanwhile) {
    pass(until_asked - seconds{3});
    world.run_for(seconds{2});
    poll();  // their answers are on their way
    world.stop_shards_for(pause);
    pass(pause);
    EXPECT_EQ(ended, 0);
}

TEST_P(Pause, OfFiveSecondsWhileAnswersAreAlmostDueLosesNobody) {
    pass(until_asked - seconds{3});
    world.run_for(pong_max - seconds{3});
    poll();
    world.stop_shards_for(seconds{5});
    pass(pause);
    EXPECT_EQ(ended, 0);
}

TEST_P(Pause, SavesNobodyWhoIsGone) {
    for (const auto& line : lines)
        line->stop_reading();
    world.run_for(ping_interval);
    world.jump(pause);
    world.run_for(milliseconds{100});
    poll();
    EXPECT_EQ(ended, 0) << "one round of questions comes first";
    pass(ping_interval + 2 * pong_max);
    for (const auto& line : lines)
        line->resume_reading();
    pass(seconds{1});
    EXPECT_EQ(ended, users);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Pause, testing::Values(1, 2, 4));

}  // namespace
}  // namespace parley::sim
