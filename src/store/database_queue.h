// store::DatabaseQueue: what shards have asked of a database that may block, and working it off.
//
//   shards ── submit(job) ──▶ queue ──▶ one transaction for all that waits ──▶ commit ──▶ mailboxes
//
// Jobs that come while a commit waits for the disk share the next one (group commit), so the disk's
// pace bounds how late an answer is, not how many there are. A job goes home only after the commit
// that made it last: what was answered was kept.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "shard/mailbox.h"
#include "store/database.h"

namespace parley::store {

/// One question on its way to the database and back. It is opened, as a letter, by the shard that
/// asked.
class DatabaseJob : public Mailbox::Letter {
public:
    DatabaseJob(std::shared_ptr<Mailbox> home, Question question) noexcept
        : home_(std::move(home)), question_(std::move(question)) {}

    /// Nobody waits for it any longer. True if it will certainly not be carried out.
    /// Threads: any.
    bool drop() noexcept { return move_on(State::dropped); }

protected:
    /// It knows its answer before it is asked, and still takes its turn.
    void refuse(Error why) noexcept { refused_ = why; }
    /// Requires that it came home.
    Result<Answer> take_answer() noexcept { return std::move(*answer_); }

private:
    friend class DatabaseQueue;
    enum class State : std::uint8_t { waiting, taken, dropped };

    bool move_on(State to) noexcept {
        State waiting = State::waiting;
        return state_.compare_exchange_strong(waiting, to);
    }
    /// False if it was dropped. Threads: the database's.
    bool take() noexcept { return move_on(State::taken) || state_ == State::taken; }

    const std::shared_ptr<Mailbox> home_;
    const Question question_;
    std::optional<Error> refused_;
    std::optional<Result<Answer>> answer_;  // once it is on its way home
    std::atomic<State> state_{State::waiting};
};

class DatabaseQueue {
public:
    explicit DatabaseQueue(std::unique_ptr<Database> database) noexcept
        : database_(std::move(database)) {}
    DatabaseQueue(const DatabaseQueue&) = delete;
    DatabaseQueue& operator=(const DatabaseQueue&) = delete;
    ~DatabaseQueue() = default;

    /// Threads: any. Blocks: for as long as another submits.
    void submit(std::unique_ptr<DatabaseJob> job);

    /// Carries out all that waits. Threads: one, the database's. Blocks: as the database does.
    void work() noexcept;
    /// Blocks until there is work, or end() was called. False if that was all.
    bool wait() noexcept;
    /// Threads: any.
    void end() noexcept;

private:
    using Jobs = std::vector<std::unique_ptr<DatabaseJob>>;

    void carry_out(Jobs& jobs) noexcept;
    bool carry_out_together(Jobs& jobs) noexcept;
    void carry_out_alone(DatabaseJob& job) noexcept;
    bool ask(DatabaseJob& job) noexcept;
    static void send_home(Jobs& jobs);

    const std::unique_ptr<Database> database_;
    std::mutex mutex_;
    std::condition_variable changed_;
    Jobs queue_;
    bool ending_ = false;
};

}  // namespace parley::store
