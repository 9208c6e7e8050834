// Cores: where the generator's threads run, so that they do not take the server's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace parley::load {

using Cores = std::vector<unsigned>;

/// `0-3,6` as `taskset -c` takes it; nothing if it is no such list.
std::optional<Cores> parse_cores(std::string_view text);

/// The cores this process may use.
Cores own_cores();

/// The cores to which any thread of `pid` is pinned, that is, may use some but not all of the
/// machine's. Empty if none is.
Cores pinned_cores(pid_t pid);

/// `from` without `taken`.
Cores without(const Cores& from, const Cores& taken);

/// Where to run: `wished`; else beside a pinned server; else anywhere, said with an empty list.
Cores choose_cores(const Cores& wished, const Cores& own, const Cores& pinned_server);

/// Keeps the calling thread on `cores`. False if the kernel refuses.
bool run_on(const Cores& cores) noexcept;

}  // namespace parley::load
