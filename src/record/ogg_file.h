// record ogg files: what an Ogg Opus file of ours says about itself, and how one that was cut off
// is made whole. Pure: works on bytes.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "record/file_name.h"
#include "record/ogg_opus.h"

namespace parley::record {

/// What a recording of this talk says about itself, for players and for us.
OggOpus::Tags tags_of(const Talk& talk);

struct OggFile {
    Talk talk;
    std::chrono::milliseconds length{0};
    std::size_t whole_bytes = 0;  ///< up to the end of the last whole page
    std::size_t last_page = 0;    ///< where that begins
    bool ends = false;            ///< it says that it is the last
};

/// Reads as far as pages follow each other whole. Nothing if there is not one with sound, or the
/// tags are not ours. Made for what a crash may leave.
std::optional<OggFile> examine(std::span<const std::byte> file);

/// Cuts off what is not whole, and has the last page say that it is the last.
void complete(const OggFile& about, std::vector<std::byte>& file);

/// The talk, from the beginning of a file; nothing if it is not ours or there is too little of it.
std::optional<Talk> talk_of(std::span<const std::byte> begin);

}  // namespace parley::record
