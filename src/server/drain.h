// server::Drain: asks the connections of one shard to come back, to the server that follows this
// one, at a pace.
//
//   waiting ── its turn ──▶ sent away: what is queued, then FIN (VoicePing) or 1001 and a hint
//     │  ▲                                               ▲
//     │  └─ the burst is over ─┐                         │ there is no time left
//     ├─ hears a burst ──▶ listening ────────────────────┤
//     └─ speaks ─────────▶ talking ── burst_max is over ─┘
//
// Their order is random, so that no group comes back all at once. Of bursts the home shards of the
// groups know, and tell all others while they go on.
#pragma once

#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/intrusive_list.h"
#include "group/groups.h"
#include "server/drain_pace.h"
#include "server/raw_socket.h"
#include "session/sessions.h"
#include "shard/shard.h"

namespace parley::server {

/// How a server sends its connections away.
struct DrainOptions {
    std::uint32_t rate_max = 2000;                ///< connections a second, of all shards together
    Duration time_max = std::chrono::seconds{5};  ///< of all, save who speaks
};

/// How long a burst that is going on may still take when everybody is being sent away.
constexpr Duration burst_max = std::chrono::seconds{5};

/// How long after the end of one server the next one accepts, if it is started then (requirement
/// E2). Clients that understand the hint come back no earlier.
constexpr Duration restart_max = std::chrono::seconds{1};

class Drain {
public:
    /// Who takes the connections next.
    enum class Successor : std::uint8_t {
        later,  ///< the address is free once this server has ended
        ready,  ///< another server accepts at the same address already
    };

    /// All must outlive it. Sends nobody away before begin().
    Drain(Shard& shard, session::Sessions& sessions, group::Groups& groups,
          const DrainOptions& options);
    Drain(const Drain&) = delete;
    Drain& operator=(const Drain&) = delete;
    ~Drain() = default;

    void begin(Successor successor);
    bool begun() const noexcept { return pace_.has_value(); }
    /// Whether all were sent away. They need not be gone yet.
    bool done() const noexcept;
    /// Sends everybody away now, begun or not.
    void finish() noexcept;

    /// A session that came after begin(). Harmless before.
    void add(session::Session& session);
    /// Raw sockets are kept here, from when they open until they are gone.
    void add(RawSocket& socket) noexcept;
    void forget(const RawSocket& socket) noexcept;
    void abort_raw_sockets() noexcept;

private:
    using RawSockets = IntrusiveList<RawSocket, &RawSocket::hook>;
    enum class Part : std::uint8_t { none, hears, speaks };
    struct Burst {
        SessionRef talker;
        Instant until;  // unless it is told again
    };
    struct Told {
        GroupKey group{};
        SessionRef talker;
    };

    void on_timer() noexcept;
    void tell_bursts() noexcept;
    void on_burst(ShardId from, std::span<std::byte> record) noexcept;
    void look_at_bursts() noexcept;
    Part part_of(const session::Session& session) const noexcept;
    void send(std::size_t count) noexcept;
    void send_all(std::vector<SessionRef>& these) noexcept;
    void send_away(RawSocket& socket) noexcept;
    std::size_t ready() const noexcept { return waiting_.size() + raw_count_; }

    Shard& shard_;
    session::Sessions& sessions_;
    group::Groups& groups_;
    const DrainOptions& options_;
    Timer timer_;
    std::minstd_rand random_;
    std::optional<DrainPace> pace_;  // once begun
    Instant begun_;
    Instant back_;  // when a successor accepts
    Instant bursts_told_;
    std::vector<SessionRef> waiting_;
    std::vector<SessionRef> listening_;
    std::vector<SessionRef> talking_;
    std::unordered_map<std::uint64_t, Burst> bursts_;  // by group; few go on at a time
    RawSockets raw_waiting_;
    std::size_t raw_count_ = 0;  // of those
    RawSockets raw_sent_;
};

}  // namespace parley::server
