// record file locks: which of several recorders on one folder writes a file.
//
//   the recorder that makes X.part   ──▶ holds its lock until it has ended
//   one that looks for what is left  ──▶ gets no lock: leaves it alone, and looks again later
//
// Locks are advisory (flock) and belong to a descriptor: the kernel gives them back with the
// process, however that ends. On a file system without locks everybody gets them.
#pragma once

#include <cstdint>

namespace parley::record {

enum class Lock : std::uint8_t {
    exclusive,  ///< nobody else has one
    shared,     ///< nobody else has an exclusive one
};

/// Locks an open file until its descriptor is closed. False, at once, if others do not allow it.
bool try_lock(int file, Lock lock) noexcept;

/// Locks a file that was just made. False if somebody took it for left by a crash meanwhile, and
/// away. Blocks: while such a one looks at it.
bool lock_fresh(int file) noexcept;

/// Locks a file that was found. False, at once, if it is another's, or dealt with by another.
bool lock_found(int file) noexcept;

}  // namespace parley::record
