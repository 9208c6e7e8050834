// json: the JSON inside texts that clients send, reduced to what a reader is shown.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace parley::wire {

/// The member `text` of a JSON object, written as JSON.stringify() would write it after parsing.
/// Nothing if `text` is not JSON, not an object, has no such member, is nested deeper than
/// depth_max, holds numbers or lone surrogates that only JavaScript accepts, or the member holds an
/// object of more than map_keys_max keys.
std::optional<std::string> json_text_member(std::string_view text);

}  // namespace parley::wire
