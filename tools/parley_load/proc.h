// /proc: CPU time and memory, of the server, of the generator and of the kernel.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace parley::load {

/// The first 64 KB of a file of /proc or /sys; empty if it cannot be read.
std::string read_small_file(const std::string& path);

/// What the scheduler knows of one thread, from the text of a schedstat file.
struct SchedStat {
    std::chrono::nanoseconds ran{};
    std::chrono::nanoseconds waited{};  ///< ready to run, for a core
};
std::optional<SchedStat> parse_schedstat(std::string_view text) noexcept;

/// User and system time of a whole process so far. To the nanosecond of its living threads where
/// the kernel keeps schedstat, else to the clock tick (10 ms) from stat. Nothing if there is no
/// such process.
std::optional<std::chrono::nanoseconds> process_cpu(pid_t pid);
/// The same from the text of /proc/PID/stat, whose second field may hold spaces and parentheses.
std::optional<std::chrono::nanoseconds> parse_process_cpu(std::string_view stat);

/// Of the calling thread, so far.
SchedStat thread_sched();

/// The number behind `name` in text of lines such as `RssAnon:   123 kB`, in bytes if it is in kB.
std::optional<std::uint64_t> parse_field(std::string_view text, std::string_view name) noexcept;
/// Pages of socket buffers from the text of /proc/net/sockstat: `mem` of the line `TCP:`.
std::optional<std::uint64_t> parse_tcp_pages(std::string_view sockstat) noexcept;

/// Memory of one process, in bytes.
struct ProcessMemory {
    std::uint64_t anonymous = 0;     ///< RssAnon: what it has allocated and touched
    std::uint64_t resident = 0;      ///< VmRSS: with its code and what it shares
    std::uint64_t proportional = 0;  ///< Pss of smaps_rollup; 0 if that cannot be read
};
std::optional<ProcessMemory> process_memory(pid_t pid);

/// Memory of the machine's kernel, in bytes.
struct KernelMemory {
    std::uint64_t slab = 0;         ///< objects: sockets, files, epoll entries
    std::uint64_t tcp_buffers = 0;  ///< pages of what is under way or unread
};
KernelMemory kernel_memory();

}  // namespace parley::load
