// group::FloorControl: carries out what the arbiter of each group decides.
//
//   START ─▶ granted: START_ACK to the talker, START to the listeners
//         └▶ busy:    START_FAILED to who asked
//   STOP  ─▶ after the grace: STOP_ACK, STOP to the listeners, the floor is idle
//   talk_max, disconnect ─▶ the floor is idle
//
// Requests come from any shard and are decided on the group's home. Membership was checked where
// they come from.
#pragma once

#include "group/delayed_stops.h"
#include "group/groups.h"
#include "record/tap.h"
#include "session/post.h"

namespace parley::group {

class FloorControl final : private FloorWatch {
public:
    /// `tap` null: nothing is recorded.
    FloorControl(Shard& shard, Groups& groups, session::Post& post, const floor::Limits& limits,
                 record::Tap* tap) noexcept;
    FloorControl(const FloorControl&) = delete;
    FloorControl& operator=(const FloorControl&) = delete;
    ~FloorControl() = default;

    /// A member asks for the floor, or gives it back.
    void request(const session::Session& who, GroupKey group,
                 const wire::Command& command) noexcept;
    void release(const session::Session& who, GroupKey group,
                 const wire::Command& command) noexcept;
    /// A session that once asked for the group's floor takes part no longer.
    void leave(const session::Session& who, GroupKey group) noexcept;

    struct Counters {
        std::uint64_t granted = 0;
        std::uint64_t busy = 0;
        std::uint64_t limits_reached = 0;
        std::uint64_t freed_by_leaving = 0;
    };
    const Counters& counters() const noexcept { return counters_; }
    std::size_t stops_pending() const noexcept { return stops_.size(); }

private:
    enum class Ask : std::uint8_t { request, release, leave };
    struct Asked {
        Ask ask{};
        GroupKey group{};
        floor::Talker who;
    };

    void ask(Ask what, const session::Session& who, GroupKey group,
             const wire::Command& command) noexcept;
    void on_floor_request(ShardId from, std::span<std::byte> record) noexcept;
    void decide(const Asked& asked, const wire::Event& event) noexcept;
    void on_request(Group* group, const Asked& asked, const wire::Event& event) noexcept;
    void on_release(Group* group, const Asked& asked, const wire::Event& event) noexcept;
    void on_leave(Group* group, const Asked& asked) noexcept;
    void on_talk_limit(Group& group) noexcept override;
    void on_stop_due(const Stop& stop) noexcept;
    void tell_listeners(Group& group, const Stop& stop) noexcept;
    Stop stop_of(Group& group) noexcept;
    void begin_recording(Group& group) noexcept;
    void end_recording(Group& group, std::string_view id) noexcept;

    Shard& shard_;
    Groups& groups_;
    session::Post& post_;
    record::Tap* const tap_;
    DelayedStops stops_;
    std::vector<std::byte> scratch_;
    Counters counters_;
};

}  // namespace parley::group
