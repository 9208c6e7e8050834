// What becomes of a simulated ring's operations: events, completions, receive buffers.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "sim/poison.h"
#include "sim/ring_model.h"
#include "sim/world.h"

namespace parley::sim {
namespace {

std::string_view name(Pending::Kind kind) noexcept {
    constexpr std::array<std::string_view, 5> names{"accept", "receive", "send_now", "send_all",
                                                    "shutdown"};
    return names[static_cast<std::size_t>(kind)];
}

bool is_send(const Pending& pending) noexcept {
    return pending.kind == Pending::Kind::send_now || pending.kind == Pending::Kind::send_all;
}

// The first call on a broken connection says how it broke, later ones only that it has.
std::int32_t break_error(Stream& stream) noexcept {
    if (stream.broken && !stream.break_told) {
        stream.break_told = true;
        return -ECONNRESET;
    }
    return -EPIPE;
}

}  // namespace

// ---- events

void RingModel::schedule(Pending& pending, bool last) noexcept {
    if (!last) {
        if (pending.scheduled) return;
        pending.scheduled = true;
    }
    Duration delay = world_.jitter();
    // Most of a stream follows closely, or a message in small pieces would take seconds.
    if (pending.kind == Pending::Kind::receive && world_.random_.chance(900)) delay /= 64;
    events_.push({.at = world_.now_ + delay,
                  .order = world_.order_++,
                  .pending = pending.index,
                  .generation = pending.generation,
                  .last = last});
}

void RingModel::poke(Pending& pending) noexcept {
    if (!pending.submitted || pending.ended) return;
    const Stream* stream = pending.stream;
    bool ready = false;
    switch (pending.kind) {
        case Pending::Kind::accept:
            ready = !world_.descriptor(pending.descriptor).listener->backlog.empty();
            break;
        case Pending::Kind::receive:
            ready = !stream->unread().empty() || stream->peer_finished || stream->broken;
            break;
        case Pending::Kind::send_all:
            ready = stream->room() > 0 || stream->broken || stream->peer_gone ||
                    stream->server_finished;
            break;
        case Pending::Kind::shutdown:
            ready = true;  // as soon as a worker gets there
            break;
        case Pending::Kind::send_now:
            break;
    }
    if (ready) schedule(pending, false);
}

Instant RingModel::wake_time() const noexcept {
    if (woken_) return world_.now_;
    return events_.empty() ? deadline_ : std::min(deadline_, events_.top().at);
}

void RingModel::wait(Instant deadline) {
    ++counters_.system_calls;
    deadline_ = deadline;
    submit();
    take_due();
    bool slept = false;
    while (taken_.empty() && !woken_ && !refused_ && world_.now_ < deadline_) {
        slept = true;
        world_.sleep(*this);
        take_due();
        if (world_.random_.chance(world_.faults_.idle_wakeup)) break;
    }
    world_.note_turn(slept || !taken_.empty() || woken_ || refused_ || !tried_.empty());
    woken_ = refused_ = false;
}

void RingModel::take_due() {
    while (!events_.empty() && events_.top().at <= world_.now_) {
        if (!taken_.empty() && world_.random_.chance(world_.faults_.part_of_batch)) return;
        const Event event = events_.top();
        events_.pop();
        take(event);
    }
}

void RingModel::take(const Event& event) {
    Pending& pending = pending_[event.pending];
    if (!pending.active || pending.generation != event.generation || pending.ended) return;
    if (event.last) {
        take_cancelled(pending);
        return;
    }
    pending.scheduled = false;
    switch (pending.kind) {
        case Pending::Kind::accept:
            take_accept(pending);
            return;
        case Pending::Kind::receive:
            take_receive(pending);
            return;
        case Pending::Kind::send_all:
            take_send(pending);
            return;
        case Pending::Kind::shutdown:
            pending.stream->server_finished = true;
            end(pending, 0, -1);
            return;
        case Pending::Kind::send_now:
            return;
    }
}

// Whether a multishot operation that succeeds stays in flight.
bool RingModel::goes_on() noexcept {
    const std::uint32_t completions = world_.faults_.completions;
    if (completions > 0 && taken_.size() >= completions) {
        ++counters_.overflows;
        return false;
    }
    return !world_.random_.chance(world_.faults_.lost_more);
}

void RingModel::take_accept(Pending& pending) {
    auto& backlog = world_.descriptor(pending.descriptor).listener->backlog;
    if (backlog.empty()) return;
    Random& random = world_.random_;
    if (random.chance(world_.faults_.accept_error)) {
        constexpr std::array errors{EMFILE, ENFILE, ENOMEM, ECONNABORTED};
        const int error = errors[random.below(errors.size())];
        if (error == ECONNABORTED) {
            backlog.front()->server_finished = backlog.front()->server_reset = true;
            backlog.pop_front();
        }
        end(pending, -error, -1);
        return;
    }
    Stream& stream = *backlog.front();
    backlog.pop_front();
    stream.descriptor = world_.open_descriptor();
    world_.descriptor(stream.descriptor).stream = &stream;
    if (goes_on()) {
        taken_.push_back({.pending = pending.index, .result = stream.descriptor, .more = true});
        poke(pending);
    } else {
        end(pending, stream.descriptor, -1);
    }
}

void RingModel::take_receive(Pending& pending) {
    Stream& stream = *pending.stream;
    const bool break_first = stream.broken && !stream.break_told;
    if (!stream.unread().empty() && !(break_first && world_.random_.chance(500))) {
        take_piece(pending);
    } else if (break_first) {
        end(pending, break_error(stream), -1);
    } else if (stream.peer_finished) {
        end(pending, 0, -1);
    }
}

void RingModel::take_piece(Pending& pending) {
    Stream& stream = *pending.stream;
    Random& random = world_.random_;
    const int buffer = free_buffer();
    if (buffer < 0 || random.chance(world_.faults_.no_buffers)) {
        ++counters_.buffer_shortages;
        end(pending, -ENOBUFS, -1);
        return;
    }
    const std::string_view unread = stream.unread();
    const std::size_t most =
        std::min({unread.size(), buffer_bytes_, world_.faults_.piece_bytes_max});
    const std::size_t size = random.chance(300) ? most : random.between(1, most);
    const std::span<std::byte> bytes = usable(buffer, size);
    std::memcpy(bytes.data(), unread.data(), size);
    stream.inbound_taken += size;
    if (pending.once || !goes_on()) {
        end(pending, static_cast<std::int32_t>(size), buffer);
        return;
    }
    taken_.push_back({.pending = pending.index,
                      .result = static_cast<std::int32_t>(size),
                      .more = true,
                      .buffer = buffer});
    poke(pending);
}

// Moves a piece into the socket's buffer; the source is read now, not when the send started.
std::size_t RingModel::move_piece(Pending& pending, std::size_t size) {
    check_unchanged(pending);
    Stream& stream = *pending.stream;
    const auto piece = pending.bytes.subspan(pending.sent, size);
    pending.sent += size;
    if (stream.peer_gone) {
        stream.broken = true;  // the peer answers with a reset
        world_.poke(stream.receive);
        return size;
    }
    stream.outbound.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    world_.schedule_peer_read(stream);
    return size;
}

void RingModel::send_what_fits(Pending& pending) {
    Stream& stream = *pending.stream;
    Random& random = world_.random_;
    const std::size_t size = pending.bytes.size();
    tried_.push_back(pending.index);
    pending.ended = true;
    if (stream.broken || stream.server_finished) {
        pending.result = break_error(stream);
    } else if (stream.room() == 0 || random.chance(world_.faults_.refused_send)) {
        pending.result = -EAGAIN;
    } else {
        std::size_t count = std::min(size, stream.room());
        if (random.chance(world_.faults_.short_send)) count = random.between(1, count);
        pending.result = static_cast<std::int32_t>(move_piece(pending, count));
    }
    refused_ = refused_ || pending.result != static_cast<std::int32_t>(size);
}

void RingModel::take_send(Pending& pending) {
    Stream& stream = *pending.stream;
    const auto sent = static_cast<std::int32_t>(pending.sent);
    if (stream.broken || stream.server_finished) {
        end(pending, sent > 0 ? sent : break_error(stream), -1);
        return;
    }
    const std::size_t left = pending.bytes.size() - pending.sent;
    const std::size_t most = std::min(left, stream.room());
    if (most > 0) move_piece(pending, world_.random_.between(1, most));
    if (pending.sent == pending.bytes.size()) {
        end(pending, static_cast<std::int32_t>(pending.sent), -1);
    } else {
        poke(pending);
    }
}

// What had arrived before the cancellation may still come first.
void RingModel::take_cancelled(Pending& pending) {
    std::int32_t result = -ECANCELED;
    if (is_send(pending)) {
        if (pending.sent > 0) result = static_cast<std::int32_t>(pending.sent);
    } else if (pending.scheduled && world_.random_.chance(500)) {
        if (pending.kind == Pending::Kind::accept) {
            take_accept(pending);
        } else {
            take_receive(pending);
        }
    }
    if (!pending.ended) end(pending, result, -1);
}

void RingModel::end(Pending& pending, std::int32_t result, int buffer) {
    pending.ended = true;
    taken_.push_back({.pending = pending.index, .result = result, .more = false, .buffer = buffer});
}

// ---- completions

void RingModel::dispatch() {
    finish_tried();
    const std::vector<Taken> taken = std::move(taken_);
    taken_.clear();
    for (const Taken& completion : taken)
        finish(completion);
}

// What was sent whole is over without a word.
void RingModel::finish_tried() {
    struct Failed {
        ring::Operation* operation;
        std::int32_t result;
    };
    std::vector<Failed> failed;  // all are over before the first handler may send anew
    for (const std::uint32_t index : std::exchange(tried_, {})) {
        Pending& pending = pending_[index];
        world_.note(name(pending.kind), pending.descriptor, pending.result);
        check_unchanged(pending);
        if (pending.result != static_cast<std::int32_t>(pending.bytes.size())) {
            failed.push_back({pending.operation, pending.result});
        }
        forget(pending);
    }
    for (const Failed& each : failed) {
        ++counters_.completions;
        ring::RingAccess::fail(ring::RingAccess::send_of(*each.operation), each.result);
    }
}

void RingModel::finish(const Taken& taken) {
    Pending& pending = pending_[taken.pending];
    ++counters_.completions;
    world_.note(name(pending.kind), pending.descriptor, taken.result);
    if (is_send(pending)) check_unchanged(pending);
    if (!taken.more) forget(pending);
    ring::Completion completion{.result = taken.result, .more = taken.more, .bytes = {}};
    if (taken.buffer >= 0) {
        completion.bytes = {buffers_[static_cast<std::size_t>(taken.buffer)].bytes.get(),
                            static_cast<std::size_t>(taken.result)};
    }
    ring::RingAccess::complete(*pending.operation, completion);
    if (taken.buffer >= 0) give_back(taken.buffer);
}

// The slot is free for the next operation, which the handler may start.
void RingModel::forget(Pending& pending) noexcept {
    if (pending.kind == Pending::Kind::accept) {
        world_.descriptor(pending.descriptor).listener->accept = nullptr;
    } else if (pending.kind == Pending::Kind::receive) {
        pending.stream->receive = nullptr;
    } else {
        pending.stream->send = nullptr;
    }
    pending.active = false;
    ++pending.generation;
    free_.push_back(pending.index);
}

void RingModel::check_unchanged(const Pending& pending) const {
    if (checksum(pending.bytes) != pending.checksum) {
        world_.fail("the bytes of a send changed before it completed");
    }
}

// ---- receive buffers

int RingModel::free_buffer() const noexcept {
    const auto found = std::ranges::find_if(buffers_, [](const Buffer& it) { return !it.busy; });
    return found == buffers_.end() ? -1 : static_cast<int>(found - buffers_.begin());
}

std::span<std::byte> RingModel::usable(int buffer, std::size_t size) noexcept {
    Buffer& used = buffers_[static_cast<std::size_t>(buffer)];
    used.busy = true;
    used.used = size;
    ASAN_UNPOISON_MEMORY_REGION(used.bytes.get(), size);
    return {used.bytes.get(), size};
}

// The ring's again as soon as the handler is back: whoever kept the bytes sees them spoilt.
void RingModel::give_back(int buffer) noexcept {
    Buffer& used = buffers_[static_cast<std::size_t>(buffer)];
    std::fill_n(used.bytes.get(), used.used, poison);
    ASAN_POISON_MEMORY_REGION(used.bytes.get(), buffer_bytes_);
    used.busy = false;
}

}  // namespace parley::sim
