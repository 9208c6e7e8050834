// The null twin of src/ring: the same header, on nothing.
#include "ring/ring.h"

#include <cerrno>
#include <vector>

#include "null_ring/outside.h"

namespace parley::ring {
namespace {

struct Happening {
    Operation* operation;
    Completion completion;
};

// Everything that is outside of the ring. One for the process, since tests of time run alone.
struct World {
    std::vector<Happening> happenings;  // for the next dispatch()
    std::vector<Happening> dispatched;  // empty but for its memory
    Operation* listener = nullptr;
    std::vector<Operation*> receivers;  // by socket
    bench::Sent sent;
};

World& world() noexcept {
    static World the_world;
    return the_world;
}

void happen(Operation& operation, const Completion& completion) {
    world().happenings.push_back({&operation, completion});
}

}  // namespace

struct Ring::State {
    Counters counters;
};

Ring::Ring(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}

Ring::~Ring() = default;

std::unique_ptr<Ring> Ring::open(const Options&, std::string&) {
    return std::unique_ptr<Ring>{new Ring(std::make_unique<State>())};
}

void Ring::accept(Operation& operation, int) noexcept {
    RingAccess::start(operation);
    world().listener = &operation;
}

void Ring::receive_once(Operation& operation, int socket) noexcept {
    receive(operation, socket);
}

void Ring::receive(Operation& operation, int socket) noexcept {
    RingAccess::start(operation);
    const auto index = static_cast<std::size_t>(socket);
    if (world().receivers.size() <= index) world().receivers.resize(index + 1);
    world().receivers[index] = &operation;
}

void Ring::send_now(SendOperation& operation, int, std::span<const std::byte> bytes) noexcept {
    RingAccess::tried_in(operation) = round_;
    ++world().sent.sends;
    world().sent.bytes += bytes.size();
}

void Ring::send_all(SendOperation& operation, int, std::span<const std::byte> bytes) noexcept {
    RingAccess::start(RingAccess::operation(operation));
    ++world().sent.sends;
    world().sent.bytes += bytes.size();
    happen(RingAccess::operation(operation), {static_cast<std::int32_t>(bytes.size()), false, {}});
}

void Ring::cancel(Operation& operation) noexcept {
    if (!operation.in_flight()) return;
    if (world().listener == &operation) world().listener = nullptr;
    for (Operation*& receiver : world().receivers)
        if (receiver == &operation) receiver = nullptr;
    for (const Happening& happening : world().happenings)
        if (happening.operation == &operation && !happening.completion.more) return;  // ends anyway
    happen(operation, {-ECANCELED, false, {}});
}

void Ring::cancel(SendOperation& operation) noexcept {
    cancel(RingAccess::operation(operation));
}

void Ring::shutdown_send(SendOperation& operation, int) noexcept {
    RingAccess::start(RingAccess::operation(operation));
    happen(RingAccess::operation(operation), {0, false, {}});
}

int Ring::adopt(int socket) noexcept {
    return socket;
}

void Ring::close(int) noexcept {}
void Ring::reset(int) noexcept {}
void Ring::wake(const Waker&) noexcept {}

Waker Ring::waker() const noexcept {
    return Waker{};
}

void Waker::wake() const noexcept {}

KeptWaker::KeptWaker(const Waker& other) noexcept : waker_(other) {}

KeptWaker::~KeptWaker() = default;

void Ring::wait(Instant) noexcept {}

void Ring::dispatch() noexcept {
    if (++round_ == 0) ++round_;
    world().dispatched.swap(world().happenings);
    for (const Happening& happening : world().dispatched) {
        ++state_->counters.completions;
        RingAccess::complete(*happening.operation, happening.completion);
    }
    world().dispatched.clear();
}

Instant Ring::now() const noexcept {
    return Instant{std::chrono::seconds{1}};
}

WallTime Ring::wall_now() const noexcept {
    return WallTime{std::chrono::seconds{1'700'000'000}};
}

const Ring::Counters& Ring::counters() const noexcept {
    return state_->counters;
}

}  // namespace parley::ring

namespace parley::bench {

void connect(int socket) {
    PARLEY_ASSERT(ring::world().listener != nullptr);
    ring::happen(*ring::world().listener, {socket, true, {}});
}

void arrive(int socket, std::span<std::byte> bytes) {
    ring::Operation* const receiver = ring::world().receivers[static_cast<std::size_t>(socket)];
    PARLEY_ASSERT(receiver != nullptr);
    ring::happen(*receiver, {static_cast<std::int32_t>(bytes.size()), true, bytes});
}

const Sent& sent() noexcept {
    return ring::world().sent;
}

}  // namespace parley::bench
