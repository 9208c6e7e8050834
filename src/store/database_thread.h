// store::DatabaseThread: the thread that works off a DatabaseQueue.
#pragma once

#include <memory>
#include <thread>

#include "store/database_queue.h"

namespace parley::store {

class DatabaseThread {
public:
    explicit DatabaseThread(std::unique_ptr<Database> database);
    DatabaseThread(const DatabaseThread&) = delete;
    DatabaseThread& operator=(const DatabaseThread&) = delete;
    /// Carries out everything submitted, then ends.
    /// Blocks: until that is done.
    ~DatabaseThread();

    /// Threads: any. It lives as long as the thread.
    DatabaseQueue& queue() noexcept { return queue_; }

private:
    void run() noexcept;

    DatabaseQueue queue_;
    std::thread thread_;  // last: it uses the queue
};

}  // namespace parley::store
