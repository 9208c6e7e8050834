#include "ring/ring.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "base/assert.h"
#include "ring/probe.h"

namespace parley::ring {
namespace {

constexpr std::uint16_t receive_group = 0;
constexpr std::uint64_t one = 1;  // what a wake-up writes into an event descriptor

// What user_data holds beside an Operation's address, which is aligned.
constexpr std::uint64_t nobody = 0;     // completions that nobody waits for
constexpr std::uint64_t woken = 1;      // our own event descriptor was written to
constexpr std::uint64_t fast_send = 2;  // tag: a send of send_now()
constexpr std::uint64_t tag_mask = 7;

// SOCKET_URING_OP_SETSOCKOPT, which the oldest headers we compile with do not name.
constexpr std::uint64_t setsockopt_command = 3;

// In a socket's number: a place in the ring's table instead of a descriptor.
constexpr int adopted_bit = 1 << 30;

// Sends and receives never need a worker thread of the kernel's; shutdown_send() always does.
constexpr unsigned workers_max = 2;

Operation& operation_of(const io_uring_cqe& completion) noexcept {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel carries our address as a number
    return *reinterpret_cast<Operation*>(completion.user_data & ~tag_mask);
}

}  // namespace

struct Ring::State {
    io_uring ring{};
    bool ring_open = false;
    int event = -1;
    io_uring_buf_ring* buffer_ring = nullptr;
    std::size_t buffer_ring_bytes = 0;
    std::byte* buffers = nullptr;
    std::size_t buffers_bytes = 0;
    Options options;
    std::vector<io_uring_cqe> taken;  // completions copied out, waiting for dispatch()
    Counters counters;

    // The table of adopted sockets. A place is free again once the close of what it held went down.
    std::uint32_t places = 0;
    std::uint32_t places_used = 0;  // those before were in use at some time
    std::vector<int> places_free;
    std::vector<int> places_closing;

    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State();
    Status open_ring() noexcept;
    void open_table() noexcept;
    int take_place() noexcept;
    Status open_buffers() noexcept;
    Status open_event() noexcept;
    void watch_event() noexcept;
    io_uring_sqe& next_submission() noexcept;
    void submit() noexcept;
    void back_off() noexcept;
    void take_completions() noexcept;
    void drain_overflow() noexcept;
    void tell_failed_sends() noexcept;
    void finish(const io_uring_cqe& completion) noexcept;
    void give_back(std::uint32_t buffer) noexcept;
};

Ring::State::~State() {
    if (ring_open) {
        io_uring_submit(&ring);  // what was closed last
        io_uring_queue_exit(&ring);
    }
    if (buffers != nullptr) munmap(buffers, buffers_bytes);
    if (buffer_ring != nullptr) munmap(buffer_ring, buffer_ring_bytes);
    if (event >= 0) ::close(event);
}

Status Ring::State::open_ring() noexcept {
    io_uring_params params{};
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                   IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
    params.cq_entries = options.completions;
    const int status = io_uring_queue_init_params(options.submissions, &ring, &params);
    if (status < 0) return Error{Error::Domain::system, status};
    ring_open = true;
    // Saves a descriptor lookup for each system call; harmless if refused.
    io_uring_register_ring_fd(&ring);
    std::array<unsigned, 2> workers{workers_max, workers_max};
    io_uring_register_iowq_max_workers(&ring, workers.data());
    open_table();
    return Ok{};
}

void Ring::State::open_table() noexcept {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    const auto count =
        static_cast<std::uint32_t>(std::min<rlim_t>(limit.rlim_cur, options.sockets));
    if (io_uring_register_files_sparse(&ring, count) == 0) places = count;
}

int Ring::State::take_place() noexcept {
    if (!places_free.empty()) {
        const int place = places_free.back();
        places_free.pop_back();
        return place;
    }
    return places_used < places ? static_cast<int>(places_used++) : -1;
}

Status Ring::State::open_buffers() noexcept {
    const std::uint32_t count = options.receive_buffers;
    PARLEY_ASSERT(count != 0 && (count & (count - 1)) == 0);
    buffer_ring_bytes = count * sizeof(io_uring_buf);
    buffers_bytes = std::size_t{count} * options.receive_buffer_bytes;
    constexpr int protection = PROT_READ | PROT_WRITE;
    constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;  // no faults while it runs
    void* heads = mmap(nullptr, buffer_ring_bytes, protection, flags, -1, 0);
    if (heads == MAP_FAILED) return Error{Error::Domain::system, -errno};
    buffer_ring = static_cast<io_uring_buf_ring*>(heads);
    void* bytes = mmap(nullptr, buffers_bytes, protection, flags, -1, 0);
    if (bytes == MAP_FAILED) return Error{Error::Domain::system, -errno};
    buffers = static_cast<std::byte*>(bytes);

    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(buffer_ring);
    registration.ring_entries = count;
    registration.bgid = receive_group;
    if (const int status = io_uring_register_buf_ring(&ring, &registration, 0); status < 0) {
        return Error{Error::Domain::system, status};
    }
    io_uring_buf_ring_init(buffer_ring);
    for (std::uint32_t i = 0; i < count; ++i)
        give_back(i);
    return Ok{};
}

Status Ring::State::open_event() noexcept {
    event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event < 0) return Error{Error::Domain::system, -errno};
    watch_event();
    return Ok{};
}

