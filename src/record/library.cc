#include "record/library.h"

#include <utility>

#include "shard/pinning.h"

namespace parley::record {

Library::Library(Place place) : place_(std::move(place)), thread_([this] { run(); }) {}

Library::~Library() {
    {
        const std::lock_guard lock{mutex_};
        ending_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void Library::ask(std::unique_ptr<ReadJob> job) {
    {
        const std::lock_guard lock{mutex_};
        queue_.push_back(std::move(job));
    }
    changed_.notify_one();
}

void Library::run() {
    name_this_thread("parley-library");
    std::unique_lock lock{mutex_};
    while (true) {
        changed_.wait(lock, [this] { return ending_ || !queue_.empty(); });
        if (ending_) return;
        std::unique_ptr<ReadJob> job = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        job->read(place_);
        const std::shared_ptr<Mailbox> home = job->home_;
        Mailbox::Letters letters;
        letters.push_back(std::move(job));
        home->post(letters);
        lock.lock();
    }
}

}  // namespace parley::record
