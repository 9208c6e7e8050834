// value: questions about MessagePack values, and the texts answers are made of.
//
// Not for audio: everything here may allocate. Values are those of a decoded Command: well-formed
// and canonical. Of anything else the part that can be read counts; nothing runs past its end.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace parley::wire {

/// As JavaScript decides in a condition: false are absent (empty), nil, false, 0, "" and
/// undefined.
bool truthy(std::span<const std::byte> value) noexcept;

void append_nil(std::vector<std::byte>& out);
void append_undefined(std::vector<std::byte>& out);
/// The shortest form; beyond +-(2^53-1) other ends may lose digits.
void append_int(std::int64_t value, std::vector<std::byte>& out);
/// `text` must be UTF-8.
void append_str(std::string_view text, std::vector<std::byte>& out);
void append_bin(std::span<const std::byte> bytes, std::vector<std::byte>& out);

/// Writes `text` as a value into `out`, for places without a vector. Returns the bytes written,
/// or 0 if they do not fit.
std::size_t encode_str(std::string_view text, std::span<std::byte> out) noexcept;

/// JavaScript's String(): numbers as it prints them, bytes read as UTF-8, lists joined by commas
/// with nothing for nil, "[object Object]", "null", "undefined". Two differences: dates are
/// written as in JSON, and an absent value is the empty text. Always UTF-8.
std::string text_of(std::span<const std::byte> value);

/// JSON.stringify() of the value: bytes are {"type":"Buffer","data":[..]}, members that are
/// undefined are left out. Empty for an absent value and for undefined, which have no JSON.
std::string json_of(std::span<const std::byte> value);

/// Appends `text`, which must be UTF-8, in quotes as JSON.stringify() does.
void append_json_string(std::string_view text, std::string& out);

/// What START_ACK carries. To a talker in a group always text: that of the payload, to one in a
/// direct talk the payload itself; "Acknowledged" in place of a falsy one.
void append_start_answer(Scope scope, std::span<const std::byte> payload,
                         std::vector<std::byte>& out);

/// What TEXT carries to its readers: `{"message_id":"<id>","text":<JSON>}` in a str. If the
/// payload as text is a JSON object with a member `text`, that member; otherwise the whole text,
/// so that nothing written is lost. An absent payload is the empty text.
void append_text_content(std::string_view message_id, std::span<const std::byte> payload,
                         std::vector<std::byte>& out);

/// What INTERACTIVE carries: as for TEXT, with the payload's JSON as the text.
void append_interactive_content(std::string_view message_id, std::span<const std::byte> payload,
                                std::vector<std::byte>& out);

/// What STOP carries to listeners: `{"duration":<ms>,"message_id":"<id>"}`, or null without one.
void append_talk_summary(std::optional<std::string_view> message_id,
                         std::chrono::milliseconds duration, std::vector<std::byte>& out);

}  // namespace parley::wire