// The event descriptor is never read: an edge-triggered poll completes at each write, and its
// 64-bit count cannot run over in any process's life.
void Ring::State::watch_event() noexcept {
    io_uring_sqe& entry = next_submission();
    io_uring_prep_poll_multishot(&entry, event, POLLIN);
    entry.user_data = woken;
}

io_uring_sqe& Ring::State::next_submission() noexcept {
    io_uring_sqe* entry = io_uring_get_sqe(&ring);
    while (entry == nullptr) {  // full: submit early
        submit();
        entry = io_uring_get_sqe(&ring);
    }
    return *entry;
}

void Ring::State::submit() noexcept {
    ++counters.system_calls;
    const int status = io_uring_submit(&ring);
    if (status >= 0 || status == -EINTR) return;
    // The completion queue is full, or memory is short for the moment. Anything else would be a
    // mistake of ours in setting up the ring.
    PARLEY_ASSERT(status == -EBUSY || status == -EAGAIN);
    back_off();
}

// After a refusal: making room helps, and where there is none to make, time does.
void Ring::State::back_off() noexcept {
    const std::size_t before = taken.size();
    take_completions();
    if (taken.size() == before) std::this_thread::sleep_for(std::chrono::microseconds{100});
}

void Ring::State::take_completions() noexcept {
    std::array<io_uring_cqe*, 256> batch;
    while (true) {
        const unsigned count = io_uring_peek_batch_cqe(&ring, batch.data(), batch.size());
        if (count == 0) return;
        for (unsigned i = 0; i < count; ++i)
            taken.push_back(*batch[i]);
        io_uring_cq_advance(&ring, count);
        if (count < batch.size()) return;
    }
}

// The kernel keeps what did not fit into the completion queue and hands it out once there is
// room. Until it has, a silent send cannot be told from one whose failure is still waiting.
void Ring::State::drain_overflow() noexcept {
    while ((*ring.sq.kflags & IORING_SQ_CQ_OVERFLOW) != 0) {
        ++counters.overflows;
        ++counters.system_calls;
        io_uring_get_events(&ring);
        take_completions();
    }
}

void Ring::State::give_back(std::uint32_t buffer) noexcept {
    const auto mask = io_uring_buf_ring_mask(options.receive_buffers);
    io_uring_buf_ring_add(buffer_ring, buffers + std::size_t{buffer} * options.receive_buffer_bytes,
                          options.receive_buffer_bytes, static_cast<std::uint16_t>(buffer), mask,
                          0);
    io_uring_buf_ring_advance(buffer_ring, 1);
}

// Before everything else, so that whoever hears of a completion finds the sends of the last round
// over, and theirs known to have failed if they have.
void Ring::State::tell_failed_sends() noexcept {
    const std::size_t count = taken.size();  // handlers may add to it
    for (std::size_t i = 0; i < count; ++i) {
        const io_uring_cqe completion = taken[i];
        if ((completion.user_data & tag_mask) != fast_send) continue;
        taken[i].user_data = nobody;
        RingAccess::fail(RingAccess::send_of(operation_of(completion)), completion.res);
    }
}

void Ring::State::finish(const io_uring_cqe& completion) noexcept {
    if (completion.user_data == woken) {
        if ((completion.flags & IORING_CQE_F_MORE) == 0) watch_event();
        return;
    }
    if (completion.user_data == nobody) return;
    if ((completion.user_data & tag_mask) == fast_send) {
        return RingAccess::fail(RingAccess::send_of(operation_of(completion)), completion.res);
    }
    Operation& operation = operation_of(completion);
    Completion told{
        .result = completion.res, .more = (completion.flags & IORING_CQE_F_MORE) != 0, .bytes = {}};
    if (completion.res == -ENOBUFS) ++counters.buffer_shortages;
    if ((completion.flags & IORING_CQE_F_BUFFER) == 0) {
        RingAccess::complete(operation, told);
        return;
    }
    const std::uint32_t buffer = completion.flags >> IORING_CQE_BUFFER_SHIFT;
    const std::size_t size = completion.res > 0 ? static_cast<std::size_t>(completion.res) : 0;
    told.bytes = {buffers + std::size_t{buffer} * options.receive_buffer_bytes, size};
    RingAccess::complete(operation, told);
    give_back(buffer);
}

