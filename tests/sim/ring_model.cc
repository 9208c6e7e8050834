#include "sim/ring_model.h"

#include <algorithm>
#include <cstring>

#include "sim/poison.h"
#include "sim/world.h"

namespace parley::sim {
std::uint64_t checksum(std::span<const std::byte> bytes) noexcept {
    std::uint64_t sum = bytes.size();
    while (!bytes.empty()) {
        std::uint64_t word = 0;
        const std::size_t count = std::min(bytes.size(), sizeof(word));
        std::memcpy(&word, bytes.data(), count);
        sum = (sum ^ word) * 0x9E3779B97F4A7C15ULL;
        sum ^= sum >> 29;
        bytes = bytes.subspan(count);
    }
    return sum;
}

RingModel::RingModel(World& world, const ring::Options& options)
    : world_(world), buffer_bytes_(options.receive_buffer_bytes), handle_(world.attach(*this)) {
    const std::uint32_t count = std::min(options.receive_buffers, world.faults_.receive_buffers);
    for (std::uint32_t i = 0; i < count; ++i) {
        Buffer& buffer = buffers_.emplace_back();
        buffer.bytes.reset(new std::byte[buffer_bytes_]);
        std::fill_n(buffer.bytes.get(), buffer_bytes_, poison);
        ASAN_POISON_MEMORY_REGION(buffer.bytes.get(), buffer_bytes_);
    }
}

RingModel::~RingModel() {
    for (const Buffer& buffer : buffers_) {
        ASAN_UNPOISON_MEMORY_REGION(buffer.bytes.get(), buffer_bytes_);
    }
    world_.detach(*this);
}

std::size_t RingModel::in_flight() const noexcept {
    return static_cast<std::size_t>(
        std::ranges::count_if(pending_, [](const Pending& it) { return it.active; }));
}

// ---- starting

Pending& RingModel::start(Pending::Kind kind, ring::Operation& operation, int descriptor) {
    // What send_now() takes is told apart by its round: see ring::Ring::in_flight().
    if (kind != Pending::Kind::send_now) ring::RingAccess::start(operation);
    if (free_.empty()) {
        free_.push_back(static_cast<std::uint32_t>(pending_.size()));
        Pending& fresh = pending_.emplace_back();
        fresh.ring = this;
        fresh.index = free_.back();
    }
    Pending& pending = pending_[free_.back()];
    free_.pop_back();
    pending.active = true;
    pending.submitted = pending.ended = pending.cancelled = pending.scheduled = pending.once =
        false;
    pending.kind = kind;
    pending.operation = &operation;
    pending.descriptor = descriptor;
    pending.stream = nullptr;
    pending.bytes = {};
    pending.sent = 0;
    queue({.kind = Submission::Kind::start,
           .pending = pending.index,
           .generation = pending.generation,
           .descriptor = descriptor});
    return pending;
}

void RingModel::accept(ring::Operation& operation, int listener) {
    World::Descriptor& entry = world_.used(listener, "accept");
    if (entry.listener == nullptr) world_.fail("accept of a descriptor that does not listen");
    if (entry.listener->accept != nullptr) world_.fail("two accepts in flight on one listener");
    entry.listener->accept = &start(Pending::Kind::accept, operation, listener);
}

void RingModel::receive(ring::Operation& operation, int socket) {
    Stream* stream = world_.used(socket, "receive").stream;
    if (stream == nullptr) world_.fail("receive of a descriptor that is no connection");
    if (stream->receive != nullptr) world_.fail("two receives in flight on one stream");
    stream->receive = &start(Pending::Kind::receive, operation, socket);
    stream->receive->stream = stream;
}

void RingModel::receive_once(ring::Operation& operation, int socket) {
    receive(operation, socket);
    world_.used(socket, "receive").stream->receive->once = true;
}

void RingModel::start_send(Pending::Kind kind, ring::SendOperation& send, int socket,
                           std::span<const std::byte> bytes) {
    Stream* stream = world_.used(socket, "send").stream;
    if (stream == nullptr) world_.fail("send to a descriptor that is no connection");
    if (stream->send != nullptr) {
        world_.fail("two sends in flight on one stream: their bytes may interleave");
    }
    ring::Operation& operation = ring::RingAccess::operation(send);
    Pending& pending = start(kind, operation, socket);
    pending.stream = stream;
    pending.bytes = bytes;
    pending.checksum = checksum(bytes);
    stream->send = &pending;
}

void RingModel::send_now(ring::SendOperation& send, int socket, std::span<const std::byte> bytes) {
    start_send(Pending::Kind::send_now, send, socket, bytes);
}

void RingModel::send_all(ring::SendOperation& send, int socket, std::span<const std::byte> bytes) {
    start_send(Pending::Kind::send_all, send, socket, bytes);
}

void RingModel::cancel(ring::Operation& operation) {
    if (!operation.in_flight()) return;
    const auto found = std::ranges::find_if(
        pending_, [&](const Pending& it) { return it.active && it.operation == &operation; });
    if (found == pending_.end()) world_.fail("cancel of an operation of another ring");
    queue({.kind = Submission::Kind::cancel,
           .pending = found->index,
           .generation = found->generation});
}

void RingModel::shutdown_send(ring::SendOperation& send, int socket) {
    start_send(Pending::Kind::shutdown, send, socket, {});
}

// The table is a matter of cost only: a socket keeps its number.
int RingModel::adopt(int socket) {
    const World::Descriptor& entry = world_.used(socket, "adopt");
    if (entry.stream == nullptr) world_.fail("adoption of a descriptor that is no connection");
    world_.check_idle(entry);
    return socket;
}

void RingModel::close(int descriptor) {
    World::Descriptor& entry = world_.used(descriptor, "close");
    world_.check_idle(entry);
    entry.closing = true;
    queue({.kind = Submission::Kind::close, .descriptor = descriptor});
}

void RingModel::reset(int descriptor) {
    World::Descriptor& entry = world_.used(descriptor, "reset");
    if (entry.stream == nullptr) world_.fail("reset of a descriptor that is no connection");
    entry.resets = true;
    close(descriptor);
}

void RingModel::wake(const ring::Waker& other) {
    queue({.kind = Submission::Kind::wake, .descriptor = other.handle()});
}

// ---- submitting

void RingModel::queue(const Submission& submission) {
    if (world_.random_.chance(world_.faults_.early_submit)) submit();
    queued_.push_back(submission);
}

void RingModel::submit() {
    for (const Submission& submission : queued_)
        carry_out(submission);
    queued_.clear();
}

void RingModel::carry_out(const Submission& submission) {
    switch (submission.kind) {
        case Submission::Kind::start: {
            Pending& pending = pending_[submission.pending];
            pending.submitted = true;
            if (pending.kind == Pending::Kind::send_now) {
                send_what_fits(pending);
            } else {
                poke(pending);
            }
            return;
        }
        case Submission::Kind::cancel: {
            Pending& pending = pending_[submission.pending];
            if (!pending.active || pending.generation != submission.generation) return;
            if (pending.kind == Pending::Kind::send_now || pending.ended) return;
            pending.cancelled = true;
            schedule(pending, true);
            return;
        }
        case Submission::Kind::close:
            world_.release(submission.descriptor);
            return;
        case Submission::Kind::wake:
            if (submission.descriptor >= 0) world_.wake(submission.descriptor);
            return;
    }
}

}  // namespace parley::sim
