#include "http/request_head.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "http/limits.h"

namespace parley::http {
namespace {

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

constexpr bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// What stands behind `scheme://` of an absolute URI; nothing if this is none.
std::optional<std::string_view> behind_scheme(std::string_view target) noexcept {
    const std::size_t colon = target.find("://");
    if (colon == std::string_view::npos || colon == 0 || !is_letter(target.front())) return {};
    const bool is_scheme = std::all_of(target.begin(), target.begin() + colon, [](char c) {
        return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
    });
    if (!is_scheme) return {};
    return target.substr(colon + 3);
}

/// uri-host [":" port], by its characters only (RFC 3986 section 3.2.2). May be empty.
bool is_host(std::string_view value) noexcept {
    return std::all_of(value.begin(), value.end(), [](char c) {
        return is_letter(c) || is_digit(c) ||
               std::string_view{"-._~%!$&'()*+,;=:[]"}.find(c) != std::string_view::npos;
    });
}

}  // namespace

std::optional<std::string_view> RequestHead::Values::next() noexcept {
    while (field_index_ < head_.fields_.size()) {
        const Field& field = head_.fields_[field_index_++];
        if (equals_ignoring_case(head_.text(field.name), name_)) return head_.text(field.value);
    }
    return {};
}

std::optional<std::string_view> RequestHead::List::next() noexcept {
    while (true) {
        const std::string_view element = take_list_element(rest_);
        if (!element.empty()) return element;
        const auto value = fields_.next();
        if (!value) return {};
        rest_ = *value;
    }
}

std::string_view RequestHead::path() const noexcept {
    if (target().empty() || target().front() == '/') return target();
    const auto rest = behind_scheme(target());
    if (!rest) return target();
    const std::size_t end_of_host = rest->find_first_of("/?#");
    if (end_of_host == std::string_view::npos || (*rest)[end_of_host] != '/') return "/";
    return rest->substr(end_of_host);
}

std::optional<std::string_view> RequestHead::find(std::string_view name) const noexcept {
    for (const Field& field : fields_) {
        if (equals_ignoring_case(text(field.name), name)) return text(field.value);
    }
    return {};
}

std::size_t RequestHead::count(std::string_view name) const noexcept {
    return static_cast<std::size_t>(std::count_if(
        fields_.begin(), fields_.end(),
        [&](const Field& field) { return equals_ignoring_case(text(field.name), name); }));
}

bool RequestHead::lists(std::string_view name, std::string_view element) const noexcept {
    List elements = list(name);
    while (const auto found = elements.next()) {
        if (equals_ignoring_case(*found, element)) return true;
    }
    return false;
}

bool RequestHead::wants_keep_alive() const noexcept {
    if (chunked_ || lists("Connection", "close")) return false;
    return minor_version_ == 1 || lists("Connection", "keep-alive");
}

HeadParser::Progress HeadParser::feed(std::span<const std::byte> input) noexcept {
    std::size_t consumed = 0;
    while (stage_ != Stage::done && stage_ != Stage::failed && consumed < input.size()) {
        const auto rest = input.subspan(consumed);
        const void* found = std::memchr(rest.data(), '\n', rest.size());
        const std::size_t wanted =
            found == nullptr
                ? rest.size()
                : static_cast<std::size_t>(static_cast<const std::byte*>(found) - rest.data()) + 1;
        const std::size_t taken = std::min(wanted, head_bytes_max - head_.bytes_.size());
        head_.bytes_.append(reinterpret_cast<const char*>(rest.data()), taken);
        consumed += taken;

        const std::size_t line_bytes = head_.bytes_.size() - line_begin_;
        if (stage_ <= Stage::request_line && line_bytes > request_line_bytes_max) {
            fail(414, "The request line is too long: ask for a shorter path.\n");
        } else if (taken < wanted) {
            fail(431, "The request head is too big: send at most 8 KiB of headers.\n");
        } else if (found != nullptr) {
            on_line();
        }
    }
    if (stage_ == Stage::done) return {Status::done, consumed};
    if (stage_ == Stage::failed) return {Status::failed, consumed};
    return {Status::need_more, consumed};
}

const RequestHead& HeadParser::head() const noexcept {
    PARLEY_ASSERT(stage_ == Stage::done);
    return head_;
}

RequestHead HeadParser::take() noexcept {
    PARLEY_ASSERT(stage_ == Stage::done);
    HeadParser fresh;
    std::swap(*this, fresh);
    return std::move(fresh.head_);
}

const Failure& HeadParser::failure() const noexcept {
    PARLEY_ASSERT(stage_ == Stage::failed);
    return failure_;
}

/// The line that was just completed, with its line end.
std::string_view HeadParser::line() const noexcept {
    return std::string_view{head_.bytes_}.substr(line_begin_);
}

void HeadParser::on_line() noexcept {
    std::string_view line = this->line();
    line_begin_ = head_.bytes_.size();
    if (line.size() < 2 || line[line.size() - 2] != '\r') {
        fail(400, "A line ends in a bare LF: end every line in CR LF.\n");
        return;
    }
    line.remove_suffix(2);
    if (stage_ == Stage::headers) return line.empty() ? on_end() : on_field(line);
    // One empty line before the request is forgiven (RFC 9112 section 2.2).
    if (stage_ == Stage::leading_line && line.empty()) {
        stage_ = Stage::request_line;
        return;
    }
    on_request_line(line);
}

void HeadParser::on_request_line(std::string_view line) noexcept {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
        fail(400, "The request line is malformed: send METHOD SP target SP HTTP/1.1.\n");
        return;
    }
    const std::string_view method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    if (!is_token(method)) {
        fail(400, "The method has characters no method may have: send GET or HEAD.\n");
        return;
    }
    if (!on_version(line.substr(last + 1)) || !on_target(method, target)) return;
    head_.method_ = part(method);
    head_.target_ = part(target);
    stage_ = Stage::headers;
}