namespace {

// An adopted socket is named by its place.
void aim(io_uring_sqe& entry, int socket) noexcept {
    if ((socket & adopted_bit) == 0) return;
    entry.fd = socket & ~adopted_bit;
    entry.flags |= IOSQE_FIXED_FILE;
}

void start_receive(io_uring_sqe& entry, Operation& operation, int socket) noexcept {
    RingAccess::start(operation);
    aim(entry, socket);
    entry.flags |= IOSQE_BUFFER_SELECT;
    entry.buf_group = receive_group;
    io_uring_sqe_set_data(&entry, &operation);
}

}  // namespace

Ring::Ring(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}

Ring::~Ring() = default;

std::unique_ptr<Ring> Ring::open(const Options& options, std::string& error) {
    auto state = std::make_unique<State>();
    state->options = options;
    state->taken.reserve(options.completions);
    Status status = state->open_ring();
    if (status) error = missing_operations(state->ring);
    if (!error.empty()) return nullptr;
    if (status) status = state->open_buffers();
    if (status) status = state->open_event();
    if (!status) {
        error = explain_refusal(-status.error().code);
        return nullptr;
    }
    return std::unique_ptr<Ring>{new Ring(std::move(state))};
}

void Ring::accept(Operation& operation, int listener) noexcept {
    RingAccess::start(operation);
    io_uring_sqe& entry = state_->next_submission();
    io_uring_prep_multishot_accept(&entry, listener, nullptr, nullptr, SOCK_CLOEXEC);
    io_uring_sqe_set_data(&entry, &operation);
}

void Ring::receive(Operation& operation, int socket) noexcept {
    io_uring_sqe& entry = state_->next_submission();
    io_uring_prep_recv_multishot(&entry, socket, nullptr, 0, 0);
    start_receive(entry, operation, socket);
}

void Ring::receive_once(Operation& operation, int socket) noexcept {
    io_uring_sqe& entry = state_->next_submission();
    io_uring_prep_recv(&entry, socket, nullptr, 0, 0);
    start_receive(entry, operation, socket);
}

void Ring::send_now(SendOperation& send, int socket, std::span<const std::byte> bytes) noexcept {
    PARLEY_ASSERT(!in_flight(send));
    RingAccess::tried_in(send) = round_;
    // MSG_WAITALL turns a short send into a failed one, which completes in spite of
    // IOSQE_CQE_SKIP_SUCCESS; without it a short send would be silent.
    constexpr int flags = MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL;
    io_uring_sqe& entry = state_->next_submission();
    io_uring_prep_send(&entry, socket, bytes.data(), bytes.size(), flags);
    aim(entry, socket);
    entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
    entry.user_data = reinterpret_cast<std::uint64_t>(&RingAccess::operation(send)) | fast_send;
}

void Ring::send_all(SendOperation& send, int socket, std::span<const std::byte> bytes) noexcept {
    Operation& operation = RingAccess::operation(send);
    RingAccess::start(operation);
    io_uring_sqe& entry = state_->next_submission();
    io_uring_prep_send(&entry, socket, bytes.data(), bytes.size(), MSG_WAITALL | MSG_NOSIGNAL);
    aim(entry, socket);
    io_uring_sqe_set_data(&entry, &operation);
}

void Ring::cancel(Operation& operation) noexcept {
    if (!operation.in_flight()) return;
    io_uring_sqe& entry = state_->next_submission();
    io_uring_prep_cancel(&entry, &operation, 0);
    entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
    entry.user_data = nobody;
}

void Ring::cancel(SendOperation& send) noexcept {
    cancel(RingAccess::operation(send));
}

// The kernel leaves it to a worker thread, which looks the socket up when it gets there: it must
// still be the same one. So it has a completion that its owner waits for before it closes.
void Ring::shutdown_send(SendOperation& send, int socket) noexcept {
    Operation& operation = RingAccess::operation(send);
    RingAccess::start(operation);
    io_uring_sqe& entry = state_->next_submission();
    io_uring_prep_shutdown(&entry, socket, SHUT_WR);
    aim(entry, socket);
    io_uring_sqe_set_data(&entry, &operation);
}

