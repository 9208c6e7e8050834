// parley::examine: whether this machine can run a server, and what would make it run better.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <parley/export.h>
#include <parley/options.h>

namespace parley {

enum class Verdict : std::uint8_t {
    pass,
    warn,  ///< a server runs, with less than it could have
    fail,  ///< no server can run
};

/// One thing that was looked at.
struct Finding {
    std::string what;  ///< a few words
    Verdict verdict{};
    std::string found;  ///< how it is here
    std::string cause;  ///< why that is not as it should be; empty for pass
    std::string fix;    ///< what to type or to set; empty for pass
};

/// Looks at the kernel, the limits of this process, the cores, the network and the files that a
/// server with these options would use. Changes nothing: what it opens, it closes.
/// Threads: any. Blocks: for some milliseconds. Errors: none; what cannot be read is a finding too.
PARLEY_PUBLIC std::vector<Finding> examine(const Options& options);

}  // namespace parley
