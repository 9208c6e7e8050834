#include "sim/scenario.h"

#include <array>
#include <string>

namespace parley::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint16_t port = 7420;

class Scenario {
public:
    explicit Scenario(std::uint64_t seed, Trace trace);

    Outcome run();

private:
    struct Bias {  // how often, in thousandths of all actions; each seed has its own
        std::uint32_t talk = 0;
        std::uint32_t member = 0;
        std::uint32_t leave = 0;
        std::uint32_t rare = 0;
    };

    int some_user() { return static_cast<int>(random().below(static_cast<std::uint64_t>(users_))); }
    int some_group() {
        return static_cast<int>(random().below(static_cast<std::uint64_t>(groups_)));
    }
    Random& random() { return world_.random(); }
    std::uint64_t dropped() noexcept { return cluster_.voice_dropped(); }

    void pass(Duration time);
    void come(int user);
    void settle_in();
    void act();
    void act_as(int user);
    void talk(int user, int group);
    void change_membership(int user, int group);
    void go(int user);
    void rare_thing(int user, int group);
    void talk_past_the_limit(int user, int group);
    void break_many(int user, int group);
    void let_time_pass();
    void check_liveness();
    void check_talk(int user, int group);
    void check_pause();
    void end();

    World world_;
    const int users_;
    const int groups_;
    Cluster cluster_;
    Judge judge_;
    Bias bias_;
};

Scenario::Scenario(std::uint64_t seed, Trace trace)
    : world_(seed),
      users_(static_cast<int>(world_.random().between(4, 9))),
      groups_(static_cast<int>(world_.random().between(1, 4))),
      cluster_(world_, world_.random().between(2, 3), port),
      judge_(world_, users_, groups_, Judge::Dropped::to<&Scenario::dropped>(*this)) {
    if (cluster_.tight()) judge_.expect_cuts();
    if (trace == Trace::print) world_.print_trace();
    Random& random = world_.random();
    bias_ = {.talk = static_cast<std::uint32_t>(random.between(500, 950)),
             .member = static_cast<std::uint32_t>(random.below(60)),
             .leave = static_cast<std::uint32_t>(random.below(40)),
             .rare = static_cast<std::uint32_t>(random.below(60))};
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
    judge_.connect(user, port, random().chance(800) ? "radio" : "tablet");
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
            for (std::uint64_t left = random().between(5, 30); left > 0; --left) {
                judge_.text(user, group);
            }
            return;
        case 6:
            return break_many(user, group);
        default:
            if (random().chance(50)) talk_past_the_limit(user, group);
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
        judge_.audio(user, group);
        world_.run_for(Duration{random().below(200'000)});
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
        judge_.connect(user, port, "radio");
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
    if (random().chance(300)) check_pause();
}

// The machine is paused while pings wait for their answers: nobody is to be blamed for that.
void Scenario::check_pause() {
    pass(milliseconds{random().below(26'000)});
    // Not around the ten seconds that an answer may take: a pause that ends within a second of that
    // is not seen.
    const bool is_short = random().chance(300);
    // Radios may take as long to answer; of a longer pause also when it is over, since what they
    // said meanwhile may be lost.
    world_.run_for(milliseconds{random().below(is_short ? 3'000 : 9'000)});
    world_.pause(seconds{is_short ? random().between(2, 6) : random().between(12, 60)});
    if (!is_short) world_.run_for(milliseconds{random().below(9'000)});
    pass(seconds{4});
    for (int group = 0; group < groups_; ++group) {
        const int user = some_user();
        if (judge_.online(user)) check_talk(user, group);
    }
    judge_.check_at_rest();
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

}  // namespace

Outcome run_scenario(std::uint64_t seed, Trace trace) {
    return Scenario{seed, trace}.run();
}

}  // namespace parley::sim
