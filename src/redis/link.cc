#include "redis/link.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace parley::redis {
namespace {

net::QueueLimits queue_limits() {
    return {.lasting_bytes_max = 4 * waiting_bytes_max, .waiting_frames_max = 8192};
}

// Asks whether a silent connection lives. Nobody waits for it, but it must come in time.
class Probe final : public Link::Command {
public:
    void write(std::vector<std::byte>& out) noexcept override { append_command({"PING"}, out); }
    void on_reply(Result<Reply>) noexcept override {}
};

}  // namespace

class Link::Call final : public Dialer::Call {
public:
    Call(std::shared_ptr<Mailbox> to, std::weak_ptr<Link*> link)
        : Dialer::Call(std::move(to)), link_(std::move(link)) {}
    void open() noexcept override {
        if (const auto link = link_.lock()) (*link)->on_dialed(*this);
    }

private:
    const std::weak_ptr<Link*> link_;
};

Link::Link(Shard& shard, Dialer& dialer, const Options& options, Owner& owner)
    : shard_(shard),
      dialer_(dialer),
      options_(options),
      owner_(owner),
      net_(shard, queue_limits()),
      retry_timer_(Timer::Handler::to<&Link::on_retry>(*this)),
      watch_timer_(Timer::Handler::to<&Link::on_watch>(*this)),
      self_(std::make_shared<Link*>(this)),
      random_(std::random_device{}()) {
    shard.on_turn_end(Shard::TurnEnd::to<&Link::on_turn_end>(*this));
}

Link::~Link() {
    shard_.forget_turn_end(Shard::TurnEnd::to<&Link::on_turn_end>(*this));
}

void Link::start() noexcept {
    down_since_ = shard_.now();
    dial();
}

void Link::stop() noexcept {
    stopped_ = true;
    state_ = State::down;
    retry_timer_.cancel();
    watch_timer_.cancel();
    self_.reset();
    line_.clear();
    sent_ = waiting_bytes_ = 0;
    if (connection_) connection_->abort();
}

bool Link::is_hopeful() const noexcept {
    return !stopped_ && (is_ready() || shard_.now() - down_since_ < options_.answer_max);
}

std::string_view Link::trouble() const noexcept {
    return trouble_.empty() ? silence() : trouble_;
}

// A server that expects no TLS waits for the rest of a line: it breaks nothing, and says nothing.
std::string_view Link::silence() const noexcept {
    return options_.tls != nullptr && state_ != State::ready && greeted_ == 0
               ? "no answer in TLS: is it the port where Redis has TLS?"
               : "Redis does not answer in time";
}

// ---- asking ---------------------------------------------------------------------------------

void Link::ask(std::unique_ptr<Command> command, std::size_t size) noexcept {
    if (stopped_) return;
    if (!is_hopeful()) return command->on_reply(fault_error(Fault::unavailable));
    if (line_.size() >= waiting_questions_max || waiting_bytes_ + size > waiting_bytes_max) {
        ++counters_.refused;
        return command->on_reply(fault_error(Fault::no_room));
    }
    waiting_bytes_ += size;
    line_.push_back({std::move(command), size, shard_.now() + options_.answer_max});
    if (line_.size() == 1) watch();
    shard_.want_turn();
}

Link::Waiting Link::take_first() noexcept {
    Waiting first = std::move(line_.front());
    line_.pop_front();
    waiting_bytes_ -= first.size;
    if (sent_ > 0) --sent_;
    return first;
}

// What was asked in one turn leaves together, and no more than a piece at a time is handed down.
void Link::on_turn_end() noexcept {
    if (state_ != State::ready) return;
    while (sent_ < line_.size() && connection_->is_open() &&
           connection_->queued_bytes() < piece_bytes_max) {
        std::vector<std::byte> piece;
        for (; sent_ < line_.size() && piece.size() < piece_bytes_max; ++sent_)
            line_[sent_].command->write(piece);
        send(piece);
    }
}

void Link::send(std::span<const std::byte> bytes) noexcept {
    FrameRef frame = shard_.frames().allocate(bytes.size());
    if (!frame) return break_off("no memory is left for what Redis is to be asked");
    std::memcpy(frame.space().data(), bytes.data(), bytes.size());
    frame.set_size(bytes.size());
    connection_->send(frame, net::Delivery::lasting);
}

// ---- connecting -----------------------------------------------------------------------------

void Link::dial() noexcept {
    state_ = State::dialing;
    ++counters_.attempts;
    dialer_.dial(std::make_unique<Call>(shard_.mailbox(), self_));
}

void Link::on_dialed(Call& call) noexcept {
    PARLEY_ASSERT(state_ == State::dialing);
    if (call.descriptor < 0) {
        trouble_ = std::move(call.trouble);
        return retry();
    }
    connection_ = std::make_unique<net::Connection>(net_, std::exchange(call.descriptor, -1),
                                                    static_cast<net::Connection::Owner&>(*this));
    connection_->settle();
    if (options_.tls != nullptr) {
        auto channel = std::make_unique<net::tls::Channel>(*options_.tls, call.host);
        channel->step();  // the client speaks first
        connection_->secure(std::move(channel));
    }
    reader_ = std::make_unique<ReplyReader>();
    state_ = State::greeting;
    connection_->start();
    greet();
}

