// allocations: how often the heap was asked. A program that links it has operator new replaced.
#pragma once

#include <cstdint>

namespace parley::test {

/// Calls of operator new by the calling thread so far.
std::uint64_t allocations() noexcept;

}  // namespace parley::test
