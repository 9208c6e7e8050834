// Probe: what this machine's kernel refuses, in words an operator can act on.
#pragma once

#include <string>

struct io_uring;  // NOLINT(readability-identifier-naming): the kernel library's

namespace parley::ring {

/// One line for an errno with which opening a ring failed: what was refused, and how to mend it.
std::string explain_refusal(int error_number);

/// Names what `ring` cannot do of what we use; empty if nothing is missing.
std::string missing_operations(io_uring& ring);

}  // namespace parley::ring
