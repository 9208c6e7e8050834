#include "store/sqlite_thread.h"

#include <algorithm>
#include <utility>

#include "shard/pinning.h"

namespace parley::store {

SqliteThread::SqliteThread(std::unique_ptr<SqliteDatabase> database)
    : database_(std::move(database)), thread_([this] { run(); }) {}

SqliteThread::~SqliteThread() {
    {
        const std::lock_guard lock{mutex_};
        ending_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void SqliteThread::submit(std::unique_ptr<SqliteJob> job) {
    {
        const std::lock_guard lock{mutex_};
        queue_.push_back(std::move(job));
    }
    changed_.notify_one();
}

void SqliteThread::run() noexcept {
    name_this_thread("parley-store");
    Jobs jobs;
    std::unique_lock lock{mutex_};
    while (true) {
        changed_.wait(lock, [this] { return ending_ || !queue_.empty(); });
        if (queue_.empty()) return;
        jobs.swap(queue_);
        lock.unlock();
        if (!carry_out_together(jobs)) {
            for (const auto& job : jobs)
                carry_out_alone(*job);
        }
        send_home(jobs);
        lock.lock();
    }
}

bool SqliteThread::carry_out_together(Jobs& jobs) noexcept {
    const auto carry_out = [this](const auto& job) { return job->carry_out(*database_); };
    if (database_->begin() && std::ranges::all_of(jobs, carry_out) && database_->commit()) {
        return true;
    }
    database_->roll_back();
    return false;
}

// What one of many has spoilt must not be all others' loss.
void SqliteThread::carry_out_alone(SqliteJob& job) noexcept {
    Status status = database_->begin();
    if (status && job.carry_out(*database_)) {
        status = database_->commit();
        if (status) return;
    }
    database_->roll_back();
    if (!status) job.fail(status.error());  // else it knows by itself
}

// In the order asked, one letter-box after the other.
void SqliteThread::send_home(Jobs& jobs) {
    Mailbox::Letters letters;
    std::ranges::stable_sort(jobs, {}, [](const auto& job) { return job->home_.get(); });
    for (auto job = jobs.begin(); job != jobs.end();) {
        const std::shared_ptr<Mailbox> home = (*job)->home_;
        for (; job != jobs.end() && (*job)->home_ == home; ++job)
            letters.push_back(std::move(*job));
        home->post(letters);
    }
    jobs.clear();
}

}  // namespace parley::store
