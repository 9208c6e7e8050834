// CPU time: what the server and the generator itself have used.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <sys/types.h>

namespace parley::load {

/// User and system time of a whole process so far, to the kernel's clock tick (10 ms). Nothing if
/// there is no such process.
std::optional<std::chrono::nanoseconds> process_cpu(pid_t pid);

/// The same from the text of /proc/PID/stat, whose second field may hold spaces and parentheses.
std::optional<std::chrono::nanoseconds> parse_process_cpu(std::string_view stat);

/// What the calling thread has used so far.
std::chrono::nanoseconds thread_cpu() noexcept;

}  // namespace parley::load
