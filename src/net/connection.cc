#include "net/connection.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "net/connection_seldom.h"

namespace parley::net {

namespace {

// Readers that fall behind in the same turn. A turn with more allocates once.
constexpr std::size_t unfinished_usual = 4096;

}  // namespace

Shared::Shared(Shard& on, const QueueLimits& queue_limits)
    : shard(on), limits(queue_limits), waiting(queue_limits.waiting_frames_max), handshakes_(on) {
    unfinished_.reserve(unfinished_usual);
    shard.on_turn_end(Shard::TurnEnd::to<&Shared::on_turn_end>(*this));
}

Shared::~Shared() {
    shard.forget_turn_end(Shard::TurnEnd::to<&Shared::on_turn_end>(*this));
}

void Shared::on_turn_end() noexcept {
    handshakes_.run();
    const std::size_t count = unfinished_.size();
    for (std::size_t i = 0; i < count; ++i) {
        Connection& connection = *unfinished_[i];
        connection.listed_ = false;
        connection.go_on();  // may list it again, behind the others
    }
    unfinished_.erase(unfinished_.begin(),
                      unfinished_.begin() + static_cast<std::ptrdiff_t>(count));
}

Connection::Connection(Shared& shared, int descriptor, Owner& owner) noexcept
    : shared_(shared),
      send_(ring::SendOperation::Handler::to<&Connection::on_send>(*this)),
      socket_(descriptor),
      receive_(ring::Operation::Handler::to<&Connection::on_receive>(*this)),
      owner_(owner) {
    ++shared_.connections;
}

Connection::~Connection() {
    PARLEY_ASSERT(state_ == State::gone);
    queue_.clear(shared_.waiting);
    if (listed_) std::erase(shared_.unfinished_, this);
    --shared_.connections;
}

void Connection::settle() noexcept {
    PARLEY_ASSERT(!receive_.in_flight() && !sending());
    socket_ = shared_.shard.ring().adopt(socket_);
}

void Connection::start() noexcept {
    if (takes_pieces_) return shared_.shard.ring().receive_once(receive_, socket_);
    shared_.shard.ring().receive(receive_, socket_);
}

bool Connection::sending() const noexcept {
    return shared_.shard.ring().in_flight(send_);
}

void Connection::send(const FrameRef& frame, Delivery delivery) noexcept {
    if (state_ != State::open) return;
    if (sending() || !queue_.empty()) return enqueue(frame, delivery);
    if (secured_) return send_sealed(frame, delivery);
    try_now(frame);
}

void Connection::try_now(const FrameRef& frame) noexcept {
    current_ = frame.get();
    ++shared_.sends;
    shared_.shard.hold_for_turn(frame);
    shared_.shard.ring().send_now(send_, socket_, frame.bytes());
}

void Connection::enqueue(const FrameRef& frame, Delivery delivery) noexcept {
    // With memory short not even one message of any size may wait.
    if (shared_.pressed && delivery == Delivery::lasting &&
        queue_.bytes() + frame.bytes().size() > shared_.lasting_bytes_max()) {
        return fall_behind();
    }
    const auto added = queue_.add(shared_.waiting, frame.share(), delivery, shared_.shard.now(),
                                  shared_.lasting_bytes_max());
    if (added == SendQueue::Added::full) return fall_behind();
    go_on_later();
}

// From here on nothing is sent but what is on its way, since it may end inside a frame, and then
// the owner's last word: a stream with a gap would be worse than its end (V14). The owner hears of
// it later, since it may be in the middle of sending to many.
void Connection::fall_behind() noexcept {
    ++shared_.slow_consumers;
    state_ = State::slow;
    queue_.clear(shared_.waiting);
    start_timer(shared_.shard.now());
}

void Connection::say_last(const FrameRef& frame) noexcept {
    PARLEY_ASSERT(state_ == State::slow);
    state_ = State::open;
    if (sending() || has_next()) {  // without a place to wait in it is lost: the end without a word
        queue_.add(shared_.waiting, frame.share(), Delivery::lasting, shared_.shard.now(),
                   shared_.limits.lasting_bytes_max);
    } else if (secured_) {
        send_sealed(frame, Delivery::lasting);
    } else {
        try_now(frame);
    }
    close_after_sending();
}

// A send that is taken whole says nothing, so whoever has more to do when it is over looks by
// itself: at the end of this turn or the next, which comes without a sleep. One that waits for the
// peer does say when it is over.
void Connection::go_on_later() noexcept {
    if (rest_) return;
    shared_.shard.want_turn();
    if (listed_) return;
    listed_ = true;
    shared_.unfinished_.push_back(this);
}

void Connection::go_on() noexcept {
    if (rest_ || (state_ != State::open && state_ != State::flushing)) return;
    if (sending()) return go_on_later();  // tried in this turn
    send_next();
}

void Connection::on_send(const ring::Completion& completion) noexcept {
    if (state_ == State::closing) return finish_closing();
    if (state_ == State::lingering) return;  // our side has ended
    if (state_ == State::detaching) return keep_unsent(completion);
    const bool interrupted = seldom_ && std::exchange(seldom_->stalled, false);
    if (completion.result < 0 && completion.result != -EAGAIN && !interrupted) return abort();
    if (!rest_) sent_ = 0;  // it was tried, and fell short
    if (completion.result > 0) sent_ += static_cast<std::uint32_t>(completion.result);
    if (sent_ < current_->size) {
        if (interrupted && completion.result <= 0 && state_ == State::open) fall_behind();
        return send_rest();
    }
    rest_ = FrameRef{};
    if (state_ == State::open) seldom_->timer.cancel();
    send_next();
}

void Connection::send_rest() noexcept {
    ++shared_.sends_short;
    if (!rest_) rest_ = FrameRef{*current_};
    if (state_ == State::open) start_timer(shared_.shard.now() + shared_.limits.stall_max);
    shared_.shard.ring().send_all(send_, socket_, rest_.bytes().subspan(sent_));
}

void Connection::send_next() noexcept {
    const FrameRef next =
        secured_ ? next_sealed()
                 : queue_.next(shared_.waiting, shared_.shard.frames(), shared_.shard.now());
    if (next) {
        try_now(next);
    } else if (state_ == State::flushing && !has_next()) {
        return finish_sending();
    }
    if (has_next() || state_ == State::flushing) go_on_later();
    if (paused_ && queue_.is_short()) {
        shared_.shard.timers().start(seldom_->read_on, shared_.shard.now());
    }
}

void Connection::on_receive(const ring::Completion& completion) noexcept {
    if (completion.result > 0) {
        shared_.bytes_in += static_cast<std::uint64_t>(completion.result);
        hand_up(completion.bytes);
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
        if (state_ == State::lingering) return end_in_order();
        if (paused_) {
            seldom_->has_ended = true;
        } else if (state_ == State::open && !has_ended()) {
            owner_.on_end();
        }
        return;
    }
    // Whatever cancelled it in this state was a pause.
    const bool goes_on = completion.result == -ENOBUFS || completion.result == -ECANCELED;
    if (completion.result < 0 && !goes_on) return abort();
    if (paused_) return;
    if (!completion.more) start();  // the ring's buffers are back by the time this is submitted
}

void Connection::hand_up(std::span<std::byte> bytes) noexcept {
    if (state_ != State::open && state_ != State::detaching) return;
    if (paused_) {
        seldom_->unread.insert(seldom_->unread.end(), bytes.begin(), bytes.end());
        return;
    }
    if (secured_) {
        receive_sealed(bytes);
    } else {
        owner_.on_received(bytes);
    }
    if (state_ == State::open && queue_.is_long()) pause();
}

// The kernel goes on for a moment, and what it hands out until then is kept: at most what the
// ring's buffers hold.
void Connection::pause() noexcept {
    ++shared_.receives_paused;
    static_cast<void>(seldom());
    paused_ = true;
    shared_.shard.ring().cancel(receive_);
}

void Connection::on_read_on() noexcept {
    if (!paused_ || state_ != State::open) return;
    paused_ = false;
    std::vector<std::byte> bytes = std::exchange(seldom_->unread, {});
    for (std::size_t at = 0; at < bytes.size(); at += kept_piece_bytes)
        hand_up(std::span{bytes}.subspan(at, std::min(kept_piece_bytes, bytes.size() - at)));
    if (paused_ || state_ != State::open) return;
    if (seldom_->has_ended) {
        if (!has_ended()) owner_.on_end();
        return;
    }
    if (!receive_.in_flight()) start();
}

void Connection::close_after_sending() noexcept {
    if (state_ != State::open) return;
    state_ = State::flushing;
    start_timer(shared_.shard.now() + shared_.limits.linger_max);
    if (paused_) {  // what still comes is thrown away, and its end must be seen
        paused_ = false;
        seldom_->unread.clear();
        if (!receive_.in_flight() && !seldom_->has_ended) start();
    }
    if (!sending() && queue_.empty()) return send_next();
    go_on_later();
}

// A peer that has ended its stream needs no linger: nothing of it can come any more that would make
// the kernel reset what was sent.
void Connection::finish_sending() noexcept {
    if (!receive_.in_flight()) return end_in_order();
    state_ = State::lingering;
    shared_.shard.ring().shutdown_send(send_, socket_);
}

void Connection::end_in_order() noexcept {
    ordered_ = true;
    begin_closing();
}

void Connection::detach() noexcept {
    // Of a secured one the end of the handshake may still be on its way.
    PARLEY_ASSERT(state_ == State::open && (secured_ || !sending()));
    state_ = State::detaching;
    shared_.shard.ring().cancel(send_);
    if (receive_.in_flight()) return shared_.shard.ring().cancel(receive_);
    start_timer(shared_.shard.now());
}

void Connection::give_away() noexcept {
    if (!is_quiet()) return;
    state_ = State::gone;
    if (seldom_) seldom_->timer.cancel();
    rest_ = FrameRef{};
    owner_.on_detached(socket_);
}

void Connection::abort() noexcept {
    if (state_ == State::closing || state_ == State::gone || state_ == State::detaching) return;
    begin_closing();
}

void Connection::begin_closing() noexcept {
    state_ = State::closing;
    queue_.clear(shared_.waiting);
    shared_.shard.ring().cancel(receive_);
    shared_.shard.ring().cancel(send_);
    // With nothing in flight no completion comes: a timer calls us back from the loop.
    start_timer(shared_.shard.now());
}

// Whether nothing is in flight any more. Whatever is says when it is over; of a send that may end
// without a word the timer tells.
bool Connection::is_quiet() noexcept {
    if (receive_.in_flight()) return false;
    if (!sending()) return true;
    if (shared_.shard.ring().is_tried(send_)) start_timer(shared_.shard.now());
    return false;
}

void Connection::finish_closing() noexcept {
    if (!is_quiet()) return;
    state_ = State::gone;
    seldom_.reset();
    rest_ = FrameRef{};
    if (ordered_) {
        shared_.shard.ring().close(socket_);
    } else {
        shared_.shard.ring().reset(socket_);
    }
    owner_.on_closed();
}

void Connection::start_timer(Instant deadline) noexcept {
    shared_.shard.timers().start(seldom().timer, deadline);
}

Connection::Seldom& Connection::seldom() noexcept {
    if (!seldom_) seldom_ = std::make_unique<Seldom>(*this);
    return *seldom_;
}

void Connection::on_timer() noexcept {
    switch (state_) {
        case State::detaching:
            return give_away();
        case State::closing:
            return finish_closing();
        case State::open:  // a send waits for its peer: what has gone out of it shows when it ends
            seldom_->stalled = true;
            return shared_.shard.ring().cancel(send_);
        case State::slow:
            return owner_.on_too_slow();
        case State::flushing:
        case State::lingering:
            return begin_closing();
        case State::gone:
            return;
    }
}

}  // namespace parley::net
