#include "store/database_queue.h"

#include <algorithm>
#include <iterator>

#include "store/store.h"

namespace parley::store {
namespace {

// One transaction's. More would spare no fsync worth speaking of, and the first would wait for the
// last: 500 inserts take some milliseconds, as does an fsync.
constexpr std::size_t together_max = 500;

}  // namespace

void DatabaseQueue::submit(std::unique_ptr<DatabaseJob> job) {
    {
        const std::lock_guard lock{mutex_};
        queue_.push_back(std::move(job));
    }
    changed_.notify_one();
}

bool DatabaseQueue::wait() noexcept {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return ending_ || !queue_.empty(); });
    return !queue_.empty();
}

void DatabaseQueue::end() noexcept {
    {
        const std::lock_guard lock{mutex_};
        ending_ = true;
    }
    changed_.notify_one();
}

void DatabaseQueue::work() noexcept {
    Jobs jobs;
    {
        const std::lock_guard lock{mutex_};
        jobs.swap(queue_);
    }
    Jobs some;
    for (auto next = jobs.begin(); next != jobs.end();) {
        const auto left = static_cast<std::size_t>(jobs.end() - next);
        const auto end = next + static_cast<std::ptrdiff_t>(std::min(left, together_max));
        some.assign(std::make_move_iterator(next), std::make_move_iterator(end));
        next = end;
        carry_out(some);
        send_home(some);
    }
}

void DatabaseQueue::carry_out(Jobs& jobs) noexcept {
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

bool DatabaseQueue::carry_out_together(Jobs& jobs) noexcept {
    return std::ranges::all_of(jobs, [this](const auto& job) { return ask(*job); }) &&
           database_->commit().ok();
}

// What one of many has spoilt must not be all others' loss.
void DatabaseQueue::carry_out_alone(DatabaseJob& job) noexcept {
    Status status = database_->begin();
    if (status && ask(job)) {
        status = database_->commit();
        if (status) return;
    }
    database_->roll_back();
    if (!status) job.answer_ = status.error();  // else it has the reason already
}

// False if the database failed it; then all since begin() has to be rolled back.
bool DatabaseQueue::ask(DatabaseJob& job) noexcept {
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
void DatabaseQueue::send_home(Jobs& jobs) {
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
