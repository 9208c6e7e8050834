// Envelope: how a record begins in a lane. Known to shard/ only.
#pragma once

#include <cstddef>

namespace parley {

/// A record that is too large for its lane lies in a block of its own, which whoever takes the
/// record out deletes.
struct Envelope {
    std::byte* block;  ///< null if the record follows
    std::size_t block_bytes;
};
static_assert(sizeof(Envelope) == 16);

}  // namespace parley
