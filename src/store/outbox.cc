#include "store/outbox.h"

#include <chrono>
#include <utility>

#include "store/limits.h"

namespace parley::store {

bool Outbox::admit(Waiting& question, Instant now) noexcept {
    ++counters_.asked;
    if (counters_.waiting >= outbox_questions_max ||
        counters_.waiting_bytes + question.size_ > outbox_bytes_max) {
        ++counters_.refused;
        question.client_.on_answer(question.ticket_, limit_error(Limit::outbox));
        return false;
    }
    ++counters_.waiting;
    counters_.waiting_bytes += question.size_;
    question.asked_ = now;
    waiting_.push_back(question);
    return true;
}

void Outbox::settle(Waiting& question, Result<Answer> answer, Instant now) noexcept {
    --counters_.waiting;
    counters_.waiting_bytes -= question.size_;
    const bool failed = !answer && is_failure(answer.error());
    // A question that was dropped unasked says nothing about how the backend does.
    if (!failed || answer.error().domain != Error::Domain::store) failing_ = failed;
    if (failed) failure_ = answer.error();
    if (question.told_) return;
    question.hook_.unlink();
    ++(failed ? counters_.failed : counters_.answered);
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(now - question.asked_);
    latency_.record(static_cast<std::uint64_t>(took.count()));
    tell(question, std::move(answer));
}

void Outbox::give_up(Trouble why) noexcept {
    Waiting& question = waiting_.pop_front();
    ++counters_.failed;
    ++counters_.late;
    failing_ = true;
    failure_ = trouble(why);
    tell(question, trouble(why));
}

void Outbox::close() noexcept {
    while (!waiting_.empty())
        waiting_.pop_front();
}

void Outbox::tell(Waiting& question, Result<Answer> answer) noexcept {
    question.told_ = true;
    question.client_.on_answer(question.ticket_, std::move(answer));
}

bool Outbox::is_full(const StoreCounters& counters) noexcept {
    return counters.waiting >= outbox_questions_max ||
           counters.waiting_bytes + body_size_max > outbox_bytes_max;
}

StoreState Outbox::state(Instant now) const noexcept {
    if (failing_) return StoreState::down;
    const bool slow = !waiting_.empty() && now - waiting_.front().asked_ > slow_from;
    return slow ? StoreState::slow : StoreState::healthy;
}

}  // namespace parley::store
