// Poison: makes the use of memory that is nobody's at the moment visible.
#pragma once

#include <cstddef>

#include "sim/sanitizers.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) (static_cast<void>(address))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) (static_cast<void>(address))
#endif

namespace parley::sim {

constexpr std::byte poison{0xDB};

}  // namespace parley::sim
