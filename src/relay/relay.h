// relay::Relay: carries voice. The hot path of the server.
//
//   a session's shard ─▶ the group's home: does it hold the floor? ─▶ each shard with listeners
//
// A frame is dropped and counted wherever it is not wanted; nothing here allocates, logs or asks
// the store.
#pragma once

#include "group/groups.h"
#include "record/tap.h"
#include "session/session.h"

namespace parley::relay {

class Relay {
public:
    /// `tap` null: no group has a recording.
    Relay(Shard& shard, group::Groups& groups, record::Tap* tap) noexcept;
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;
    ~Relay() = default;

    /// A voice frame for a group, from a session of this shard.
    void on_audio(const session::Session& from, const wire::Command& command) noexcept;

    struct Counters {
        std::uint64_t frames = 0;      ///< relayed, on the group's home
        std::uint64_t no_group = 0;    ///< dropped: nobody listens to the group
        std::uint64_t not_holder = 0;  ///< dropped: the sender does not hold the floor
        std::uint64_t lane_full = 0;   ///< dropped: the group's home is too far behind
    };
    const Counters& counters() const noexcept { return counters_; }

private:
    struct Heard {
        GroupKey group{};
        floor::Talker who;
    };

    void on_group_audio(ShardId from, std::span<std::byte> record) noexcept;
    void relay(const Heard& heard, const wire::Event& event) noexcept;

    Shard& shard_;
    group::Groups& groups_;
    record::Tap* const tap_;
    Counters counters_;
};

}  // namespace parley::relay
