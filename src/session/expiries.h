// session::Expiries: ends sessions whose token has come to its end.
//
// A token's end is a time of day, and clocks of day are set: so when a timer says that it has come,
// the clock is asked again. Few sessions have one; the others cost nothing here.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "session/sessions.h"
#include "shard/shard.h"

namespace parley::session {

class Expiries {
public:
    Expiries(Shard& shard, Sessions& sessions) noexcept : shard_(shard), sessions_(sessions) {}
    Expiries(const Expiries&) = delete;
    Expiries& operator=(const Expiries&) = delete;
    ~Expiries() = default;

    /// Closes the session (auth_failed) once `end` has come, unless it is forgotten before.
    void watch(const Session& session, WallTime end);
    /// Harmless if it was not watched.
    void forget(const Session& session) noexcept;

    std::uint64_t expired() const noexcept { return expired_; }

private:
    struct Watch {
        Watch(Expiries& expiries, const SessionRef& session, WallTime at) noexcept
            : all(expiries),
              ref(session),
              end(at),
              timer(Timer::Handler::to<&Watch::on_timer>(*this)) {}
        void on_timer() noexcept { all.on_timer(*this); }

        Expiries& all;
        SessionRef ref;
        WallTime end;
        Timer timer;
    };

    void start(Watch& watch) noexcept;
    void on_timer(Watch& watch) noexcept;

    Shard& shard_;
    Sessions& sessions_;
    std::unordered_map<std::uint32_t, std::unique_ptr<Watch>> by_slot_;
    std::uint64_t expired_ = 0;
};

}  // namespace parley::session
