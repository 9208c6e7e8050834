// What a worker does when there is more to do than it can, or more to keep than there is memory.
#include <algorithm>
#include <vector>

#include "group/refusals.h"
#include "server/worker.h"
#include "store/outbox.h"

namespace parley::server {
namespace {

// At most one connection in so many is closed in a second (requirement D4).
constexpr std::size_t shed_divisor = 100;
constexpr Duration shed_interval = std::chrono::seconds{1};

}  // namespace

std::string_view Worker::unready() const noexcept {
    if (stopping_ || draining()) return "stopping";
    if (options_.commons == nullptr) return {};
    if (options_.commons->pressure.load(std::memory_order_relaxed) >= Pressure::refusing) {
        return "short of memory";
    }
    return options_.commons->lagging.load(std::memory_order_relaxed) > 0 ? "behind" : "";
}

// A store that is down is no reason to go elsewhere: voice does not need it, and where it is
// shared, no other server would do better. With a full outbox another may. Nor are recordings that
// fail: who cannot be recorded may still talk.
session::Readiness Worker::readiness() const noexcept {
    if (const std::string_view why_not = unready(); !why_not.empty()) return {false, why_not};
    if (store::Outbox::is_full(store_->counters())) return {false, "store: full"};
    const bool records = options_.commons == nullptr || !options_.commons->recordings_fail;
    switch (store_->state()) {
        case store::StoreState::healthy:
            break;
        case store::StoreState::slow:
            return {true, records ? "ok, store: slow" : "ok, store: slow, recordings: failing"};
        case store::StoreState::down:
            return {true, records ? "ok, store: down" : "ok, store: down, recordings: failing"};
    }
    return {true, records ? "ok" : "ok, recordings: failing"};
}

void Worker::on_turn_end() noexcept {
    look_at_lag();
    look_at_store();
    if (options_.commons == nullptr) return;
    pressure_ = options_.commons->pressure.load(std::memory_order_relaxed);
    net_.pressed = pressure_ >= Pressure::shrinking;
    net_.starved = pressure_ >= Pressure::shedding;
    if (pressure_ < Pressure::shedding || shed_timer_.running()) return;
    shard_.timers().start(shed_timer_, shard_.now() + shed_interval);
}

// It ends by a timer, since a shard that accepts nobody may have nothing to do.
void Worker::look_at_lag() noexcept {
    const bool was_behind = is_behind_;
    is_behind_ = lag_.note(shard_.last_turn(), shard_.now());
    if (is_behind_) shard_.timers().start(lag_timer_, shard_.now() + lag_patience);
    if (is_behind_ == was_behind) return;
    if (options_.commons != nullptr) {
        options_.commons->lagging.fetch_add(is_behind_ ? 1U : ~0U, std::memory_order_relaxed);
        if (is_behind_) {
            options_.commons->tell(Notice::lag, shard_.now(),
                                   "a shard is behind with its work and accepts nobody until it "
                                   "is not: more cores or fewer users are needed");
        }
    }
    for (const auto& acceptor : acceptors_) {
        if (is_behind_) {
            acceptor->hold();
        } else {
            acceptor->release();
        }
    }
}

void Worker::look_at_store() noexcept {
    if (stopping_) return;  // it was told to stop, too
    // On a full disk what is read goes well and what is written fails, within one turn.
    const std::uint64_t failed = store_->counters().failed;
    const bool is_down =
        store_->state() == store::StoreState::down || failed != store_failures_seen_;
    store_failures_seen_ = failed;
    if ((!is_down && !store_is_down_) || options_.commons == nullptr) return;
    options_.commons->note_store(store_is_down_, is_down, store_->why_down(), shard_.now());
    store_is_down_ = is_down;
}

// Those first for whom most is held.
void Worker::on_shed_timer() noexcept {
    if (pressure_ < Pressure::shedding || sessions_.size() == 0) return;
    std::vector<session::Session*> open;
    sessions_.for_each([&open](session::Session& each) {
        if (each.is_open()) open.push_back(&each);
    });
    const std::size_t count = std::min(open.size(), open.size() / shed_divisor + 1);
    const auto dearer = [](const session::Session* a, const session::Session* b) {
        return a->held_bytes() > b->held_bytes();
    };
    std::ranges::partial_sort(open, open.begin() + static_cast<std::ptrdiff_t>(count), dearer);
    for (std::size_t i = 0; i < count; ++i) {
        open[i]->shed(ws::CloseCode::try_again, "the server is short of memory; try again later");
        ++shed_;
    }
}

// A radio that lost its network comes back before its old connections are known to be dead: so the
// oldest gives way, and nobody locks himself out.
void Worker::make_room_for(UserKey user) noexcept {
    const std::size_t max = options_.sockets_per_user_max;
    if (max == 0) return;
    while (sessions_.count_of(user) >= max)
        sessions_.oldest_of(user).close(ws::CloseCode::overrun, "too many connections");
}

void Worker::refuse_join(session::Session& session, const wire::Command& command) noexcept {
    group::tell_unauthorized(post_, session.ref(),
                             {.from = command.from.encoded, .to = command.to.encoded});
}

}  // namespace parley::server
