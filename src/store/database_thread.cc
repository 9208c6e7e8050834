#include "store/database_thread.h"

#include <utility>

#include "shard/pinning.h"

namespace parley::store {

DatabaseThread::DatabaseThread(std::unique_ptr<Database> database)
    : queue_(std::move(database)), thread_([this] { run(); }) {}

DatabaseThread::~DatabaseThread() {
    queue_.end();
    thread_.join();
}

void DatabaseThread::run() noexcept {
    name_this_thread("parley-store");
    while (queue_.wait())
        queue_.work();
}

}  // namespace parley::store
