// store::SqliteThread: the thread that works on the embedded store's file, for all shards.
//
//   shards ── submit(job) ──▶ queue ──▶ one transaction for all that waits ──▶ commit ──▶ mailboxes
//
// Jobs that come while a commit waits for the disk share the next one (group commit), so the disk's
// pace bounds how late an answer is, not how many there are. A job goes home only after the commit
// that made it last: what was answered was kept.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "shard/mailbox.h"
#include "store/sqlite_database.h"

namespace parley::store {

/// One question on its way to the file and back. It is opened, as a letter, by the shard that
/// asked.
class SqliteJob : public Mailbox::Letter {
public:
    explicit SqliteJob(std::shared_ptr<Mailbox> home) noexcept : home_(std::move(home)) {}

    /// Threads: the store's. Called again from the start if the transaction it was in failed. False
    /// if the file failed it: then it is tried once more, alone.
    virtual bool carry_out(SqliteDatabase& database) noexcept = 0;
    /// Threads: the store's. Nothing that it did was kept.
    virtual void fail(Error why) noexcept = 0;

private:
    friend class SqliteThread;
    std::shared_ptr<Mailbox> home_;
};

class SqliteThread {
public:
    explicit SqliteThread(std::unique_ptr<SqliteDatabase> database);
    SqliteThread(const SqliteThread&) = delete;
    SqliteThread& operator=(const SqliteThread&) = delete;
    /// Carries out everything submitted, then ends.
    /// Blocks: until that is done.
    ~SqliteThread();

    /// Threads: any. Blocks: for as long as another submits.
    void submit(std::unique_ptr<SqliteJob> job);

private:
    using Jobs = std::vector<std::unique_ptr<SqliteJob>>;

    void run() noexcept;
    bool carry_out_together(Jobs& jobs) noexcept;
    void carry_out_alone(SqliteJob& job) noexcept;
    static void send_home(Jobs& jobs);

    const std::unique_ptr<SqliteDatabase> database_;
    std::mutex mutex_;
    std::condition_variable changed_;
    Jobs queue_;
    bool ending_ = false;
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace parley::store
