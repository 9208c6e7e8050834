// The storm: radios come, talk, leave and misbehave while anything may go wrong.
#include <algorithm>
#include <array>

#include "sim/scenario_life.h"

namespace parley::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

}  // namespace

Scenario::Scenario(std::uint64_t seed, Trace trace)
    : world_(seed),
      users_(static_cast<int>(world_.random().between(4, 9))),
      groups_(static_cast<int>(world_.random().between(1, 4))),
      cluster_(world_, world_.random().between(2, 3), scenario_port),
      judge_(world_, users_, groups_, Judge::Dropped::to<&Scenario::dropped>(*this)) {
    if (cluster_.tight()) judge_.expect_cuts();
    if (trace == Trace::print) world_.print_trace();
    Random& random = world_.random();
    bias_ = {.talk = static_cast<std::uint32_t>(random.between(500, 950)),
             .member = static_cast<std::uint32_t>(random.below(60)),
             .leave = static_cast<std::uint32_t>(random.below(40)),
             .rare = static_cast<std::uint32_t>(random.below(150))};
}

// In slices, so that radios answer pings in time.
void Scenario::pass(Duration time) {
    constexpr Duration slice = milliseconds{400};
    while (time > Duration::zero()) {
        world_.run_for(std::min(time, slice));
        judge_.poll();
        time -= slice;
    }
}

void Scenario::come(int user) {
    judge_.connect(user, scenario_port, random().chance(800) ? "radio" : "tablet");
    // Some radios talk on before they are let in.
    if (!random().chance(400)) return;
    const int group = some_group();
    if (!judge_.member(user, group)) judge_.join(user, group);
    if (random().chance(500)) judge_.text(user, group);
    if (random().chance(300)) judge_.start(user, group);
}

void Scenario::settle_in() {
    for (int user = 0; user < users_; ++user) {
        come(user);
        pass(milliseconds{random().below(5)});
        for (int group = 0; group < groups_; ++group) {
            if (judge_.online(user) && random().chance(800)) judge_.join(user, group);
        }
    }
    pass(milliseconds{random().between(1, 1500)});
}

void Scenario::act() {
    const int user = some_user();
    if (judge_.online(user)) {
        act_as(user);
    } else if (random().chance(300)) {
        come(user);
    }
    let_time_pass();
}

void Scenario::act_as(int user) {
    const int group = some_group();
    if (random().chance(bias_.talk)) return talk(user, group);
    if (random().chance(bias_.member)) return change_membership(user, group);
    if (random().chance(bias_.leave)) return go(user);
    if (random().chance(bias_.rare)) return rare_thing(user, group);
    if (random().chance(500)) return judge_.text(user, group);
    if (!judge_.reading(user) && judge_.open(user)) judge_.resume_reading(user);
}

// Holders mostly speak and stop; others mostly ask.
void Scenario::talk(int user, int group) {
    if (judge_.holds(user, group)) {
        if (random().chance(80)) return judge_.stop(user, group);
        for (std::uint64_t left = random().between(1, 4); left > 0; --left) {
            judge_.audio(user, group);
        }
        return;
    }
    const std::uint64_t what = random().below(100);
    if (what < 35) return judge_.start(user, group);
    if (what < 37) return judge_.stop(user, group);
    if (what < 40) return judge_.audio(user, group);
}

void Scenario::change_membership(int user, int group) {
    if (judge_.member(user, group) && random().chance(600)) {
        judge_.leave_group(user, group);
    } else {
        judge_.join(user, group);
    }
}

void Scenario::go(int user) {
    constexpr std::array ways{Line::Leave::close_frame, Line::Leave::finish, Line::Leave::close,
                              Line::Leave::reset};
    if (random().chance(250)) return come(user);  // a second login while the first lasts
    judge_.hang_up(user, ways[random().below(ways.size())]);
}

void Scenario::rare_thing(int user, int group) {
    switch (random().below(9)) {
        case 0:
            return judge_.garbage(user);
        case 1:
        case 2:
            return judge_.stop_reading(user);
        case 3:  // everything in one breath
            judge_.start(user, group);
            judge_.audio(user, group);
            judge_.stop(user, group);
            return;
        case 4:
            judge_.stop(user, group);
            return judge_.start(user, group);
        case 5:  // more than a lane holds
            for (std::uint64_t left = random().between(5, 60); left > 0; --left) {
                judge_.text(user, group);
            }
            return;
        case 6:
        case 7:
            return break_many(user, group);
        default:
            if (random().chance(100)) talk_past_the_limit(user, group);
            return;
    }
}

void Scenario::talk_past_the_limit(int user, int group) {
    judge_.start(user, group);
    for (int i = 0; i < 50 && judge_.online(user); ++i) {
        judge_.audio(user, group);
        pass(milliseconds{1900});
    }
}

// Of those who listen a third is reset while voice is on its way to all.
void Scenario::break_many(int user, int group) {
    judge_.start(user, group);
    pass(milliseconds{random().between(1, 20)});
    for (int frame = 0; frame < 6 && judge_.online(user); ++frame) {
        // Some of it in one turn, so that the first of these finds out who is gone.
        for (std::uint64_t left = random().between(1, 4); left > 0; --left)
            judge_.audio(user, group);
        // At once, and once the first resets have been noticed.
        world_.run_for(Duration{random().below(frame % 2 == 0 ? 200'000 : 5'000'000)});
        const int other = some_user();
        if (frame < 3 && other != user && judge_.online(other)) {
            judge_.hang_up(other, Line::Leave::reset);
        }
        judge_.poll();
    }
}

void Scenario::let_time_pass() {
    if (random().chance(world_.faults().clock_jump)) world_.set_wall_clock();
    const std::uint64_t how = random().below(1000);
    if (how < 400) return judge_.poll();
    if (how < 800) return pass(Duration{random().below(2'000'000)});
    if (how < 970) return pass(milliseconds{random().between(2, 60)});
    if (how < 990) return pass(milliseconds{random().between(60, 300)});
    if (how < 998) return pass(milliseconds{random().between(2900, 3300)});
    pass(seconds{random().between(10, 40)});
}

Outcome Scenario::run() {
    const Instant began = world_.now();
    settle_in();
    for (std::uint64_t left = random().between(50, 250); left > 0; --left)
        act();
    check_liveness();
    end();
    return {.trace_hash = world_.trace_hash(),
            .completions = world_.completions(),
            .bursts = judge_.bursts(),
            .messages_heard = judge_.heard(),
            .simulated = world_.now() - began};
}

Outcome run_scenario(std::uint64_t seed, Trace trace) {
    return Scenario{seed, trace}.run();
}

}  // namespace parley::sim
