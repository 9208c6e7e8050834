#include "ws/handshake.h"

#include <algorithm>
#include <array>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sodium.h>

#include "base/assert.h"
#include "http/fields.h"
#include "http/reply.h"

namespace parley::ws {
namespace {

Refuse bad_request(std::string_view reason) noexcept {
    return {.status = 400, .body = "Bad Request", .reason = reason};
}

/// Versions before 8 had other frames or another handshake. 8 differs from 13 in nothing we read.
/// RFC 6455 would have any other answered with 426 and the versions we speak; the conversations
/// recorded with existing clients have 400 without that header, so those win.
bool is_spoken(std::string_view version) noexcept {
    return version == "13" || version == "8";
}

/// What is wrong with an upgrade; empty if nothing is. That there is one Host in HTTP/1.1 was
/// judged with the head.
std::string_view fault(const http::RequestHead& head) noexcept {
    if (head.method() != "GET") return "the method is not GET";
    if (head.minor_version() < 1) return "the version is HTTP/1.0";
    if (head.count("Upgrade") != 1) return "not exactly one Upgrade";
    if (!http::equals_ignoring_case(head.find("Upgrade").value_or(""), "websocket")) {
        return "the upgrade is not to websocket";
    }
    if (!head.lists("Connection", "upgrade")) return "Connection does not list upgrade";
    if (head.count("Sec-WebSocket-Key") != 1) return "not exactly one Sec-WebSocket-Key";
    const std::string_view key = head.find("Sec-WebSocket-Key").value_or("");
    if (key.size() > key_bytes_max) return "the Sec-WebSocket-Key is too long";
    if (!http::is_visible(key)) return "the Sec-WebSocket-Key is empty or not plain text";
    if (head.count("Sec-WebSocket-Version") != 1) return "not exactly one Sec-WebSocket-Version";
    if (!is_spoken(head.find("Sec-WebSocket-Version").value_or(""))) {
        return "the Sec-WebSocket-Version is neither 13 nor 8";
    }
    // The bytes behind the head would be read as frames here, as a body by a proxy in between.
    if (head.content_length() > 0 || head.is_chunked()) return "the upgrade has a body";
    return {};
}

}  // namespace

bool wants_upgrade(const http::RequestHead& head) noexcept {
    return head.count("Upgrade") > 0;
}

Handshake examine(const http::RequestHead& head) {
    if (const std::string_view wrong = fault(head); !wrong.empty()) return bad_request(wrong);
    Accept accept;
    http::RequestHead::List offers = head.list("Sec-WebSocket-Protocol");
    while (const auto offer = offers.next()) {
        if (accept.subprotocols.size() == subprotocols_max) {
            return bad_request("too many subprotocols");
        }
        accept.subprotocols.emplace_back(*offer);
    }
    accept.key_answer = answer_key(head.find("Sec-WebSocket-Key").value_or(""));
    return accept;
}

std::string accept_reply(const Accept& accept, std::string_view subprotocol_to_echo) {
    std::string bytes =
        "HTTP/1.1 101 Switching Protocols\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Accept: ";
    bytes += accept.key_answer;
    bytes += "\r\n";
    if (!subprotocol_to_echo.empty()) {
        const auto& offered = accept.subprotocols;
        PARLEY_ASSERT(std::find(offered.begin(), offered.end(), subprotocol_to_echo) !=
                      offered.end());
        bytes += "Sec-WebSocket-Protocol: ";
        bytes += subprotocol_to_echo;
        bytes += "\r\n";
    }
    if (accept.deflate) {
        bytes += "Sec-WebSocket-Extensions: ";
        bytes += extension_answer(*accept.deflate);
        bytes += "\r\n";
    }
    bytes += "\r\n";
    return bytes;
}

std::string refuse_reply(const Refuse& refuse) {
    return http::format({.status = refuse.status,
                         .content_type = "text/html",
                         .body = refuse.body,
                         .then = http::Reply::Then::close});
}

std::string answer_key(std::string_view key) {
    std::string text{key};
    text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 section 1.3
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
    // SHA1() would look it up by its name each time, which takes longer than the digest.
    static const EVP_MD* const sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
    PARLEY_ASSERT(EVP_Digest(text.data(), text.size(), digest.data(), nullptr, sha1, nullptr) == 1);
    constexpr int variant = sodium_base64_VARIANT_ORIGINAL;
    std::array<char, sodium_base64_ENCODED_LEN(SHA_DIGEST_LENGTH, variant)> encoded;
    sodium_bin2base64(encoded.data(), encoded.size(), digest.data(), digest.size(), variant);
    return encoded.data();
}

}  // namespace parley::ws
