// errors: why a message was not understood. Callers count them; nobody is told.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace parley::wire {

/// Code of an Error in the wire domain.
enum class DecodeError : std::int32_t {
    truncated = 1,   ///< the bytes end inside a value, or there are none
    bad_format,      ///< the byte c1, which MessagePack does not use
    trailing_bytes,  ///< something follows the one value a message consists of
    too_deep,        ///< nested deeper than depth_max
    not_an_array,    ///< the message is another value than an array
    bad_channel,     ///< channelType is missing, no number, or neither 0 nor 1
    bad_type,        ///< messageType is missing or no number
    ignored_type,    ///< a messageType that clients do not send, or not on this channel
    bad_id,          ///< fromId or toId is an array, a map or a date
    id_too_long,     ///< fromId or toId has more than id_bytes_max bytes
    unencodable,     ///< holds a number beyond +-(2^53-1), an infinity or not-a-number
    too_large,       ///< a payload to be rebuilt has more than rebuilt_bytes_max bytes
    too_many_keys,   ///< a map of a payload to be rebuilt has more than map_keys_max
};
inline constexpr std::int32_t decode_error_count = 14;  ///< one more than the last code

constexpr Error error_of(DecodeError code) noexcept {
    return Error{Error::Domain::wire, static_cast<std::int32_t>(code)};
}

}  // namespace parley::wire
