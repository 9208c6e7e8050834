#include "store/queued_store.h"

#include <utility>

#include "store/checks.h"
#include "store/sqlite_file.h"

namespace parley::store {

// What the questions on their way share with the store. They may come home when it has ended, and
// then find it closed and answer nobody. Used by the shard's thread alone.
struct QueuedStore::Door {
    explicit Door(Shard& there) noexcept : shard(&there) {}

    Shard* shard;  // null: closed
    Outbox outbox;
};

class QueuedStore::Job final : public DatabaseJob, public Waiting {
public:
    Job(std::shared_ptr<Door> door, StoreClient& client, Ticket ticket, Question question,
        std::size_t size)
        : DatabaseJob(door->shard->mailbox(), std::move(question)),
          Waiting(client, ticket, size),
          door_(std::move(door)) {}

    using DatabaseJob::refuse;
    void open() noexcept override {
        if (door_->shard == nullptr) return;
        door_->outbox.settle(*this, take_answer(), door_->shard->now());
    }

private:
    const std::shared_ptr<Door> door_;
};

QueuedStore::QueuedStore(Shard& shard, DatabaseQueue& queue)
    : shard_(shard),
      queue_(queue),
      door_(std::make_shared<Door>(shard)),
      timer_(Timer::Handler::to<&QueuedStore::on_due>(*this)) {}

QueuedStore::~QueuedStore() {
    door_->shard = nullptr;
    door_->outbox.close();
}

void QueuedStore::ask(StoreClient& client, Ticket ticket, Question question) noexcept {
    Status checked = check(question);
    const std::size_t size = size_of(question);
    auto job = std::make_unique<Job>(door_, client, ticket, std::move(question), size);
    if (!checked) job->refuse(checked.error());
    if (!door_->outbox.admit(*job, shard_.now())) return;
    if (!timer_.running()) start_timer();
    queue_.submit(std::move(job));
}

void QueuedStore::start_timer() noexcept {
    if (door_->outbox.oldest() != nullptr) shard_.timers().start(timer_, door_->outbox.due());
}

void QueuedStore::on_due() noexcept {
    Outbox& outbox = door_->outbox;
    while (outbox.oldest() != nullptr && outbox.due() <= shard_.now()) {
        const bool dropped = static_cast<Job*>(outbox.oldest())->drop();
        outbox.give_up(dropped ? Trouble::too_late : Trouble::no_answer);
    }
    start_timer();
}

void QueuedStore::user_signed_out(std::string_view) noexcept {}

StoreState QueuedStore::state() const noexcept {
    return door_->outbox.state(shard_.now());
}

std::string_view QueuedStore::why_down() const noexcept {
    const std::optional<Error>& failure = door_->outbox.failure();
    if (!failure) return {};
    if (failure->domain != Error::Domain::sqlite) return "it does not answer in time";
    return sqlite_words(failure->code);
}

StoreCounters QueuedStore::counters() const noexcept {
    return door_->outbox.counters();
}

const Histogram* QueuedStore::latency() const noexcept {
    return &door_->outbox.latency();
}

}  // namespace parley::store
