// record limits: how much is recorded at a time, and why no more.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace parley::record {

/// What one shard may hand to the recorder before that has taken it: 1,000 talkers say 17,000
/// packets of 200 bytes a second, so this is 1.2 s for a disk to stand still. Beyond: packets are
/// left out of their recordings and counted; they are heard all the same.
inline constexpr std::size_t lane_bytes = std::size_t{4} << 20;

/// Of one packet. Six frames of the largest size (RFC 6716 section 3.2.1) are 7,650 bytes. Larger
/// ones are left out.
inline constexpr std::size_t packet_bytes_max = std::size_t{8} << 10;

/// Talks recorded at the same time by a server: each has a descriptor and some 20 KiB. Beyond: they
/// are not recorded, and counted.
inline constexpr std::size_t open_max = 1024;

/// Of one recording: an hour at 128 kbit/s. What follows is left out.
inline constexpr std::uint64_t file_bytes_max = std::uint64_t{64} << 20;

/// How often the recorder looks what there is: it is never woken, so that a voice frame wakes
/// nobody.
inline constexpr Duration look_interval = std::chrono::milliseconds{20};

/// How often what was written is made to last, if it is to.
inline constexpr Duration sync_interval = std::chrono::seconds{1};
/// With more files than this one call syncs all of their file system.
inline constexpr std::size_t single_syncs_max = 16;

/// A talk of which nothing was heard for so long has ended, whoever forgot to say so: a burst may
/// be silent for seconds (Options::silence_max), and lasts 90 s.
inline constexpr Duration idle_max = std::chrono::minutes{2};

/// How often it is looked for what is too old or too much, and for what could not be completed.
inline constexpr Duration upkeep_interval = std::chrono::minutes{1};

/// Bytes of a file's name, as file systems have it, less the ending of one that is not complete.
inline constexpr std::size_t file_name_size_max = 240;

}  // namespace parley::record
