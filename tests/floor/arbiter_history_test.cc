// Random histories of one floor against a slow model that keeps every grant it ever gave.
#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>
#include <vector>

#include "floor/arbiter.h"

namespace parley::floor {
namespace {

using std::chrono::milliseconds;

// Small numbers, so that a few steps reach every limit, and several at once.
constexpr Limits limits{
    .talk_max = milliseconds{12}, .silence_max = milliseconds{4}, .busy_max = milliseconds{10}};
constexpr int history_count = 1'000'000;
constexpr int steps_per_history = 12;

// The rules as they are told, without a thought for speed.
class Model {
public:
    struct Grant {
        std::uint64_t number;
        Talker who;
        Instant began;
        Instant heard;
        bool held;
    };

    bool request(const Talker& who, Instant now) {
        if (Grant* present = holder(); present != nullptr && present->who.user != who.user) {
            const bool silent = present->heard + limits.silence_max <= now;
            const bool overdue = present->began + limits.busy_max <= now;
            if (!silent && !overdue) return false;
        }
        end();
        grants.push_back({grants.size() + 1, who, now, now, true});
        return true;
    }
    bool release(std::uint64_t number) {
        const Grant* present = holder();
        if (present == nullptr || present->number != number) return false;
        end();
        return true;
    }
    bool hear(const SessionRef& session, Instant now) {
        Grant* present = holder();
        if (present == nullptr || present->who.session != session) return false;
        present->heard = now;
        return true;
    }
    bool leave(const SessionRef& session) {
        const Grant* present = holder();
        if (present == nullptr || present->who.session != session) return false;
        end();
        return true;
    }
    bool expire(Instant now) {
        const Grant* present = holder();
        if (present == nullptr || now < present->began + limits.talk_max) return false;
        end();
        return true;
    }

    Grant* holder() {
        for (Grant& grant : grants) {
            if (grant.held) return &grant;
        }
        return nullptr;
    }
    std::vector<Grant> grants;

private:
    void end() {
        for (Grant& grant : grants)
            grant.held = false;
    }
};

// Three users, the first with two devices, and a slot that is used again.
constexpr Talker talkers[] = {
    {{.slot = 1, .generation = 1}, UserKey{100}},
    {{.slot = 2, .generation = 1}, UserKey{100}},
    {{.slot = 3, .generation = 1}, UserKey{200}},
    {{.slot = 1, .generation = 2}, UserKey{300}},
};

class History {
public:
    explicit History(std::uint64_t seed) : random_(seed) {}

    // One step on both sides; false if they differ.
    bool step() {
        now_ += milliseconds{below(5)};
        const Talker& who = talkers[below(std::size(talkers))];
        const std::uint64_t before = raw(floor_.number());
        switch (below(6)) {
            case 0:
            case 1: {
                const bool granted = floor_.request(who, now_) == Arbiter::Answer::granted;
                if (granted && raw(floor_.number()) <= before) return false;
                return granted == model_.request(who, now_) && same();
            }
            case 2:
                return release(below(before + 2));
            case 3:
                return floor_.hear(who.session, now_) == model_.hear(who.session, now_) && same();
            case 4:
                return floor_.leave(who.session) == model_.leave(who.session) && same();
            default:
                return floor_.expire(now_) == model_.expire(now_) && same();
        }
    }

private:
    bool release(std::uint64_t number) {
        const bool present = !floor_.idle() && number == raw(floor_.number());
        const bool released = floor_.release(static_cast<FloorNumber>(number));
        // A number of the past frees nobody, whatever the model says.
        if (released != present) return false;
        return released == model_.release(number) && same();
    }
    bool same() {
        const Model::Grant* grant = model_.holder();
        if (floor_.idle() != (grant == nullptr)) return false;
        if (raw(floor_.number()) != model_.grants.size()) return false;
        const auto holds = [this](const Talker& each) { return floor_.held_by(each.session); };
        const auto holders = std::ranges::count_if(talkers, holds);
        if (grant == nullptr) return holders == 0 && floor_.deadline() == Instant::max();
        return holders == 1 && floor_.holder() == grant->who &&
               floor_.granted_at() == grant->began &&
               floor_.deadline() == grant->began + limits.talk_max;
    }
    std::uint64_t below(std::uint64_t end) {
        random_ = random_ * 6364136223846793005U + 1442695040888963407U;
        return (random_ >> 33) % end;
    }

    std::uint64_t random_;
    Instant now_{milliseconds{1000}};
    Arbiter floor_{limits};
    Model model_;
};

TEST(ArbiterHistory, AgreesWithTheSlowModel) {
    for (std::uint64_t seed = 1; seed <= history_count; ++seed) {
        History history{seed};
        for (int i = 0; i < steps_per_history; ++i) {
            ASSERT_TRUE(history.step()) << "seed " << seed << ", step " << i;
        }
    }
}

}  // namespace
}  // namespace parley::floor
