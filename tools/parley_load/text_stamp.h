// A stamp for texts, in letters that JSON and MessagePack carry as they are:
//
//   ~pl TALKER SEQUENCE DUE CHECKSUM filler~        hexadecimal, 8 8 16 8 digits
//
// A server may wrap a text in JSON, as VoicePing's do; the stamp is found within whatever comes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "parley_load/stamp.h"

namespace parley::load {

/// The fewest bytes of a stamped text.
constexpr std::size_t text_stamp_bytes_min = 49;

/// A text of `size` bytes. Requires size >= text_stamp_bytes_min.
std::string stamped_text(const Stamp& stamp, std::size_t size);

/// The stamp in `payload`; nothing if there is none, or any letter of it is not as it was sent.
std::optional<Stamp> read_text_stamp(std::string_view payload) noexcept;

}  // namespace parley::load
