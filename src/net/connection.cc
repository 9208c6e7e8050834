#include "net/connection.h"

#include <cerrno>

#include "base/assert.h"

namespace parley::net {

Connection::Connection(Shared& shared, int descriptor, Owner& owner) noexcept
    : shared_(shared),
      owner_(owner),
      send_(ring::SendOperation::Handler::to<&Connection::on_send>(*this)),
      receive_(ring::Operation::Handler::to<&Connection::on_receive>(*this)),
      queue_(shared.waiting),
      timer_(Timer::Handler::to<&Connection::on_timer>(*this)),
      descriptor_(descriptor) {
    ++shared_.connections;
}

Connection::~Connection() {
    PARLEY_ASSERT(state_ == State::gone);
    --shared_.connections;
}

void Connection::start() noexcept {
    shared_.shard.ring().receive(receive_, descriptor_);
}

void Connection::send(FrameRef frame, Delivery delivery) noexcept {
    if (state_ != State::open) return;
    if (send_.in_flight()) return enqueue(std::move(frame), delivery);
    current_ = std::move(frame);
    sent_ = 0;
    patient_ = false;
    ++shared_.sends;
    shared_.shard.ring().send_now(send_, descriptor_, current_.bytes());
}

void Connection::enqueue(FrameRef frame, Delivery delivery) noexcept {
    const auto added = queue_.add(std::move(frame), delivery, shared_.shard.now(),
                                  shared_.limits.lasting_bytes_max);
    if (added == SendQueue::Added::dropped) ++shared_.voice_dropped;
    if (added == SendQueue::Added::full) {
        ++shared_.slow_consumers;
        return abort();
    }
    // What is in flight ends with this turn, and what waits behind it should not wait longer.
    if (!patient_) shared_.shard.want_turn();
}

void Connection::on_send(const ring::Completion& completion) noexcept {
    if (state_ == State::closing) return finish_closing();
    const auto size = static_cast<std::uint32_t>(current_.bytes().size());
    if (completion.result < 0 && completion.result != -EAGAIN) return abort();
    if (completion.result > 0) sent_ += static_cast<std::uint32_t>(completion.result);
    if (sent_ < size) {
        ++shared_.sends_short;
        patient_ = true;
        if (state_ == State::open) {
            shared_.shard.timers().start(timer_, shared_.shard.now() + send_max);
        }
        shared_.shard.ring().send_all(send_, descriptor_, current_.bytes().subspan(sent_));
        return;
    }
    if (patient_ && state_ == State::open) timer_.cancel();
    send_next();
}

void Connection::send_next() noexcept {
    current_ = queue_.next(shared_.shard.frames(), shared_.shard.now(), shared_.voice_dropped);
    if (!current_) {
        if (state_ == State::flushing) finish_sending();
        return;
    }
    sent_ = 0;
    patient_ = false;
    ++shared_.sends;
    shared_.shard.ring().send_now(send_, descriptor_, current_.bytes());
    // A send that is taken whole wakes nobody, and what is left in the queue, or the end of a
    // flush, should not wait for somebody else to.
    if (!queue_.empty() || state_ == State::flushing) shared_.shard.want_turn();
}

void Connection::on_receive(const ring::Completion& completion) noexcept {
    if (completion.result > 0) {
        shared_.bytes_in += static_cast<std::uint64_t>(completion.result);
        if (state_ == State::open || state_ == State::detaching) {
            owner_.on_received(completion.bytes);
        }
    }
    if (state_ == State::closing) {
        if (!completion.more) finish_closing();
        return;
    }
    if (state_ == State::detaching) {
        if (!completion.more) give_away();
        return;
    }
    if (completion.result == 0) {
        if (state_ == State::lingering) return begin_closing();
        if (state_ == State::open) owner_.on_end();
        return;
    }
    if (completion.result < 0 && completion.result != -ENOBUFS) return abort();
    if (!completion.more) start();  // the ring's buffers are back by the time this is submitted
}

void Connection::close_after_sending() noexcept {
    if (state_ != State::open) return;
    state_ = State::flushing;
    shared_.shard.timers().start(timer_, shared_.shard.now() + linger_max);
    if (!send_.in_flight()) return finish_sending();
    // A send that is taken whole completes in the next turn, and wakes nobody for it.
    if (!patient_) shared_.shard.want_turn();
}

void Connection::finish_sending() noexcept {
    state_ = State::lingering;
    shared_.shard.ring().shutdown_send(descriptor_);
    // The end of the peer's stream may have come before: then nothing more will tell us.
    if (!receive_.in_flight()) shared_.shard.timers().start(timer_, shared_.shard.now());
}

void Connection::detach() noexcept {
    PARLEY_ASSERT(state_ == State::open && !send_.in_flight());
    state_ = State::detaching;
    if (receive_.in_flight()) return shared_.shard.ring().cancel(receive_);
    shared_.shard.timers().start(timer_, shared_.shard.now());
}

void Connection::give_away() noexcept {
    state_ = State::gone;
    timer_.cancel();
    owner_.on_detached(descriptor_);
}

void Connection::abort() noexcept {
    if (state_ == State::closing || state_ == State::gone || state_ == State::detaching) return;
    begin_closing();
}

void Connection::begin_closing() noexcept {
    state_ = State::closing;
    queue_.clear();
    shared_.shard.ring().cancel(receive_);
    shared_.shard.ring().cancel(send_);
    // With nothing in flight no completion comes: a timer calls us back from the loop.
    shared_.shard.timers().start(timer_, shared_.shard.now());
}

void Connection::finish_closing() noexcept {
    if (receive_.in_flight() || send_.in_flight()) return;
    state_ = State::gone;
    timer_.cancel();
    current_ = FrameRef{};
    shared_.shard.ring().close(descriptor_);
    owner_.on_closed();
}

void Connection::on_timer() noexcept {
    switch (state_) {
        case State::detaching:
            return give_away();
        case State::closing:
            return finish_closing();
        case State::open:  // a send was not finished in time
            ++shared_.slow_consumers;
            return begin_closing();
        case State::flushing:
        case State::lingering:
            return begin_closing();
        case State::gone:
            return;
    }
}

}  // namespace parley::net
