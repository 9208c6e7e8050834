// overload: tells from how long turns take, and from how much memory is used, that a server has
// more to do than it can. Pure, save for what reads the system.
#pragma once

#include <cstdint>
#include <optional>

#include "server/commons.h"
#include "shard/shard.h"

namespace parley::server {

/// How long turns must be too long before a shard accepts nobody, and how long they must not be
/// before it does again.
constexpr Duration lag_patience = std::chrono::seconds{1};

/// Whether a shard is behind (requirement D5).
class Lag {
public:
    /// `max` 0: it never is.
    explicit Lag(Duration max) noexcept : max_(max) {}

    /// A turn took so long, and it is `now`. True while the shard is behind: for lag_patience turns
    /// were too long, with never more than two such turns' time between them, and since the last
    /// of them lag_patience has not passed.
    bool note(Duration turn, Instant now) noexcept;

private:
    Duration max_;
    Instant first_{};  // of an unbroken row of turns that were too long
    Instant last_{};
    bool has_last_ = false;
    bool is_behind_ = false;
};

/// The level for so much of `bytes_max`. A level is left two hundredths below where it was entered.
Pressure pressure_of(std::uint64_t bytes, std::uint64_t bytes_max, Pressure before) noexcept;

/// How long memory may go unwatched with so much of `bytes_max` in use: so short that what a
/// network of 10 Gbit/s brings meanwhile cannot take it past the next level that keeps more from
/// coming.
Duration look_interval(std::uint64_t bytes, std::uint64_t bytes_max) noexcept;

/// What the process has in memory now, from /proc; 0 if that cannot be read. Threads: any.
std::uint64_t resident_bytes() noexcept;
/// The least that a cgroup this process is in allows; nothing if none does. Threads: any.
std::optional<std::uint64_t> cgroup_bytes_max();

/// Looks at the memory of the process ten times a second, more often the fuller it is, for all
/// shards, from one of them. While it is short, and for some seconds after, what was freed is given
/// back to the system.
class MemoryWatch {
public:
    MemoryWatch(Shard& shard, Commons& commons, std::uint64_t bytes_max) noexcept;
    MemoryWatch(const MemoryWatch&) = delete;
    MemoryWatch& operator=(const MemoryWatch&) = delete;
    ~MemoryWatch() = default;

    void start() noexcept { on_timer(); }

private:
    void on_timer() noexcept;

    Shard& shard_;
    Commons& commons_;
    const std::uint64_t bytes_max_;
    Instant trimmed_{};
    Instant trim_until_{};
    Timer timer_;
};

}  // namespace parley::server
