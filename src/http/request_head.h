// http::HeadParser: reads the head of one HTTP/1.1 request, in pieces of any size.
//
//                    CRLF           empty line
//   request line ──────────▶ headers ──────────▶ done ──▶ take() ──▶ request line
//        └──────── failed ◀─────┘
//
// Each byte is looked at once, however small the pieces. Bodies, chunked coding and what a
// request means are not its business; the bytes behind the head stay with the caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/fields.h"

namespace parley::http {

/// A request line and its headers, already checked against RFC 9112. Every view it gives lives
/// as long as the head and is not moved from.
class RequestHead final {
public:
    /// The values of all fields of one name, as they stand: for lists whose elements may have
    /// quoted commas, which List knows nothing of.
    class Values final {
    public:
        Values(const RequestHead& head, std::string_view name) noexcept
            : head_(head), name_(name) {}
        /// The next value, which may be empty; nothing when all were given.
        std::optional<std::string_view> next() noexcept;

    private:
        const RequestHead& head_;
        std::string_view name_;
        std::size_t field_index_ = 0;
    };

    /// The values of one list header, over all fields of that name: `a, b` and `c` are three.
    class List final {
    public:
        List(const RequestHead& head, std::string_view name) noexcept : fields_(head, name) {}
        /// The next element, never empty; nothing when all were given.
        std::optional<std::string_view> next() noexcept;

    private:
        Values fields_;
        std::string_view rest_;
    };

    std::string_view method() const noexcept { return text(method_); }
    /// As the client sent it: origin-form, absolute-form, or `*` of an OPTIONS.
    std::string_view target() const noexcept { return text(target_); }
    /// What the target asks for on this host: the origin-form of an absolute-form (`/` if that
    /// has no path), else the target itself.
    std::string_view path() const noexcept;
    /// 0 or 1. A higher minor version is read as 1 (RFC 9110 section 2.5).
    int minor_version() const noexcept { return minor_version_; }

    /// The value of the first field of that name, whatever its case; may be empty.
    std::optional<std::string_view> find(std::string_view name) const noexcept;
    std::size_t count(std::string_view name) const noexcept;
    List list(std::string_view name) const noexcept { return {*this, name}; }
    Values values(std::string_view name) const noexcept { return {*this, name}; }
    /// True if the list header `name` has `element`, without regard to case.
    bool lists(std::string_view name, std::string_view element) const noexcept;

    /// Bytes of body behind the head, at most body_bytes_max: skip them before the next request.
    std::size_t content_length() const noexcept { return content_length_; }
    /// The body is chunked and nothing here decodes it: answer, then close the connection.
    bool is_chunked() const noexcept { return chunked_; }
    /// False if the connection must be closed behind the answer.
    bool wants_keep_alive() const noexcept;

private:
    friend class HeadParser;

    struct Part {
        std::uint16_t begin = 0;
        std::uint16_t size = 0;
    };
    struct Field {
        Part name;
        Part value;
    };

    std::string_view text(Part part) const noexcept {
        return std::string_view{bytes_}.substr(part.begin, part.size);
    }

    std::string bytes_;  ///< the head as received, at most head_bytes_max
    std::vector<Field> fields_;
    Part method_;
    Part target_;
    std::uint32_t content_length_ = 0;
    std::uint8_t minor_version_ = 0;
    bool chunked_ = false;
};

/// What to answer to a request that is none, and a text that tells its author what to do.
struct Failure {
    std::uint16_t status = 0;
    std::string_view text;
};

class HeadParser final {
public:
    enum class Status : std::uint8_t { need_more, done, failed };
    struct Progress {
        Status status;
        std::size_t consumed;  ///< bytes taken off the front of what was fed
    };

    /// Reads on. Consumes everything while more is needed; up to the end of the head when done;
    /// nothing once done (until take()) or failed (for good: answer failure() and close).
    /// Holds at most head_bytes_max, whatever is fed. Time: linear in the bytes fed.
    Progress feed(std::span<const std::byte> input) noexcept;

    /// The head. Requires that feed() said done.
    const RequestHead& head() const noexcept;
    /// Hands the head over and starts again, holding nothing. Requires that feed() said done.
    RequestHead take() noexcept;
    /// Requires that feed() said failed.
    const Failure& failure() const noexcept;

private:
    enum class Stage : std::uint8_t { leading_line, request_line, headers, done, failed };
    using Part = RequestHead::Part;

    std::string_view line() const noexcept;
    void on_line() noexcept;
    void on_request_line(std::string_view line) noexcept;
    bool on_version(std::string_view version) noexcept;
    bool on_target(std::string_view method, std::string_view target) noexcept;
    void on_field(std::string_view line) noexcept;
    void on_end() noexcept;
    bool check_host() noexcept;
    bool check_body() noexcept;
    bool check_content_length(std::string_view value) noexcept;
    bool fail(std::uint16_t status, std::string_view text) noexcept;
    Part part(std::string_view text) const noexcept;

    RequestHead head_;
    std::size_t line_begin_ = 0;
    Stage stage_ = Stage::leading_line;
    Failure failure_;
};

}  // namespace parley::http