void Ring::close(int socket) noexcept {
    io_uring_sqe& entry = state_->next_submission();
    if ((socket & adopted_bit) == 0) {
        io_uring_prep_close(&entry, socket);
    } else {
        const int place = socket & ~adopted_bit;
        io_uring_prep_close_direct(&entry, static_cast<unsigned>(place));
        state_->places_closing.push_back(place);
        --state_->counters.adopted;
    }
    entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
    entry.user_data = nobody;
}

void Ring::reset(int socket) noexcept {
    static const linger at_once{.l_onoff = 1, .l_linger = 0};
    if ((socket & adopted_bit) == 0) {
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        return close(socket);
    }
    io_uring_sqe& entry = state_->next_submission();
    io_uring_prep_rw(IORING_OP_URING_CMD, &entry, socket, nullptr, 0, setsockopt_command);
    aim(entry, socket);
    entry.addr = std::uint64_t{SO_LINGER} << 32 | SOL_SOCKET;  // the option's name and level
    entry.addr3 = reinterpret_cast<std::uint64_t>(&at_once);
    entry.file_index = sizeof(at_once);
    // It is carried out when it goes down, and so before the close, which needs no link to it.
    entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
    entry.user_data = nobody;
    close(socket);
}

int Ring::adopt(int socket) noexcept {
    const int place = state_->take_place();
    if (place < 0) return socket;
    ++state_->counters.system_calls;
    if (io_uring_register_files_update(&state_->ring, static_cast<unsigned>(place), &socket, 1) !=
        1) {
        state_->places_free.push_back(place);
        return socket;
    }
    ++state_->counters.adopted;
    close(socket);
    return place | adopted_bit;
}

void Ring::wake(const Waker& other) noexcept {
    io_uring_sqe& entry = state_->next_submission();
    io_uring_prep_write(&entry, other.handle(), &one, sizeof(one), 0);
    entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
    entry.user_data = nobody;
}

Waker Ring::waker() const noexcept {
    return Waker{state_->event};
}

void Waker::wake() const noexcept {
    if (handle_ < 0) return;
    // Fails only when the count is full, and then the ring has been woken already.
    const ssize_t written = ::write(handle_, &one, sizeof(one));
    static_cast<void>(written);
}

// The event lives as long as one descriptor of it does.
KeptWaker::KeptWaker(const Waker& other) noexcept
    : waker_(fcntl(other.handle(), F_DUPFD_CLOEXEC, 0)) {}

KeptWaker::~KeptWaker() {
    if (waker_.handle() >= 0) ::close(waker_.handle());
}

void Ring::wait(Instant deadline) noexcept {
    State& state = *state_;
    const Instant start = now();
    const bool sleep = deadline > start && state.taken.empty();
    const Duration left = sleep ? deadline - start : Duration::zero();
    __kernel_timespec timeout{};
    timeout.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(left).count();
    timeout.tv_nsec = (left % std::chrono::seconds{1}).count();
    ++state.counters.system_calls;
    io_uring_cqe* first = nullptr;
    int status = 0;
    if (sleep) {
        status = io_uring_submit_and_wait_timeout(&state.ring, &first, 1, &timeout, nullptr);
    } else {
        status = io_uring_submit_and_get_events(&state.ring);
    }
    if (status == -EBUSY || status == -EAGAIN) state.back_off();
    state.take_completions();
    // EINTR, EBUSY, EAGAIN: some entries may not have gone down yet. The outcome of the sends
    // among them must be known before dispatch().
    while (io_uring_sq_ready(&state.ring) > 0)
        state.submit();
    state.take_completions();
    state.drain_overflow();
}

void Ring::dispatch() noexcept {
    State& state = *state_;
    // Whatever was tried before is over now: what failed is among `taken`, the rest succeeded.
    if (++round_ == 0) round_ = 1;
    state.places_free.insert(state.places_free.end(), state.places_closing.begin(),
                             state.places_closing.end());
    state.places_closing.clear();
    state.counters.completions += state.taken.size();
    state.tell_failed_sends();
    // A handler that fills the submission queue submits early, and that may take in further
    // completions: of this round's operations, and failed sends among them are told at once.
    for (std::size_t i = 0; i < state.taken.size(); ++i)
        state.finish(io_uring_cqe{state.taken[i]});
    state.taken.clear();
}

Instant Ring::now() const noexcept {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return Instant{std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec}};
}

WallTime Ring::wall_now() const noexcept {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

const Ring::Counters& Ring::counters() const noexcept {
    return state_->counters;
}

}  // namespace parley::ring
