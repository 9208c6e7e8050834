// store::MemoryStore: one shard's door to a database that never blocks for a disk or a network.
//
// Answers within the call, which makes a simulation the same each time. All shards' doors lead to
// one database and take turns by a lock.
#pragma once

#include <memory>
#include <mutex>

#include "store/database.h"
#include "store/store.h"

namespace parley::store {

/// Forgets everything when it ends.
struct SharedDatabase {
    std::mutex mutex;
    std::unique_ptr<Database> database;
};

class MemoryStore final : public Store {
public:
    /// The database is the backend's, and must outlive the store.
    explicit MemoryStore(SharedDatabase& shared) noexcept : shared_(shared) {}

    void ask(StoreClient& client, Ticket ticket, Question question) noexcept override;
    void user_signed_out(std::string_view user) noexcept override;
    StoreState state() const noexcept override;
    StoreCounters counters() const noexcept override { return counters_; }
    const Histogram* latency() const noexcept override { return nullptr; }

private:
    Result<Answer> answer(const Question& question) noexcept;

    SharedDatabase& shared_;
    StoreCounters counters_;
    bool failing_ = false;
};

}  // namespace parley::store
