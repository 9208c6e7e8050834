#include "session/expiries.h"

#include <algorithm>
#include <chrono>

namespace parley::session {
namespace {

// A clock of day may be set forward, and no timer notices: it is asked this often at the least.
constexpr Duration ask_again = std::chrono::minutes{1};

}  // namespace

void Expiries::watch(const Session& session, WallTime end) {
    auto watch = std::make_unique<Watch>(*this, session.ref(), end);
    start(*watch);
    by_slot_[session.ref().slot] = std::move(watch);
}

void Expiries::forget(const Session& session) noexcept {
    by_slot_.erase(session.ref().slot);
}

void Expiries::start(Watch& watch) noexcept {
    // As the clock is now: Shard::wall_now() never goes back.
    const WallTime::duration left = watch.end - shard_.ring().wall_now();
    const auto wait = std::clamp<Duration>(
        std::min<WallTime::duration>(left, std::chrono::hours{1}), Duration::zero(), ask_again);
    shard_.timers().start(watch.timer, shard_.now() + wait);
}

void Expiries::on_timer(Watch& watch) noexcept {
    if (shard_.ring().wall_now() < watch.end) return start(watch);
    ++expired_;
    // It forgets the watch, if it is still there.
    if (Session* session = sessions_.find(watch.ref); session != nullptr) {
        session->close(ws::CloseCode::auth_failed, "the token has expired: connect with a new one");
    }
}

}  // namespace parley::session
