#include "http/reply.h"

namespace parley::http {

std::string format(const Reply& reply) {
    std::string bytes;
    bytes.reserve(160 + reply.content_type.size() + reply.body.size() + reply.more_fields.size());
    bytes += "HTTP/1.1 ";
    bytes += std::to_string(reply.status);
    bytes += ' ';
    bytes += reason_phrase(reply.status);
    bytes += "\r\nContent-Type: ";
    bytes += reply.content_type;
    bytes += "\r\nContent-Length: ";
    bytes += std::to_string(reply.content_length.value_or(reply.body.size()));
    bytes += reply.then == Reply::Then::close ? "\r\nConnection: close\r\n"
                                              : "\r\nConnection: keep-alive\r\n";
    if (reply.retry_after.count() > 0) {
        bytes += "Retry-After: ";
        bytes += std::to_string(reply.retry_after.count());
        bytes += "\r\n";
    }
    bytes += reply.more_fields;
    bytes += "\r\n";
    if (reply.body_is == Reply::Body::sent) bytes += reply.body;
    return bytes;
}

std::string_view reason_phrase(std::uint16_t status) noexcept {
    switch (status) {
        case 101:
            return "Switching Protocols";
        case 200:
            return "OK";
        case 206:
            return "Partial Content";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 416:
            return "Range Not Satisfiable";
        case 426:
            return "Upgrade Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 503:
            return "Service Unavailable";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return {};
    }
}

}  // namespace parley::http
