// http::Reply: the small answers this server gives to plain HTTP requests.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::http {

/// Describes one answer. The texts must live until format() returned and are not escaped: the
/// content type must not come from outside.
struct Reply {
    enum class Then : std::uint8_t { keep_alive, close };
    enum class Body : std::uint8_t { sent, omitted };  ///< omitted: the answer to a HEAD

    std::uint16_t status = 200;
    std::string_view content_type = "text/plain";
    std::string_view body = {};
    Body body_is = Body::sent;
    Then then = Then::keep_alive;
    std::chrono::seconds retry_after{0};  ///< 0: no Retry-After header
    /// Of a body that is sent behind what format() gives, or omitted; nothing: `body` is the body.
    std::optional<std::uint64_t> content_length = {};
    std::string_view more_fields = {};  ///< whole lines, with their ends
};

/// The bytes to send, head and body. A body that is omitted still counts in Content-Length.
std::string format(const Reply& reply);

/// The words of RFC 9110 for a status; empty for one this server never sends.
std::string_view reason_phrase(std::uint16_t status) noexcept;

}  // namespace parley::http
