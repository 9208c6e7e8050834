// store::QueuedStore: one shard's door to a database that has a thread of its own.
//
//   ask ─▶ Outbox ─▶ DatabaseQueue ─▶ commit ─▶ mailbox ─▶ on_answer, in a later turn
//             └─ answer_max is over ─▶ on_answer: too late, or no answer
//
// What waited so long that its asker was told so is dropped before it is carried out, if that has
// not begun.
#pragma once

#include <memory>
#include <string_view>

#include "shard/shard.h"
#include "store/database_queue.h"
#include "store/outbox.h"

namespace parley::store {

class QueuedStore final : public Store {
public:
    /// The queue is all shards', and must outlive the store.
    QueuedStore(Shard& shard, DatabaseQueue& queue);
    ~QueuedStore() override;

    void ask(StoreClient& client, Ticket ticket, Question question) noexcept override;
    /// Nobody is ever forgotten here.
    void user_signed_out(std::string_view user) noexcept override;
    StoreState state() const noexcept override;
    std::string_view why_down() const noexcept override;
    StoreCounters counters() const noexcept override;
    const Histogram* latency() const noexcept override;

private:
    class Job;
    struct Door;

    void on_due() noexcept;
    void start_timer() noexcept;

    Shard& shard_;
    DatabaseQueue& queue_;
    std::shared_ptr<Door> door_;
    Timer timer_;
};

}  // namespace parley::store