void Link::greet() noexcept {
    std::vector<std::byte> words;
    own_greetings_ = greeted_ = 0;
    if (!options_.password.empty()) {
        ++own_greetings_;
        if (options_.user.empty()) {
            append_command({"AUTH", options_.password}, words);
        } else {
            append_command({"AUTH", options_.user, options_.password}, words);
        }
    }
    ++own_greetings_;
    append_command({"SELECT", std::to_string(options_.database)}, words);
    greetings_ = own_greetings_ + owner_.greet(words);
    heard_at_ = shard_.now();
    send(words);
    watch();
}

void Link::on_greeting(const Reply& reply) noexcept {
    if (reply.is(Reply::Kind::error)) return break_off(reply.text);
    const std::size_t number = greeted_++;
    if (number >= own_greetings_ && !owner_.on_greeted(number - own_greetings_, reply))
        return break_off("Redis greeted in a way that was not expected");
    if (greeted_ < greetings_) return;
    state_ = State::ready;
    heard_at_ = shard_.now();
    trouble_.clear();
    ++counters_.connected;
    watch();
}

void Link::reconnect() noexcept {
    if (state_ == State::ready) break_off("it was given up");
}

// The connection ends; what follows is on_closed().
void Link::break_off(std::string why) noexcept {
    if (!connection_ || !connection_->is_open()) return;
    trouble_ = std::move(why);
    connection_->abort();
}

void Link::on_closed() noexcept {
    shard_.want_turn();
    ++counters_.broken;
    const bool was_ready = state_ == State::ready;
    state_ = State::down;
    connection_.reset();
    reader_.reset();
    if (stopped_) return;
    if (trouble_.empty()) trouble_ = "the connection broke";
    if (was_ready) down_since_ = shard_.now();
    fail_sent();
    retry();
}

void Link::fail_sent() noexcept {
    std::vector<Waiting> lost;
    while (sent_ > 0)
        lost.push_back(take_first());
    counters_.lost += lost.size();
    for (Waiting& each : lost)
        each.command->on_reply(fault_error(Fault::lost));
}

void Link::retry() noexcept {
    state_ = State::down;
    const auto half = retry_in_ / 2;
    std::uniform_int_distribution<Duration::rep> jitter{0, half.count()};
    shard_.timers().start(retry_timer_, shard_.now() + half + Duration{jitter(random_)});
    retry_in_ = std::min(2 * retry_in_, retry_max);
}

// ---- what comes -----------------------------------------------------------------------------

void Link::on_received(std::span<std::byte> bytes) noexcept {
    reader_->feed(bytes);
    if (state_ == State::ready) heard_at_ = shard_.now();
    while (connection_->is_open()) {
        std::optional<Reply> reply = reader_->next();
        if (!reply) break;
        on_reply(std::move(*reply));
    }
    if (!reader_->is_broken()) return;
    ++counters_.nonsense;
    break_off("what Redis says cannot be understood");
}

void Link::on_reply(Reply reply) noexcept {
    if (state_ == State::greeting) return on_greeting(reply);
    const bool is_push = options_.subscribes && reply.is(Reply::Kind::array) &&
                         !reply.elements.empty() && reply.elements.front().text != "pong";
    if (is_push || sent_ == 0) {
        if (is_push && owner_.on_push(reply)) return;
        ++counters_.nonsense;
        return break_off("Redis answered what it was not asked");
    }
    Waiting first = take_first();
    if (!reply.is(Reply::Kind::error)) {
        retry_in_ = retry_min;  // not before: who greets and then refuses everything is no good
        return first.command->on_reply(std::move(reply));
    }
    const Fault fault = fault_of(reply.text);
    first.command->on_reply(fault_error(fault));
    // With these nothing goes on here: the next connection finds another master, or gives the
    // scripts anew.
    if (fault == Fault::no_script || fault == Fault::not_allowed || fault == Fault::read_only ||
        fault == Fault::emptied || fault == Fault::loading) {
        break_off(std::string(words_of(fault)));
    }
}

void Link::on_insecure(const std::string& why) noexcept {
    trouble_ = "TLS failed: " + why;
}

void Link::on_end() noexcept {
    break_off("Redis ended the connection");
}

void Link::on_too_slow() noexcept {
    break_off("Redis does not read");
    connection_->abort();
}

// ---- time -----------------------------------------------------------------------------------

// When something is next to be looked at.
void Link::watch() noexcept {
    if (stopped_) return;
    Instant next = Instant::max();
    if (state_ == State::greeting) next = heard_at_ + options_.answer_max;
    if (!line_.empty()) next = std::min(next, line_.front().deadline);
    if (state_ == State::ready && line_.empty()) next = heard_at_ + idle_max;
    if (next == Instant::max()) return watch_timer_.cancel();
    shard_.timers().start(watch_timer_, next);
}

void Link::on_retry() noexcept {
    dial();
}

void Link::on_watch() noexcept {
    drop_late();
    if (stopped_) return;
    if (state_ == State::greeting && shard_.now() >= heard_at_ + options_.answer_max)
        return break_off(std::string(silence()));
    if (state_ == State::ready && line_.empty() && shard_.now() >= heard_at_ + idle_max)
        return ask(std::make_unique<Probe>(), sizeof(Probe));
    watch();
}

void Link::drop_late() noexcept {
    const Instant now = shard_.now();
    if (sent_ > 0 && line_.front().deadline <= now) return break_off(std::string(silence()));
    std::vector<Waiting> late;
    while (sent_ == 0 && !line_.empty() && line_.front().deadline <= now)
        late.push_back(take_first());
    for (Waiting& each : late)
        each.command->on_reply(fault_error(Fault::timed_out));
}

}  // namespace parley::redis
