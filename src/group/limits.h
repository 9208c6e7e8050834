// Limits of groups, each with its derivation.
#pragma once

#include <cstddef>

namespace parley::group {

/// Voice of one group and turn that leaves as one send: as much as a connection sends of what has
/// queued up (net/limits.h), for the same reason. 40 frames of a radio. Beyond: it leaves as two.
constexpr std::size_t gathered_bytes_max = std::size_t{8} << 10;

}  // namespace parley::group
