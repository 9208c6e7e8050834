// fields: the small grammar that HTTP header fields share (RFC 9110 section 5.6).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace parley::http {

/// True for one or more of the characters a method or a header name may have.
bool is_token(std::string_view text) noexcept;

/// True if a header value may have these bytes: no control character but the tab.
bool is_field_value(std::string_view text) noexcept;

/// True for one or more visible ASCII characters: no blank, no control, nothing above 0x7e.
bool is_visible(std::string_view text) noexcept;

/// Compares ASCII letters without regard to case, everything else as bytes.
bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// The text without the blanks and tabs around it.
std::string_view trim_blanks(std::string_view text) noexcept;

/// Takes the next element off the front of a comma-separated list, without the blanks around
/// it; skips empty elements. Empty when the list is used up. Linear over the whole list.
std::string_view take_list_element(std::string_view& list) noexcept;

/// A path as it was meant: `%2f` is `/`. What is no such escape stays as it is.
std::string decode_percent(std::string_view text);

}  // namespace parley::http
