// The end of a simulated life: the faults are over, so all that was asked is answered, all that is
// said is heard, and nothing is left.
#include <array>

#include "sim/scenario_life.h"

namespace parley::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

}  // namespace

// Nothing goes wrong any more: so everything must go right.
void Scenario::check_liveness() {
    world_.faults_off();
    for (int user = 0; user < users_; ++user) {
        if (judge_.online(user)) judge_.resume_reading(user);
    }
    pass(seconds{4});
    judge_.check_at_rest();
    for (int user = 0; user < users_; ++user) {
        if (judge_.online(user)) judge_.hang_up(user, Line::Leave::close);
    }
    pass(seconds{6});
    judge_.check_at_rest();
    for (int user = 0; user < users_; ++user) {
        judge_.connect(user, scenario_port, "radio");
        pass(milliseconds{1});
        for (int group = 0; group < groups_; ++group) {
            if (judge_.online(user)) judge_.join(user, group);
        }
    }
    pass(seconds{4});
    for (int group = 0; group < groups_; ++group) {
        const int user = some_user();
        if (judge_.online(user)) check_talk(user, group);
    }
    judge_.check_at_rest();
    const int talker = some_user();
    if (random().chance(50) && judge_.online(talker)) talk_past_the_limit(talker, some_group());
    if (random().chance(500)) check_pause();
}

// The machine is paused while pings wait for their answers: nobody is to be blamed for that.
void Scenario::check_pause() {
    pass(milliseconds{random().below(26'000)});
    // Not around the ten seconds that an answer may take: a pause that ends within a second of that
    // is not seen.
    const bool is_short = random().chance(300);
    // Radios may take as long to answer; of a longer pause also when it is over, since what they
    // said meanwhile may be lost.
    const auto answer_takes = [&] {
        return milliseconds{random().below(is_short ? 3'000 : 9'000)};
    };
    world_.run_for(answer_takes());
    wake_all();
    world_.pause(seconds{is_short ? random().between(2, 6) : random().between(12, 60)});
    if (!is_short) world_.run_for(answer_takes());
    pass(seconds{4});
    for (int group = 0; group < groups_; ++group) {
        const int user = some_user();
        if (judge_.online(user)) check_talk(user, group);
    }
    judge_.check_at_rest();
}

// What a shard slept before a pause counts as paused too, so that a question asked then is fresh
// when it goes on. Not if something came last.
void Scenario::wake_all() {
    for (int group = 0; group < groups_; ++group) {
        const int user = some_user();
        if (judge_.online(user)) judge_.text(user, group);
    }
    world_.run_for(milliseconds{2});
}

void Scenario::check_talk(int user, int group) {
    judge_.start(user, group);
    for (int i = 0; i < 5 && judge_.online(user); ++i) {
        judge_.audio(user, group);
        pass(milliseconds{20});
    }
    if (!judge_.online(user)) return;  // cut, for lack of memory
    judge_.stop(user, group);
    judge_.text(user, group);
    pass(milliseconds{300});
    if (judge_.online(user)) judge_.check_heard_by_all(user, group);
}

void Scenario::end() {
    constexpr std::array ways{Line::Leave::close_frame, Line::Leave::close, Line::Leave::reset};
    for (int user = 0; user < users_; ++user) {
        if (judge_.online(user)) judge_.hang_up(user, ways[random().below(ways.size())]);
    }
    pass(seconds{3});
    world_.run_for(seconds{200});  // past every timer
    cluster_.check_nothing_left();
    cluster_.stop();
    world_.run_for(seconds{3});
    if (!cluster_.stopped()) world_.fail("a shard does not stop");
    if (world_.open_descriptors() > 0) world_.fail("descriptors left open at the end");
}

}  // namespace parley::sim
