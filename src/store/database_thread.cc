#include "store/database_thread.h"

#include <algorithm>
#include <iterator>

#include "shard/pinning.h"
#include "store/store.h"

namespace parley::store {
namespace {

// One transaction's. More would spare no fsync worth speaking of, and the first would wait for the
// last: 500 inserts take some milliseconds, as does an fsync.
constexpr std::size_t together_max = 500;

}  // namespace

DatabaseThread::DatabaseThread(std::unique_ptr<Database> database)
    : database_(std::move(database)), thread_([this] { run(); }) {}

DatabaseThread::~DatabaseThread() {
    {
        const std::lock_guard lock{mutex_};
        ending_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void DatabaseThread::submit(std::unique_ptr<DatabaseJob> job) {
    {
        const std::lock_guard lock{mutex_};
        queue_.push_back(std::move(job));
    }
    changed_.notify_one();
}

void DatabaseThread::run() noexcept {
    name_this_thread("parley-store");
    Jobs jobs;
    Jobs some;
    std::unique_lock lock{mutex_};
    while (true) {
        changed_.wait(lock, [this] { return ending_ || !queue_.empty(); });
        if (queue_.empty()) return;
        jobs.swap(queue_);
        lock.unlock();
        for (auto next = jobs.begin(); next != jobs.end();) {
            const auto left = static_cast<std::size_t>(jobs.end() - next);
            const auto end = next + static_cast<std::ptrdiff_t>(std::min(left, together_max));
            some.assign(std::make_move_iterator(next), std::make_move_iterator(end));
            next = end;
            carry_out(some);
            send_home(some);
        }
        jobs.clear();
        lock.lock();
    }
}

void DatabaseThread::carry_out(Jobs& jobs) noexcept {
    if (const Status begun = database_->begin(); !begun) {
        for (const auto& job : jobs)
            job->answer_ = begun.error();
        return;
    }
    if (carry_out_together(jobs)) return;
    database_->roll_back();
    for (const auto& job : jobs)
        carry_out_alone(*job);
}

bool DatabaseThread::carry_out_together(Jobs& jobs) noexcept {
    return std::ranges::all_of(jobs, [this](const auto& job) { return ask(*job); }) &&
           database_->commit().ok();
}

// What one of many has spoilt must not be all others' loss.
void DatabaseThread::carry_out_alone(DatabaseJob& job) noexcept {
    Status status = database_->begin();
    if (status && ask(job)) {
        status = database_->commit();
        if (status) return;
    }
    database_->roll_back();
    if (!status) job.answer_ = status.error();  // else it has the reason already
}

// False if the database failed it; then all since begin() has to be rolled back.
bool DatabaseThread::ask(DatabaseJob& job) noexcept {
    if (!job.take()) {
        job.answer_ = trouble(Trouble::too_late);
    } else if (job.refused_) {
        job.answer_ = *job.refused_;
    } else {
        job.answer_ = database_->answer(job.question_);
        return job.answer_->ok() || !is_failure(job.answer_->error());
    }
    return true;
}

// In the order asked, one letter-box after the other.
void DatabaseThread::send_home(Jobs& jobs) {
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
