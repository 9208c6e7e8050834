#include "group/floor_control.h"

#include <cstring>

#include "group/refusals.h"
#include "session/event_record.h"
#include "wire/value.h"

namespace parley::group {
namespace {

constexpr wire::Scope scope = wire::Scope::group;

void assign(std::vector<std::byte>& to, std::span<const std::byte> bytes) {
    to.assign(bytes.begin(), bytes.end());
}

}  // namespace

FloorControl::FloorControl(Shard& shard, Groups& groups, session::Post& post,
                           const floor::Limits& limits, record::Tap* tap) noexcept
    : shard_(shard),
      groups_(groups),
      post_(post),
      tap_(tap),
      stops_(shard, DelayedStops::Due::to<&FloorControl::on_stop_due>(*this)) {
    groups.set_floor(limits, *this);
    shard.on_record(RecordKind::floor_request,
                    Shard::RecordHandler::to<&FloorControl::on_floor_request>(*this));
}

void FloorControl::request(const session::Session& who, GroupKey group,
                           const wire::Command& command) noexcept {
    ask(Ask::request, who, group, command);
}

void FloorControl::release(const session::Session& who, GroupKey group,
                           const wire::Command& command) noexcept {
    ask(Ask::release, who, group, command);
}

void FloorControl::leave(const session::Session& who, GroupKey group) noexcept {
    ask(Ask::leave, who, group, {});
}

void FloorControl::ask(Ask what, const session::Session& who, GroupKey group,
                       const wire::Command& command) noexcept {
    const Asked asked{what, group, {who.ref(), who.key()}};
    const wire::Event event{.scope = scope,
                            .from = command.from.encoded,
                            .to = command.to.encoded,
                            .message_id = command.message_id,
                            .payload = command.payload};
    const ShardId home = shard_.home(group);
    if (home == shard_.id()) return decide(asked, event);
    const session::EventHead head = session::head_of(event);
    const bool sent = shard_.post(home, RecordKind::floor_request,
                                  {session::bytes_of(asked), session::bytes_of(head), event.from,
                                   event.to, event.message_id, event.payload},
                                  Urgency::lasting);
    if (!sent && what == Ask::request) tell_busy(post_, who.ref(), event);
}

void FloorControl::on_floor_request(ShardId, std::span<std::byte> record) noexcept {
    Asked asked;
    std::memcpy(&asked, record.data(), sizeof(asked));
    decide(asked, session::event_of(record.subspan(sizeof(asked))));
}

void FloorControl::decide(const Asked& asked, const wire::Event& event) noexcept {
    Group* group = groups_.find(asked.group);
    switch (asked.ask) {
        case Ask::request:
            return on_request(group, asked, event);
        case Ask::release:
            return on_release(group, asked, event);
        case Ask::leave:
            return on_leave(group, asked);
    }
}

void FloorControl::on_request(Group* group, const Asked& asked, const wire::Event& event) noexcept {
    // A talker listens as well, so its group is known; unless it left in the same moment.
    if (group == nullptr) return tell_not_a_member(post_, asked.who.session, event);
    if (group->floor.request(asked.who, shard_.now()) == floor::Arbiter::Answer::busy) {
        ++counters_.busy;
        return tell_busy(post_, asked.who.session, event);
    }
    ++counters_.granted;
    end_recording(*group, {});  // of who was silent for too long, or has begun anew
    assign(group->from, event.from);
    assign(group->to, event.to);
    begin_recording(*group);
    shard_.timers().start(group->limit, group->floor.deadline());

    scratch_.clear();
    wire::append_start_answer(scope, event.payload, scratch_);
    post_.tell(asked.who.session, {.kind = wire::Kind::floor_granted,
                                   .scope = scope,
                                   .from = event.from,
                                   .to = event.to,
                                   .payload = scratch_});
    wire::Event started = event;
    started.kind = wire::Kind::talk_started;
    groups_.broadcast(*group, started, asked.who.user);
}

void FloorControl::begin_recording(Group& group) noexcept {
    if (tap_ == nullptr || !tap_->wants_group(group.key)) return;
    const std::string to = wire::text_of(group.to);
    const std::string from = wire::text_of(group.from);
    group.recording = tap_->begin({scope, to, from});
}

void FloorControl::end_recording(Group& group, std::string_view id) noexcept {
    if (group.recording != TalkNumber::none) tap_->end(group.recording, id);
}

// What is said behind a STOP is not part of the talk, so its recording ends here too.
Stop FloorControl::stop_of(Group& group) noexcept {
    Stop stop{.talker = group.floor.holder().session,
              .user = group.floor.holder().user,
              .target = raw(group.key),
              .burst = group.floor.number(),
              .had_talk = true,
              .duration = talk_duration(group.floor.granted_at(), shard_.now()),
              .from = group.from,
              .to = group.to};
    stop.talk_id = talk_id(scope, stop, shard_.wall_now());
    end_recording(group, stop.talk_id);
    return stop;
}

void FloorControl::on_release(Group* group, const Asked& asked, const wire::Event& event) noexcept {
    const bool holds = group != nullptr && group->floor.held_by(asked.who.session);
    // A second STOP of the same burst, while the first waits for its answer, says nothing new.
    if (holds && group->stopping == group->floor.number()) return;
    Stop stop{.talker = asked.who.session, .user = asked.who.user, .target = raw(asked.group)};
    if (holds) {
        stop = stop_of(*group);
        group->stopping = group->floor.number();
    }
    assign(stop.from, event.from);
    assign(stop.to, event.to);
    assign(stop.message_id, event.message_id);
    stop.group_waits = group != nullptr;
    if (stop.group_waits) ++group->stops_pending;
    stops_.add(std::move(stop));
}

void FloorControl::on_stop_due(const Stop& stop) noexcept {
    post_.tell(stop.talker, stop_answer(scope, stop, scratch_));
    if (!stop.group_waits) return;
    Group* group = groups_.find(static_cast<GroupKey>(stop.target));
    if (stop.had_talk) {
        // Somebody may have taken the floor over within the grace, after a silence: then listeners
        // heard the next talk begin, and the end of this one would seem to be the end of that.
        const bool taken_over = group->floor.holder().user != stop.user;
        if (!taken_over) tell_listeners(*group, stop);
        if (group->floor.release(stop.burst)) group->limit.cancel();
    }
    --group->stops_pending;
    groups_.settle(*group);
}

void FloorControl::tell_listeners(Group& group, const Stop& stop) noexcept {
    groups_.broadcast(group, stop_event(scope, stop, scratch_), stop.user);
}

void FloorControl::on_talk_limit(Group& group) noexcept {
    if (!group.floor.expire(shard_.now())) return;
    ++counters_.limits_reached;
    // Its STOP may be waiting for its answer: then that one tells everybody.
    if (group.stopping == group.floor.number()) return;
    const Stop stop = stop_of(group);
    post_.tell(stop.talker, stop_answer(scope, stop, scratch_));
    tell_listeners(group, stop);
    groups_.settle(group);
}

void FloorControl::on_leave(Group* group, const Asked& asked) noexcept {
    if (group == nullptr || !group->floor.leave(asked.who.session)) return;
    ++counters_.freed_by_leaving;
    end_recording(*group, {});
    group->limit.cancel();
    groups_.settle(*group);
}

}  // namespace parley::group
