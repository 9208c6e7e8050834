// store::Sweep: has the store forget what nobody waits for any longer.
//
//   interval ─▶ Expire ─▶ changed something? ── yes ─▶ pause ─▶ Expire ...
//      ▲                        └── no, or it failed ──┐
//      └───────────────────────────────────────────────┘
//
// Each question is bounded (expire_max), and others come between two. One shard of a server
// has a sweep; servers with a common store may all have theirs.
#pragma once

#include "shard/shard.h"
#include "store/store.h"

namespace parley::store {

/// Between sweeps: entries are kept for days and tokens for hours, so minutes are soon enough.
inline constexpr Duration sweep_interval = std::chrono::minutes{10};
/// Between two questions of a sweep: 10,000 entries a second, which leaves a disk idle for most of
/// the time.
inline constexpr Duration sweep_pause = std::chrono::milliseconds{100};

/// Threads: the shard's.
class Sweep final : private StoreClient {
public:
    /// Sweeps first after an interval. Both must outlive it; the store answers it no more once it
    /// has stopped or ended.
    Sweep(Shard& shard, Store& store) noexcept;

    /// Asks nothing more.
    void stop() noexcept;

private:
    void ask() noexcept;
    void ask_in(Duration wait) noexcept;
    void on_answer(Ticket ticket, Result<Answer> answer) noexcept override;

    Shard& shard_;
    Store& store_;
    Timer timer_;
    bool stopped_ = false;
};

}  // namespace parley::store
