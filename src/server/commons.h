// server::Commons: what the shards of one server know of each other's load.
//
// Only what comes with a connection or ten times a second passes through it; no frame does.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "base/hash.h"
#include "base/time.h"
#include "ring/socket.h"
#include "session/admission.h"
#include "session/auth_verdict.h"

namespace parley::server {

/// How short memory is (requirement D4). Each level does what those before it do.
enum class Pressure : std::uint8_t {
    none,
    refusing,   ///< from 80 %: no new connections
    shrinking,  ///< from 90 %: short queues, no joins, no large messages
    shedding,   ///< from 95 %: the slowest readers are closed, and only small messages are taken
};

/// What an operator is told, each at most once a minute.
enum class Notice : std::uint8_t {
    no_descriptor,
    no_address_room,
    memory,
    lag,
    store,
    recordings,
    count,
};

/// How many connections each address has, on all shards. Threads: any.
class AddressCounts {
public:
    explicit AddressCounts(const HashKey& key) noexcept : key_(key) {}

    /// Counts one more; `uncounted` if the address has `max` already. Addresses with the same mark
    /// are counted as one: of 100,000 one or two.
    session::AddressMark enter(const ring::PeerAddress& peer, std::uint32_t max);
    void leave(session::AddressMark mark) noexcept;
    std::size_t size() const;

private:
    const HashKey key_;
    mutable std::mutex mutex_;
    std::unordered_map<session::AddressMark, std::uint32_t> counts_;
};

/// Must outlive the shards. Threads: any.
class Commons {
public:
    using Log = void (*)(std::string_view sentence) noexcept;

    Commons(const HashKey& key, Log log) noexcept : addresses(key), log_(log) {}
    Commons(const Commons&) = delete;
    Commons& operator=(const Commons&) = delete;
    ~Commons() = default;

    /// Tells the operator, unless that was done within the last minute; true if it did.
    bool tell(Notice notice, Instant now, std::string_view sentence) noexcept;

    /// Somebody was not let in: likewise, for each reason.
    void tell_refused(session::Refusal reason, Instant now) noexcept;

    /// A shard's store was down, and is down: to be called as long as one of them holds. The
    /// operator is told, and `why` if that is known, when it is down for the first shard, and,
    /// having been told so, when it is down for none.
    void note_store(bool was_down, bool is_down, std::string_view why, Instant now) noexcept;

    /// Recordings fail, for errno's reason, or with 0 do so no more: to be called as long as they
    /// fail. The operator is told when that begins, and, having been told so, when it ends.
    void note_recordings(int error) noexcept;

    AddressCounts addresses;
    std::atomic<Pressure> pressure{Pressure::none};
    std::atomic<std::uint32_t> lagging{0};  ///< shards that accept nobody, since they are behind
    std::atomic<bool> recordings_fail{false};

private:
    using Told = std::atomic<Instant::rep>;  // when it was said last
    bool tell(Told& told, Instant now, std::string_view sentence) noexcept;

    const Log log_;
    std::atomic<std::uint32_t> stores_down_{0};  // shards whose store is down
    std::atomic<bool> told_store_down_{false};
    std::atomic<bool> told_recordings_{false};
    std::array<Told, static_cast<std::size_t>(Notice::count)> told_{};
    std::array<Told, session::refusal_count> told_refused_{};
};

}  // namespace parley::server
