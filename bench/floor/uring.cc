// Uring: what makes io_uring cheap for a fan-out, as plainly as it can be written. The ring belongs
// to one thread, and the kernel completes its work only when that thread asks (SINGLE_ISSUER,
// DEFER_TASKRUN); receives stay armed and take buffers from a ring of them; a whole fan-out is one
// system call, and sends that succeed say nothing.
#include "floor/uring.h"

#include <cerrno>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace parley::bench {
namespace {

constexpr unsigned submissions = 4096;  // a whole fan-out is one system call
constexpr unsigned completions = 16384;
constexpr unsigned buffers = 512;
constexpr unsigned buffer_bytes = 4096;
constexpr int buffer_group = 0;
constexpr unsigned batch = 32;  // what a minimum wait waits for

// struct io_uring_getevents_arg as kernels from 6.12 on read it; liburing 2.3 calls the field pad.
struct WaitArgument {
    std::uint64_t signals = 0;
    std::uint32_t signals_size = 0;
    std::uint32_t min_wait_us = 0;
    std::uint64_t timeout = 0;
};
constexpr unsigned feature_min_timeout = 1U << 15;

Error last_error() noexcept {
    return {Error::Domain::system, -errno};
}

}  // namespace

Result<std::unique_ptr<Uring>> Uring::open(Files files) {
    std::unique_ptr<Uring> uring{new Uring(files)};
    if (Status status = uring->set_up(); !status) return status.error();
    if (Status status = uring->set_up_buffers(); !status) return status.error();
    if (Status status = uring->set_up_files(); !status) return status.error();
    return uring;
}

Uring::~Uring() {
    if (open_) io_uring_queue_exit(&ring_);
    if (buffers_ != nullptr) munmap(buffers_, std::size_t{buffers} * buffer_bytes);
    if (buffer_ring_ != nullptr) munmap(buffer_ring_, buffers * sizeof(io_uring_buf));
}

Status Uring::set_up() {
    io_uring_params params{};
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                   IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE;
    params.cq_entries = completions;
    const int status = io_uring_queue_init_params(submissions, &ring_, &params);
    if (status < 0) return Error{Error::Domain::system, status};
    open_ = true;
    io_uring_register_ring_fd(&ring_);
    return Ok{};
}

Status Uring::set_up_buffers() {
    constexpr int protection = PROT_READ | PROT_WRITE;
    constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    void* heads = mmap(nullptr, buffers * sizeof(io_uring_buf), protection, flags, -1, 0);
    if (heads == MAP_FAILED) return last_error();
    buffer_ring_ = static_cast<io_uring_buf_ring*>(heads);
    void* bytes = mmap(nullptr, std::size_t{buffers} * buffer_bytes, protection, flags, -1, 0);
    if (bytes == MAP_FAILED) return last_error();
    buffers_ = static_cast<std::byte*>(bytes);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(buffer_ring_);
    registration.ring_entries = buffers;
    registration.bgid = buffer_group;
    const int status = io_uring_register_buf_ring(&ring_, &registration, 0);
    if (status < 0) return Error{Error::Domain::system, status};
    io_uring_buf_ring_init(buffer_ring_);
    for (unsigned buffer = 0; buffer < buffers; ++buffer)
        give_back(buffer);
    return Ok{};
}

Status Uring::set_up_files() {
    if (files_ == Files::of_process) return Ok{};
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    const int status =
        io_uring_register_files_sparse(&ring_, static_cast<unsigned>(limit.rlim_cur));
    if (status < 0) return Error{Error::Domain::system, status};
    return Ok{};
}

void Uring::add_file(int socket) noexcept {
    if (files_ == Files::of_process) return;
    ++system_calls_;
    io_uring_register_files_update(&ring_, static_cast<unsigned>(socket), &socket, 1);
}

void Uring::remove_file(int socket) noexcept {
    if (files_ == Files::of_process) return;
    ++system_calls_;
    constexpr int none = -1;
    io_uring_register_files_update(&ring_, static_cast<unsigned>(socket), &none, 1);
}

io_uring_sqe& Uring::entry(Event event, int socket) noexcept {
    io_uring_sqe* entry = io_uring_get_sqe(&ring_);
    while (entry == nullptr) {  // full: submit early
        submit();
        entry = io_uring_get_sqe(&ring_);
    }
    entry->user_data =
        std::uint64_t{static_cast<std::uint32_t>(event)} << 32 | static_cast<std::uint32_t>(socket);
    return *entry;
}

