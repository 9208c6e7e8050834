// allocations: what the heap was asked for. A program that links it has operator new replaced.
//
// Each thread counts for itself, from its beginning on.
#pragma once

#include <cstdint>

namespace parley::test {

/// Calls of operator new.
std::uint64_t allocations() noexcept;
/// The bytes that these asked for.
std::uint64_t allocated_bytes() noexcept;
/// Calls of operator delete, null pointers left out.
std::uint64_t frees() noexcept;

}  // namespace parley::test
