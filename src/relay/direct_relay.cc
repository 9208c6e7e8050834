#include "relay/direct_relay.h"

#include "wire/value.h"

namespace parley::relay {
namespace {

constexpr wire::Scope scope = wire::Scope::direct;

wire::Event as_event(wire::Kind kind, const wire::Command& command) noexcept {
    return {.kind = kind,
            .scope = scope,
            .from = command.from.encoded,
            .to = command.to.encoded,
            .message_id = command.message_id,
            .payload = command.payload};
}

}  // namespace

DirectRelay::DirectRelay(Shard& shard, session::Sessions& sessions, session::Post& post,
                         Duration talk_max, record::Tap* tap) noexcept
    : shard_(shard),
      sessions_(sessions),
      post_(post),
      talk_max_(talk_max),
      tap_(tap),
      stops_(shard, group::DelayedStops::Due::to<&DirectRelay::on_stop_due>(*this)) {}

void DirectRelay::on_start(session::Session& from, const wire::Command& command) noexcept {
    const auto to = shard_.key<UserKey>(command.to.text);
    if (session::DirectTalk* before = from.talks.find(to)) end_recording(*before, {});
    session::DirectTalk& talk = from.talks.begin(to, shard_.now());
    if (tap_ != nullptr && tap_->wants_direct()) {
        const std::string sender = wire::text_of(command.from.encoded);
        talk.recording = tap_->begin({scope, command.to.text, sender});
    }
    scratch_.clear();
    wire::append_start_answer(scope, command.payload, scratch_);
    wire::Event answer = as_event(wire::Kind::floor_granted, command);
    answer.payload = scratch_;
    from.tell(answer);
    post_.tell_user(to, as_event(wire::Kind::talk_started, command));
}

void DirectRelay::on_audio(session::Session& from, const wire::Command& command) noexcept {
    const auto to = shard_.key<UserKey>(command.to.text);
    session::DirectTalk* talk = from.talks.find(to);
    if (talk != nullptr && !talk->revoked && shard_.now() - talk->began >= talk_max_) {
        end_burst(from, *talk, command);
    }
    if (talk != nullptr && talk->revoked) {
        ++frames_after_limit_;
        return;
    }
    ++frames_;
    if (talk != nullptr && talk->recording != TalkNumber::none) {
        tap_->packet(talk->recording, command.payload);
    }
    post_.tell_user(to, as_event(wire::Kind::audio, command));
}

group::Stop DirectRelay::stop_of(const session::Session& from, UserKey to,
                                 const wire::Command& command) noexcept {
    group::Stop stop{.talker = from.ref(), .user = from.key(), .target = raw(to)};
    stop.from.assign(command.from.encoded.begin(), command.from.encoded.end());
    stop.to.assign(command.to.encoded.begin(), command.to.encoded.end());
    return stop;
}

void DirectRelay::end_recording(session::DirectTalk& talk, std::string_view id) noexcept {
    if (talk.recording != TalkNumber::none) tap_->end(talk.recording, id);
}

void DirectRelay::leave(session::Session& from) noexcept {
    from.talks.for_each([this](session::DirectTalk& talk) { end_recording(talk, {}); });
}

void DirectRelay::end_burst(session::Session& from, session::DirectTalk& talk,
                            const wire::Command& command) noexcept {
    group::Stop stop = stop_of(from, talk.to, command);
    stop.had_talk = true;
    stop.duration = group::talk_duration(talk.began, shard_.now());
    stop.talk_id = group::talk_id(scope, stop, shard_.wall_now());
    end_recording(talk, stop.talk_id);
    talk.revoked = true;
    tell_both(stop);
}

void DirectRelay::on_stop(session::Session& from, const wire::Command& command) noexcept {
    const auto to = shard_.key<UserKey>(command.to.text);
    session::DirectTalk* talk = from.talks.find(to);
    // A second STOP, while the first waits for its answer, says nothing new.
    if (talk != nullptr && talk->stopping) return;
    group::Stop stop = stop_of(from, to, command);
    stop.message_id.assign(command.message_id.begin(), command.message_id.end());
    if (talk != nullptr && !talk->revoked) {
        stop.had_talk = true;
        stop.duration = group::talk_duration(talk->began, shard_.now());
        stop.talk_id = group::talk_id(scope, stop, shard_.wall_now());
        end_recording(*talk, stop.talk_id);
        talk->stopping = true;
    } else {
        from.talks.end(to);
    }
    stops_.add(std::move(stop));
}

void DirectRelay::on_stop_due(const group::Stop& stop) noexcept {
    const auto to = static_cast<UserKey>(stop.target);
    if (session::Session* from = sessions_.find(stop.talker); from != nullptr) {
        // A START since then began a talk of its own, which goes on.
        const session::DirectTalk* talk = from->talks.find(to);
        if (talk != nullptr && talk->stopping) from->talks.end(to);
    }
    tell_both(stop);
}

void DirectRelay::tell_both(const group::Stop& stop) noexcept {
    post_.tell(stop.talker, group::stop_answer(scope, stop, scratch_));
    if (!stop.had_talk) return;
    post_.tell_user(static_cast<UserKey>(stop.target), group::stop_event(scope, stop, scratch_));
}

}  // namespace parley::relay