void Uring::accept(int listener) noexcept {
    io_uring_sqe& sqe = entry(Event::accepted, listener);
    const std::uint64_t data = sqe.user_data;  // prepared entries keep nothing of before
    io_uring_prep_multishot_accept(&sqe, listener, nullptr, nullptr, SOCK_CLOEXEC);
    sqe.user_data = data;
}

void Uring::receive(int socket) noexcept {
    io_uring_sqe& sqe = entry(Event::received, socket);
    const std::uint64_t data = sqe.user_data;
    io_uring_prep_recv_multishot(&sqe, socket, nullptr, 0, 0);
    sqe.user_data = data;
    sqe.flags |= IOSQE_BUFFER_SELECT;
    if (files_ == Files::of_ring) sqe.flags |= IOSQE_FIXED_FILE;
    sqe.buf_group = buffer_group;
}

void Uring::send(int socket, std::span<const std::byte> bytes) noexcept {
    // MSG_WAITALL makes a short send a failure, which completes in spite of CQE_SKIP_SUCCESS.
    constexpr int flags = MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL;
    io_uring_sqe& sqe = entry(Event::send_failed, socket);
    const std::uint64_t data = sqe.user_data;
    io_uring_prep_send(&sqe, socket, bytes.data(), bytes.size(), flags);
    sqe.user_data = data;
    sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
    if (files_ == Files::of_ring) sqe.flags |= IOSQE_FIXED_FILE;
}

void Uring::submit() noexcept {
    ++system_calls_;
    io_uring_submit(&ring_);
}

void Uring::turn(std::chrono::microseconds min_wait) noexcept {
    ++system_calls_;
    if (min_wait.count() == 0) {
        io_uring_submit_and_wait(&ring_, 1);
    } else {
        submit_and_wait_batch(min_wait);
    }
    while (io_uring_sq_ready(&ring_) > 0)
        submit();
    for (const unsigned buffer : lent_)
        give_back(buffer);
    lent_.clear();
}

int Uring::submit_and_wait_batch(std::chrono::microseconds min_wait) noexcept {
    if ((ring_.features & feature_min_timeout) == 0) return io_uring_submit_and_wait(&ring_, 1);
    // What io_uring_submit() does before its system call: the kernel is shown the new entries.
    ring_.sq.sqe_head = ring_.sq.sqe_tail;
    io_uring_smp_store_release(ring_.sq.ktail, ring_.sq.sqe_tail);
    WaitArgument argument;
    argument.min_wait_us = static_cast<std::uint32_t>(min_wait.count());
    constexpr unsigned flags =
        IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG | IORING_ENTER_REGISTERED_RING;
    return static_cast<int>(syscall(SYS_io_uring_enter, ring_.enter_ring_fd,
                                    io_uring_sq_ready(&ring_), batch, flags, &argument,
                                    sizeof(argument)));
}

Uring::Completion Uring::next() noexcept {
    io_uring_cqe* cqe = nullptr;
    if (io_uring_peek_cqe(&ring_, &cqe) != 0) return {};
    Completion completion{.event = static_cast<Event>(cqe->user_data >> 32),
                          .socket = static_cast<int>(cqe->user_data & 0xffffffff),
                          .result = cqe->res,
                          .more = (cqe->flags & IORING_CQE_F_MORE) != 0,
                          .bytes = {}};
    if ((cqe->flags & IORING_CQE_F_BUFFER) != 0) {
        const unsigned buffer = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
        lent_.push_back(buffer);
        const std::size_t size = cqe->res > 0 ? static_cast<std::size_t>(cqe->res) : 0;
        completion.bytes = {buffer_at(buffer), size};
    }
    io_uring_cqe_seen(&ring_, cqe);
    return completion;
}

std::byte* Uring::buffer_at(unsigned buffer) noexcept {
    return buffers_ + std::size_t{buffer} * buffer_bytes;
}

void Uring::give_back(unsigned buffer) noexcept {
    io_uring_buf_ring_add(buffer_ring_, buffer_at(buffer), buffer_bytes,
                          static_cast<std::uint16_t>(buffer), io_uring_buf_ring_mask(buffers), 0);
    io_uring_buf_ring_advance(buffer_ring_, 1);
}

}  // namespace parley::bench
