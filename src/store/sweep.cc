#include "store/sweep.h"

#include <variant>

namespace parley::store {

Sweep::Sweep(Shard& shard, Store& store) noexcept
    : shard_(shard), store_(store), timer_(Timer::Handler::to<&Sweep::ask>(*this)) {
    ask_in(sweep_interval);
}

void Sweep::stop() noexcept {
    stopped_ = true;
    timer_.cancel();
}

void Sweep::ask() noexcept {
    const WallTime now = shard_.wall_now();
    const auto age = std::chrono::duration_cast<WallTime::duration>(queue_age_max);
    store_.ask(*this, Ticket{}, Expire{.now = now, .queued_since = now - age});
}

void Sweep::ask_in(Duration wait) noexcept {
    if (!stopped_) shard_.timers().start(timer_, shard_.now() + wait);
}

void Sweep::on_answer(Ticket, Result<Answer> answer) noexcept {
    const bool more = answer.ok() && std::get<Done>(*answer).changed;
    ask_in(more ? sweep_pause : sweep_interval);
}

}  // namespace parley::store
