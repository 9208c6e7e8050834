// Keyed hashing of names that strangers choose.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace parley {

/// The secret of one process's hashes. Drawn once at start, so that nobody outside can choose
/// names that collide; a simulation fixes it, so that a run can be repeated.
struct HashKey {
    std::array<unsigned char, 16> bytes{};

    /// A fresh secret from the system. Threads: any, once libsodium is initialised (which this
    /// does).
    static HashKey random() noexcept;
};

/// SipHash-2-4 of `text` under `key`, with 1 for 0: that number stands for nobody, and tables mark
/// free places with it. The same on every shard of a process, so it also says where a user or a
/// group lives.
std::uint64_t keyed_hash(std::string_view text, const HashKey& key) noexcept;

}  // namespace parley
