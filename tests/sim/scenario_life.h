// Scenario's parts: the storm, in which radios do what they like (scenario.cc), and the calm, in
// which everything must work (scenario_calm.cc).
#pragma once

#include <cstdint>

#include "sim/scenario.h"

namespace parley::sim {

constexpr std::uint16_t scenario_port = 7420;

/// One life, for run_scenario().
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
    void wake_all();
    void end();

    World world_;
    const int users_;
    const int groups_;
    Cluster cluster_;
    Judge judge_;
    Bias bias_;
};

}  // namespace parley::sim