bool HeadParser::on_version(std::string_view version) noexcept {
    if (version.substr(0, 5) != "HTTP/") {
        return fail(400, "The request line does not end in a version: send HTTP/1.1.\n");
    }
    version.remove_prefix(5);
    const bool is_version_1 =
        version.size() == 3 && version.substr(0, 2) == "1." && is_digit(version[2]);
    if (!is_version_1) return fail(505, "This server speaks HTTP/1.1: send HTTP/1.1.\n");
    head_.minor_version_ = version[2] == '0' ? 0 : 1;
    return true;
}

bool HeadParser::on_target(std::string_view method, std::string_view target) noexcept {
    if (target.size() > target_bytes_max) {
        return fail(414, "The request target is too long: ask for at most 4 KiB.\n");
    }
    const bool has_form =
        is_visible(target) && (target.front() == '/' || behind_scheme(target).has_value() ||
                               (method == "OPTIONS" && target == "*") || method == "CONNECT");
    if (has_form) return true;
    return fail(400, "The request target is malformed: send a path that starts with '/'.\n");
}

void HeadParser::on_field(std::string_view line) noexcept {
    if (line.front() == ' ' || line.front() == '\t') {
        fail(400, "A header is folded over two lines: send it on one.\n");
        return;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
        fail(400, "A header has no proper name: send 'Name: value', no blank before the colon.\n");
        return;
    }
    const std::string_view value = trim_blanks(line.substr(colon + 1));
    if (!is_field_value(value)) {
        fail(400, "A header value has a control character: remove it.\n");
        return;
    }
    if (head_.fields_.size() == headers_max) {
        fail(431, "The request has too many headers: send at most 64.\n");
        return;
    }
    head_.fields_.push_back({part(line.substr(0, colon)), part(value)});
}

void HeadParser::on_end() noexcept {
    if (check_host() && check_body()) stage_ = Stage::done;
}

bool HeadParser::check_host() noexcept {
    const std::size_t count = head_.count("Host");
    if (count > 1) return fail(400, "The Host header is repeated: send it once.\n");
    if (count == 0) {
        if (head_.minor_version_ == 0) return true;
        return fail(400, "The Host header is missing: send the name you connected to.\n");
    }
    if (is_host(head_.find("Host").value_or(""))) return true;
    return fail(400, "The Host header is malformed: send a host and optionally ':' and a port.\n");
}

bool HeadParser::check_body() noexcept {
    const std::size_t lengths = head_.count("Content-Length");
    const bool has_coding = head_.count("Transfer-Encoding") > 0;
    if (lengths > 1) return fail(400, "The Content-Length header is repeated: send it once.\n");
    if (lengths == 1 && has_coding) {
        return fail(400, "Content-Length and Transfer-Encoding exclude each other: send one.\n");
    }
    if (lengths == 1) return check_content_length(head_.find("Content-Length").value_or(""));
    if (!has_coding) return true;
    if (head_.minor_version_ == 0) {
        return fail(400, "HTTP/1.0 has no Transfer-Encoding: send Content-Length.\n");
    }
    // Any other coding would leave it open where the body ends.
    RequestHead::List codings = head_.list("Transfer-Encoding");
    const auto coding = codings.next();
    if (!coding || !equals_ignoring_case(*coding, "chunked") || codings.next()) {
        return fail(501, "This Transfer-Encoding is unknown here: send chunked alone.\n");
    }
    head_.chunked_ = true;
    return true;
}

bool HeadParser::check_content_length(std::string_view value) noexcept {
    if (value.empty() || !std::all_of(value.begin(), value.end(), is_digit)) {
        return fail(400, "The Content-Length header is not a number: send digits only.\n");
    }
    std::size_t length = 0;
    for (const char digit : value) {  // stays below 10 * body_bytes_max + 10
        length = length * 10 + static_cast<std::size_t>(digit - '0');
        if (length > body_bytes_max) {
            return fail(413, "The body is too big: send at most 64 KiB.\n");
        }
    }
    head_.content_length_ = static_cast<std::uint32_t>(length);
    return true;
}

/// Ends the parse; gives false, so that a check can end with it.
bool HeadParser::fail(std::uint16_t status, std::string_view text) noexcept {
    failure_ = {status, text};
    stage_ = Stage::failed;
    head_ = RequestHead{};
    return false;
}

HeadParser::Part HeadParser::part(std::string_view text) const noexcept {
    return {static_cast<std::uint16_t>(text.data() - head_.bytes_.data()),
            static_cast<std::uint16_t>(text.size())};
}

}  // namespace parley::http
