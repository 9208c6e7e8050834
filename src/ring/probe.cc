#include "ring/probe.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fmt/format.h>
#include <liburing.h>
#include <memory>
#include <system_error>

namespace parley::ring {
namespace {

struct Needed {
    int operation;
    const char* name;
};

constexpr std::array<Needed, 9> needed{{
    {IORING_OP_ACCEPT, "accept"},
    {IORING_OP_RECV, "receive"},
    {IORING_OP_SEND, "send"},
    {IORING_OP_ASYNC_CANCEL, "cancel"},
    {IORING_OP_POLL_ADD, "poll"},
    {IORING_OP_WRITE, "write"},
    {IORING_OP_CLOSE, "close"},
    {IORING_OP_SHUTDOWN, "shutdown"},
    {IORING_OP_TIMEOUT, "timeout"},
}};

// kernel.io_uring_disabled (Linux 6.6): 0 open to all, 1 to a group, 2 to nobody; -1 if unknown.
int disabled_by_sysctl() {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{
        std::fopen("/proc/sys/kernel/io_uring_disabled", "re"), &std::fclose};
    if (!file) return -1;
    return std::fgetc(file.get()) - '0';
}

}  // namespace

std::string explain_refusal(int error_number) {
    switch (error_number) {
        case ENOSYS:
            return "this kernel has no io_uring, or a container's seccomp profile hides it: run "
                   "Linux "
                   "6.1 or newer, built with CONFIG_IO_URING=y, and allow io_uring_setup";
        case EPERM:
            if (const int level = disabled_by_sysctl(); level > 0) {
                return fmt::format(
                    "io_uring is switched off here (kernel.io_uring_disabled={}): run "
                    "`sysctl -w kernel.io_uring_disabled=0`",
                    level);
            }
            return "io_uring is forbidden here, as a rule by a container's seccomp profile: allow "
                   "the system calls io_uring_setup, io_uring_enter and io_uring_register";
        case ENOMEM:
            return "the kernel refused memory for io_uring: raise the limit of locked memory "
                   "(`ulimit -l`, LimitMEMLOCK= in systemd) or run fewer shards";
        case EINVAL:
            return "this kernel's io_uring is too old: run Linux 6.1 or newer";
        case EMFILE:
        case ENFILE:
            return "no file descriptor is left for io_uring: raise `ulimit -n` (LimitNOFILE= in "
                   "systemd)";
        default:
            return fmt::format("io_uring could not be opened: {}",
                               std::generic_category().message(error_number));
    }
}

namespace {

bool can(const io_uring_probe* probe, int operation) {
    return probe != nullptr && io_uring_opcode_supported(probe, operation) != 0;
}

bool has_buffer_rings(io_uring& ring) {
    constexpr std::size_t entries = 8;
    alignas(4096) static std::array<io_uring_buf, 4096 / sizeof(io_uring_buf)> memory{};
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(memory.data());
    registration.ring_entries = entries;
    if (io_uring_register_buf_ring(&ring, &registration, 0) != 0) return false;
    io_uring_unregister_buf_ring(&ring, 0);
    return true;
}

void look_into(io_uring& ring, bool by_flags, std::vector<Feature>& features) {
    const std::unique_ptr<io_uring_probe, void (*)(io_uring_probe*)> probe{
        io_uring_get_probe_ring(&ring), &io_uring_free_probe};
    for (const Needed& each : needed)
        features.push_back({.name = each.name, .there = can(probe.get(), each.operation)});
    // With it, since the same release: receives that go on until cancelled.
    features.push_back({.name = "deferred task work", .there = by_flags});
    features.push_back({.name = "buffer rings", .there = has_buffer_rings(ring)});
    features.push_back(
        {.name = "silent success", .there = (ring.features & IORING_FEAT_CQE_SKIP) != 0});
    features.push_back(
        {.name = "timed waits", .there = (ring.features & IORING_FEAT_EXT_ARG) != 0});
    features.push_back({.name = "a table of sockets",
                        .there = io_uring_register_files_sparse(&ring, 8) == 0,
                        .needed = false});
    features.push_back({.name = "a registered ring",
                        .there = io_uring_register_ring_fd(&ring) == 1,
                        .needed = false});
}

}  // namespace

Probed probe() {
    constexpr unsigned entries = 8;
    constexpr unsigned flags =
        IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL;
    Probed probed;
    io_uring ring{};
    int status = io_uring_queue_init(entries, &ring, flags);
    const bool by_flags = status == 0;
    // Too old for the flags, but perhaps not for a look at the rest.
    if (status == -EINVAL) status = io_uring_queue_init(entries, &ring, 0);
    if (status != 0) {
        probed.error_number = -status;
        return probed;
    }
    look_into(ring, by_flags, probed.features);
    io_uring_queue_exit(&ring);
    return probed;
}

std::string missing_operations(io_uring& ring) {
    const std::unique_ptr<io_uring_probe, void (*)(io_uring_probe*)> probe{
        io_uring_get_probe_ring(&ring), &io_uring_free_probe};
    std::string missing;
    for (const Needed& each : needed) {
        if (probe && io_uring_opcode_supported(probe.get(), each.operation) != 0) continue;
        missing += missing.empty() ? "" : ", ";
        missing += each.name;
    }
    if (missing.empty()) return missing;
    return fmt::format("this kernel's io_uring cannot {}: run Linux 6.1 or newer", missing);
}

}  // namespace parley::ring
