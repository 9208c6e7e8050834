// Probe: what this machine's kernel refuses, in words an operator can act on.
#pragma once

#include <string>
#include <vector>

struct io_uring;  // NOLINT(readability-identifier-naming): the kernel library's

namespace parley::ring {

/// One line for an errno with which opening a ring failed: what was refused, and how to mend it.
std::string explain_refusal(int error_number);

/// Something of io_uring's that a ring uses.
struct Feature {
    std::string name;
    bool there = false;
    bool needed = true;  ///< without it no ring is opened; else it only costs
};
/// What the kernel says when a small ring is opened and closed again.
struct Probed {
    int error_number = 0;           ///< of io_uring_setup; 0 if it was not refused
    std::vector<Feature> features;  ///< empty if it was
};
Probed probe();

/// Names what `ring` cannot do of what we use; empty if nothing is missing.
std::string missing_operations(io_uring& ring);

}  // namespace parley::ring
