// Pinning: which cores the shards run on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley {

/// Reads the kernel's cpulist syntax, `0-3,6` (also `0-7:2/4`, two of each four): the cores in the
/// order they are written, without repeats. On bad input returns an empty list and puts a line
/// into `error` that says what is wrong.
std::vector<int> parse_cpulist(std::string_view text, std::string& error);

/// Cores that this process may run on, ascending.
std::vector<int> allowed_cores();

/// Binds the calling thread to one core. False if the core does not exist or is not allowed.
bool pin_this_thread(int core) noexcept;

/// Names the calling thread for ps and perf; at most 15 characters are kept.
void name_this_thread(const std::string& name) noexcept;

}  // namespace parley
