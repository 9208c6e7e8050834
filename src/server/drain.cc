#include "server/drain.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

#include "session/event_record.h"

namespace parley::server {
namespace {

using std::chrono::milliseconds;

// Small enough that what leaves in one step is no storm: 20 of 2,000 a second.
constexpr Duration step = milliseconds{10};
// Until every shard has heard of the bursts of all others: a record takes microseconds.
constexpr Duration first_step = milliseconds{50};
// A burst is told again while it goes on, and forgotten when it was not for two rounds.
constexpr Duration burst_told_every = milliseconds{100};
constexpr Duration burst_known_for = milliseconds{250};
// Hints differ by up to this, so that clients which were told together do not come together.
constexpr milliseconds jitter_max{100};

std::uint_fast32_t seed_of(const Shard& shard, const HashKey& key) noexcept {
    std::uint32_t seed = 0;
    std::memcpy(&seed, key.bytes.data(), sizeof(seed));
    return seed + raw(shard.id()) + 1;
}

}  // namespace

Drain::Drain(Shard& shard, session::Sessions& sessions, group::Groups& groups,
             const DrainOptions& options)
    : shard_(shard),
      sessions_(sessions),
      groups_(groups),
      options_(options),
      timer_(Timer::Handler::to<&Drain::on_timer>(*this)),
      random_(seed_of(shard, shard.fabric().hash_key())) {
    shard.on_record(RecordKind::burst, Shard::RecordHandler::to<&Drain::on_burst>(*this));
}

void Drain::begin(Successor successor) {
    if (begun()) return;
    waiting_.reserve(sessions_.size());
    sessions_.for_each(
        [this](const session::Session& session) { waiting_.push_back(session.ref()); });
    std::ranges::shuffle(waiting_, random_);
    begun_ = shard_.now() + first_step;
    const auto shards = static_cast<double>(shard_.fabric().shards());
    pace_.emplace(
        DrainPace::Limits{.rate_max = options_.rate_max / shards, .time_max = options_.time_max},
        begun_);
    back_ = begun_;
    if (successor == Successor::later) back_ += pace_->length(ready()) + restart_max;
    tell_bursts();
    shard_.timers().start(timer_, begun_);
}

bool Drain::done() const noexcept {
    return ready() == 0 && listening_.empty() && talking_.empty();
}

void Drain::finish() noexcept {
    timer_.cancel();
    // Who came last is not in any list of begin()'s.
    sessions_.for_each([](session::Session& session) { session.end(); });
    while (!raw_waiting_.empty())
        send_away(raw_waiting_.front());
    waiting_.clear();
    listening_.clear();
    talking_.clear();
}

void Drain::add(session::Session& session) {
    if (begun()) waiting_.push_back(session.ref());
}

void Drain::add(RawSocket& socket) noexcept {
    raw_waiting_.push_back(socket);
    ++raw_count_;
}

void Drain::forget(const RawSocket& socket) noexcept {
    if (!socket.was_sent_away()) --raw_count_;
}

void Drain::abort_raw_sockets() noexcept {
    for (RawSockets* sockets : {&raw_waiting_, &raw_sent_}) {
        for (RawSocket& socket : *sockets)
            socket.abort();
    }
}

void Drain::on_timer() noexcept {
    if (!pace_) return;
    const Instant now = shard_.now();
    if (now - bursts_told_ >= burst_told_every) {
        tell_bursts();
        look_at_bursts();
    }
    if (now - begun_ >= burst_max) send_all(talking_);
    // Some must go in spite of what they hear, or the last ones would all go at once.
    for (std::size_t left = pace_->pressed(listening_.size(), now); left > 0; --left) {
        if (session::Session* session = sessions_.find(listening_.back())) session->end();
        listening_.pop_back();
    }
    send(pace_->take(ready(), ready() + listening_.size(), now));
    // Also if nobody is left here: others are to hear of this shard's bursts.
    shard_.timers().start(timer_, now + step);
}

void Drain::tell_bursts() noexcept {
    bursts_told_ = shard_.now();
    groups_.for_each([this](const group::Group& group) {
        if (group.floor.idle()) return;
        Told told{.group = group.key, .talker = group.floor.holder().session};
        for (std::size_t i = 0; i < shard_.fabric().shards(); ++i) {
            const auto to = static_cast<ShardId>(i);
            if (to == shard_.id()) {
                on_burst(to, std::as_writable_bytes(std::span{&told, 1}));
            } else {
                shard_.post(to, RecordKind::burst, {session::bytes_of(told)}, Urgency::perishable);
            }
        }
    });
}

void Drain::on_burst(ShardId, std::span<std::byte> record) noexcept {
    Told told;
    PARLEY_ASSERT(record.size() == sizeof(told));
    std::memcpy(&told, record.data(), sizeof(told));
    bursts_.insert_or_assign(raw(told.group),
                             Burst{.talker = told.talker, .until = shard_.now() + burst_known_for});
}

// Whoever waited for a burst that is over waits for nothing but its turn.
void Drain::look_at_bursts() noexcept {
    std::erase_if(bursts_, [this](const auto& each) { return each.second.until < shard_.now(); });
    for (std::vector<SessionRef>* those : {&listening_, &talking_}) {
        std::erase_if(*those, [this](const SessionRef& ref) {
            const session::Session* session = sessions_.find(ref);
            if (session != nullptr && part_of(*session) != Part::none) return false;
            if (session != nullptr) waiting_.push_back(ref);
            return true;
        });
    }
}

Drain::Part Drain::part_of(const session::Session& session) const noexcept {
    Part part = Part::none;
    if (bursts_.empty()) return part;
    for (const session::Subscription& each : session.subscriptions) {
        const auto found = bursts_.find(raw(each.group));
        if (found == bursts_.end()) continue;
        if (found->second.talker == session.ref()) return Part::speaks;
        part = Part::hears;
    }
    return part;
}

void Drain::send(std::size_t count) noexcept {
    while (count > 0 && !raw_waiting_.empty()) {
        send_away(raw_waiting_.front());
        --count;
    }
    while (count > 0 && !waiting_.empty()) {
        const SessionRef ref = waiting_.back();
        waiting_.pop_back();
        session::Session* session = sessions_.find(ref);
        if (session == nullptr) continue;  // it has left by itself
        switch (part_of(*session)) {
            case Part::hears:
                listening_.push_back(ref);
                continue;
            case Part::speaks:
                talking_.push_back(ref);
                continue;
            case Part::none:
                session->end();
                --count;
        }
    }
}

void Drain::send_all(std::vector<SessionRef>& these) noexcept {
    for (const SessionRef& ref : these) {
        if (session::Session* session = sessions_.find(ref)) session->end();
    }
    these.clear();
}

void Drain::send_away(RawSocket& socket) noexcept {
    socket.hook.unlink();
    raw_sent_.push_back(socket);
    --raw_count_;
    const Instant now = shard_.now();
    Duration away = restart_max;
    if (pace_) away = std::max(back_ + pace_->turn() - now, Duration::zero());
    away += milliseconds{random_() % static_cast<std::uint_fast32_t>(jitter_max.count())};
    socket.send_away(fmt::format("reconnect_ms={}", away / milliseconds{1}));
}

}  // namespace parley::server
