// DelayedStops: STOPs whose answers wait for the stop grace.
//
// VoicePing answers a STOP, tells the listeners and frees the floor 100 ms after it came
// (docs/PROTOCOL-VOICEPING.md). Until then a record of it lives here.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/delegate.h"
#include "base/ids.h"
#include "base/intrusive_list.h"
#include "shard/shard.h"
#include "wire/message.h"

namespace parley::group {

/// How long a STOP is left unanswered. Somebody else's START meanwhile is refused.
constexpr Duration stop_grace = std::chrono::milliseconds{100};

/// STOPs that may wait on one shard: each of 16,384 talkers may have four. Beyond, they are
/// answered at once.
constexpr std::size_t delayed_stops_max = 65536;

/// What ended: a burst of talk, or nothing.
struct Stop {
    SessionRef talker;
    UserKey user{};
    std::uint64_t target = 0;  ///< the key of the group or user
    FloorNumber burst{};       ///< group talk only
    bool had_talk = false;     ///< false: it is acknowledged, and nobody else is told
    bool group_waits = false;  ///< counted in Group::stops_pending
    std::string talk_id;       ///< if it had talk
    std::chrono::milliseconds duration{0};
    std::vector<std::byte> from;
    std::vector<std::byte> to;
    std::vector<std::byte> message_id;  ///< the client's own; empty if none
};

class DelayedStops {
public:
    using Due = Delegate<void(const Stop&)>;

    DelayedStops(Shard& shard, Due due) noexcept : shard_(shard), due_(due) {}
    DelayedStops(const DelayedStops&) = delete;
    DelayedStops& operator=(const DelayedStops&) = delete;
    ~DelayedStops();

    void add(Stop stop);
    std::size_t size() const noexcept { return size_; }

private:
    struct Waiting {
        Waiting(DelayedStops& in, Stop what) noexcept
            : owner(in),
              timer(Timer::Handler::to<&Waiting::on_due>(*this)),
              stop(std::move(what)) {}
        void on_due() noexcept { owner.finish(*this); }

        DelayedStops& owner;
        Timer timer;
        ListHook hook;
        Stop stop;
    };

    void finish(Waiting& waiting) noexcept;

    Shard& shard_;
    Due due_;
    IntrusiveList<Waiting, &Waiting::hook> waiting_;
    std::size_t size_ = 0;
};

/// How long a burst lasted: at least 1 ms, since 0 says that there was no talk.
std::chrono::milliseconds talk_duration(Instant began, Instant ended) noexcept;

/// The acknowledgement of a STOP, to its sender. Borrows from `stop` and `scratch`.
wire::Event stop_answer(wire::Scope scope, const Stop& stop, std::vector<std::byte>& scratch);

/// What listeners are told. Borrows likewise. Requires stop.had_talk.
wire::Event stop_event(wire::Scope scope, const Stop& stop, std::vector<std::byte>& scratch);

/// The id of a talk burst: `<channel>_3_<to>_<from>_<epoch ms>_<duration>ms.opus`.
std::string talk_id(wire::Scope scope, const Stop& stop, WallTime ended);

}  // namespace parley::group
