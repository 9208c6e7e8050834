// server::Worker: everything that lives on one shard, named and wired.
//
//   listener ─▶ openings ─▶ hand-over to the user's home ─▶ sessions ─▶ commands
//                                                             relay · floor · chat · membership
//
// It runs no thread: somebody calls Shard::turn(). So a simulation steps several of them in one.
#pragma once

#include <memory>
#include <optional>

#include "chat/chat.h"
#include "group/membership.h"
#include "net/listener.h"
#include "relay/direct_relay.h"
#include "relay/relay.h"
#include "server/door.h"
#include "server/downloads.h"
#include "server/drain.h"
#include "server/membership_updates.h"
#include "server/overload.h"
#include "server/raw_socket.h"
#include "server/recording_index.h"
#include "session/expiries.h"
#include "session/opening.h"
#include "store/backend.h"
#include "store/sweep.h"

namespace parley::server {

/// What all shards of a server have in common.
struct WorkerOptions {
    floor::Limits floor;
    ws::Settings sockets;
    net::QueueLimits queues;
    session::PaceLimits pace;                  ///< of one user
    std::size_t message_bytes_max = SIZE_MAX;  ///< that is no image
    std::uint32_t sockets_per_user_max = 0;    ///< 0: no limit
    std::uint32_t groups_per_user_max = store::groups_per_user_max;
    Duration opening_max = std::chrono::seconds{5};
    DoorLimits door;
    Duration lag_max{0};              ///< 0: a shard accepts however far it is behind
    store::Backend* store = nullptr;  ///< all shards'; never null
    bool sweeps_store = false;        ///< shard 0 has it forget what has ended
    Commons* commons = nullptr;       ///< without, shards know nothing of each other's load
    wire::voiceping::Dialect dialect = wire::voiceping::Dialect::router_2023;
    group::JoinPolicy join = group::JoinPolicy::open;
    session::Origins origins{session::Origins::OwnHost::by_address};
    ws::Deflate deflate = ws::Deflate::on;
    DrainOptions drain;
    Handler* handler = nullptr;             ///< if set, messages go there and nothing is relayed
    const net::tls::Source* tls = nullptr;  ///< if set, connections are secured
    const record::Taps* taps = nullptr;     ///< if set, talks are recorded
    RecordingIndex* index = nullptr;        ///< with taps: what shard 0 tells the store
    record::Library* library = nullptr;     ///< if set, recordings are served
};

class Worker final : private session::Opening::Gate,
                     private session::Commands,
                     private Downloads::Access {
public:
    /// All three must outlive the worker.
    Worker(Shard& shard, const WorkerOptions& options, const session::Authenticator& authenticator);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker();

    /// Takes over a listening descriptor; there may be several. `spread` if other shards have none,
    /// so that what is accepted here is dealt out to all in turn.
    enum class Spread : std::uint8_t { keep, deal_out };
    void start(int listener, Spread spread = Spread::keep);

    /// Takes no more connections, and sends those there are away at a pace. Who waits at the
    /// listeners when it begins is served.
    void drain(Drain::Successor successor);
    bool draining() const noexcept { return drain_.begun(); }
    /// All were sent away, and nobody is about to sign in or has had a second for it.
    bool drained() const noexcept;
    /// Takes no more connections, and sends everybody away now.
    void stop() noexcept;
    /// Drops what has not closed by itself.
    void abort() noexcept;
    /// True once nothing is left: no connection, nothing in flight.
    bool idle() const noexcept;

    Shard& shard() noexcept { return shard_; }
    session::Sessions& sessions() noexcept { return sessions_; }
    const group::Listeners& listeners() const noexcept { return listeners_; }
    group::Groups& groups() noexcept { return groups_; }
    const relay::Relay& relay() const noexcept { return relay_; }
    const relay::DirectRelay& direct_relay() const noexcept { return direct_; }
    const group::FloorControl& floor() const noexcept { return floor_; }
    const chat::Chat& chat() const noexcept { return chat_; }
    /// Null if nothing is recorded.
    const record::Tap* tap() const noexcept { return tap_ ? &*tap_ : nullptr; }
    const session::SessionContext& context() const noexcept { return context_; }
    const net::Shared& net() const noexcept { return net_; }
    const Door& door() const noexcept { return door_; }
    const store::Store& store() const noexcept { return *store_; }
    const group::Membership& membership() const noexcept { return membership_; }
    bool is_behind() const noexcept { return is_behind_; }
    /// Slow readers that were closed for want of memory.
    std::uint64_t shed() const noexcept { return shed_; }
    std::uint64_t refused(session::Refusal reason) const noexcept {
        return refusals_[static_cast<std::size_t>(reason)];
    }

private:
    void on_accepted(int descriptor) noexcept;
    void on_accepted_elsewhere(ShardId from, std::span<std::byte> record) noexcept;
    void begin_opening(int descriptor) noexcept;
    void make_room_for_opening() noexcept;
    record::Tap* make_tap();
    bool is_accepting() const noexcept;
    void on_admitted(session::Opening& opening, session::Admission admission,
                     int descriptor) noexcept override;
    void on_opening_gone(session::Opening& opening) noexcept override;
    void on_refused(session::Refusal reason) noexcept override;
    std::string_view unready() const noexcept override;
    session::Readiness readiness() const noexcept override;
    void on_accept_failure(int error) noexcept { door_.on_accept_failure(error); }
    void on_turn_end() noexcept;
    void look_at_lag() noexcept;
    void look_at_store() noexcept;
    void on_shed_timer() noexcept;
    void make_room_for(UserKey user) noexcept;
    void refuse_join(session::Session& session, const wire::Command& command) noexcept;
    void end(session::Opening& opening) noexcept;
    void on_hand_over(ShardId from, std::span<std::byte> record) noexcept;
    void welcome(session::Admission admission, int descriptor) noexcept;
    void on_raw_socket_gone(RawSocket& socket) noexcept;

    void on_command(session::Session& session, const wire::Command& command) noexcept override;
    bool depends_on_sign_in(session::Session& session,
                            const wire::Command& command) noexcept override;
    void on_pong(session::Session& session, std::span<const std::byte> payload) noexcept override;
    void on_leaving(session::Session& session) noexcept override;
    void on_gone(session::Session& session) noexcept override;
    Downloads::MayHear may_hear(const session::Identity& who,
                                const record::Talk& talk) noexcept override;
    void on_download_gone(session::AddressMark address) noexcept override;
    void on_direct(session::Session& session, const wire::Command& command) noexcept;
    void on_group(session::Session& session, const wire::Command& command) noexcept;
    void on_floor_request(session::Session& session, const wire::Command& command) noexcept;
    void answer_test(session::Session& session, const wire::Command& command) noexcept;

    Shard& shard_;
    const WorkerOptions& options_;
    session::Opening::Policy policy_;
    Door door_;
    net::Shared net_;
    wire::voiceping::Decoder decoder_;
    session::SessionContext context_;
    session::Sessions sessions_;
    session::Expiries expiries_;
    session::Post post_;
    const std::unique_ptr<store::Store> store_;
    std::optional<store::Sweep> sweep_;  // shard 0's
    group::Listeners listeners_;
    group::Groups groups_;
    std::optional<record::Tap> tap_;
    group::FloorControl floor_;
    group::Membership membership_;
    MembershipUpdates updates_;
    relay::Relay relay_;
    relay::DirectRelay direct_;
    chat::Chat chat_;
    Downloads downloads_;
    Drain drain_;
    Instant openings_end_;  // of a drain: then nobody waits for them
    std::vector<std::unique_ptr<net::Listener>> acceptors_;
    bool deals_out_ = false;
    std::size_t dealt_ = 0;
    IntrusiveList<session::Opening, &session::Opening::hook> openings_;
    std::size_t opening_count_ = 0;
    std::array<std::uint64_t, session::refusal_count> refusals_{};
    Lag lag_;
    Timer lag_timer_;
    Timer shed_timer_;
    std::uint64_t shed_ = 0;
    Pressure pressure_ = Pressure::none;
    bool is_behind_ = false;
    bool store_is_down_ = false;
    std::uint64_t store_failures_seen_ = 0;
    bool stopping_ = false;
};

}  // namespace parley::server
