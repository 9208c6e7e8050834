#include "net/listener.h"

#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "net/limits.h"
#include "ring/socket.h"

namespace parley::net {

Listener::Listener(Shard& shard, int descriptor, Accepted accepted) noexcept
    : shard_(shard),
      descriptor_(descriptor),
      accepted_(accepted),
      accept_(ring::Operation::Handler::to<&Listener::on_accept>(*this)),
      retry_(Timer::Handler::to<&Listener::on_retry>(*this)) {}

Listener::~Listener() {
    PARLEY_ASSERT(closed());
}

void Listener::start() noexcept {
    shard_.ring().accept(accept_, descriptor_);
}

void Listener::stop() noexcept {
    if (stopping_) return;
    stopping_ = true;
    retry_.cancel();
    if (accept_.in_flight()) return shard_.ring().cancel(accept_);
    finish();
}

// What came after the last accept and before the close is taken too.
void Listener::finish() noexcept {
    for (const int waiting : ring::take_waiting(descriptor_))
        accepted_(waiting);
    ring::close_now(std::exchange(descriptor_, -1));  // this moment, not with the next submission
}

void Listener::hold() noexcept {
    held_ = true;
    shard_.ring().cancel(accept_);
}

void Listener::release() noexcept {
    if (std::exchange(held_, false)) on_retry();
}

void Listener::on_accept(const ring::Completion& completion) noexcept {
    if (completion.result >= 0) {
        accepted_(completion.result);
    } else if (!stopping_ && completion.result != -ECANCELED) {
        ++failures_;
        if (failed_ && completion.result != -ECONNABORTED) (*failed_)(-completion.result);
    }
    if (completion.more) return;
    if (stopping_) return finish();
    if (held_ || retry_.running()) return;
    if (completion.result >= 0 || completion.result == -ECONNABORTED) return start();
    // Out of descriptors or memory: trying again at once would spin until somebody leaves.
    shard_.timers().start(retry_, shard_.now() + accept_retry);
}

void Listener::on_retry() noexcept {
    if (stopping_ || held_) return;
    if (accept_.in_flight()) {  // it was cancelled and has not ended yet
        shard_.timers().start(retry_, shard_.now() + accept_retry);
    } else {
        start();
    }
}

}  // namespace parley::net
