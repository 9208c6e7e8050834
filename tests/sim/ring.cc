// The simulated twin of src/ring/ring.cc: the same header, on a World instead of the kernel.
#include "ring/ring.h"

#include "sim/ring_model.h"
#include "sim/world.h"

namespace parley::ring {

struct Ring::State {
    sim::RingModel model;
};

Ring::Ring(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}

Ring::~Ring() = default;

std::unique_ptr<Ring> Ring::open(const Options& options, std::string&) {
    std::unique_ptr<State> state{new State{{sim::World::current(), options}}};
    return std::unique_ptr<Ring>{new Ring(std::move(state))};
}

void Ring::accept(Operation& operation, int listener) noexcept {
    state_->model.accept(operation, listener);
}

void Ring::receive(Operation& operation, int socket) noexcept {
    state_->model.receive(operation, socket);
}

void Ring::receive_once(Operation& operation, int socket) noexcept {
    state_->model.receive_once(operation, socket);
}

void Ring::send_now(SendOperation& operation, int socket,
                    std::span<const std::byte> bytes) noexcept {
    PARLEY_ASSERT(!in_flight(operation));
    RingAccess::tried_in(operation) = round_;
    state_->model.send_now(operation, socket, bytes);
}

void Ring::send_all(SendOperation& operation, int socket,
                    std::span<const std::byte> bytes) noexcept {
    state_->model.send_all(operation, socket, bytes);
}

void Ring::cancel(Operation& operation) noexcept {
    state_->model.cancel(operation);
}

void Ring::cancel(SendOperation& operation) noexcept {
    cancel(RingAccess::operation(operation));
}

void Ring::shutdown_send(SendOperation& operation, int socket) noexcept {
    state_->model.shutdown_send(operation, socket);
}

int Ring::adopt(int socket) noexcept {
    return state_->model.adopt(socket);
}

void Ring::reset(int descriptor) noexcept {
    state_->model.reset(descriptor);
}

void Ring::close(int descriptor) noexcept {
    state_->model.close(descriptor);
}

void Ring::wake(const Waker& other) noexcept {
    state_->model.wake(other);
}

Waker Ring::waker() const noexcept {
    return Waker{state_->model.handle()};
}

// A world remembers the handles of rings that are gone, so a waker may be used for ever.
KeptWaker::KeptWaker(const Waker& other) noexcept : waker_(other) {}

KeptWaker::~KeptWaker() = default;

void Waker::wake() const noexcept {
    if (handle_ >= 0) sim::World::current().wake(handle_);
}

void Ring::wait(Instant deadline) noexcept {
    state_->model.wait(deadline);
}

void Ring::dispatch() noexcept {
    ++round_;
    state_->model.dispatch();
}

Instant Ring::now() const noexcept {
    return state_->model.world().now();
}

WallTime Ring::wall_now() const noexcept {
    return state_->model.world().wall_now();
}

const Ring::Counters& Ring::counters() const noexcept {
    return state_->model.counters();
}

}  // namespace parley::ring
