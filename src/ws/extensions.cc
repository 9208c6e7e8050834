#include "ws/extensions.h"

#include <algorithm>
#include <array>

#include "http/fields.h"

namespace parley::ws {
namespace {

constexpr std::string_view extension_name = "permessage-deflate";
// RFC 7692 section 7.1.2: windows of 2^8 to 2^15.
constexpr std::uint8_t offered_bits_min = 8;

constexpr bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t';
}

/// The value of a parameter without its quotes. No known one is longer than two characters, so of a
/// longer one only that is kept.
class Value {
public:
    void add(char c) noexcept {
        if (size_ < text_.size()) text_[size_++] = c;
    }
    std::string_view text() const noexcept { return {text_.data(), size_}; }

private:
    std::array<char, 3> text_{};
    std::size_t size_ = 0;
};

struct Parameter {
    std::string_view name;
    std::optional<Value> value;
};

/// Reads the grammar of a list of extensions, from left to right.
class Cursor {
public:
    explicit Cursor(std::string_view text) noexcept : rest_(text) {}

    bool at_end() const noexcept { return rest_.empty(); }
    void skip_blanks() noexcept {
        while (!rest_.empty() && is_blank(rest_.front()))
            rest_.remove_prefix(1);
    }
    bool take(char wanted) noexcept {
        if (rest_.empty() || rest_.front() != wanted) return false;
        rest_.remove_prefix(1);
        return true;
    }
    /// Empty if none stands here.
    std::string_view take_token() noexcept {
        std::size_t size = 0;
        while (size < rest_.size() && http::is_token(rest_.substr(size, 1)))
            ++size;
        const std::string_view token = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return token;
    }
    /// A token, or a quoted string; nothing if there is neither.
    std::optional<Value> take_value() noexcept {
        Value value;
        if (take('"')) {
            if (!take_quoted(&value)) return {};
            return value;
        }
        const std::string_view token = take_token();
        if (token.empty()) return {};
        for (const char c : token)
            value.add(c);
        return value;
    }
    /// To behind the next comma that is not quoted.
    void skip_offer() noexcept {
        while (!rest_.empty() && !take(',')) {
            if (take('"')) {
                take_quoted(nullptr);
            } else {
                rest_.remove_prefix(1);
            }
        }
    }

private:
    /// To behind the closing quote; false if there is none.
    bool take_quoted(Value* value) noexcept {
        while (!rest_.empty() && !take('"')) {
            take('\\');
            if (rest_.empty()) return false;
            if (value != nullptr) value->add(rest_.front());
            rest_.remove_prefix(1);
            if (rest_.empty()) return false;
        }
        return true;
    }

    std::string_view rest_;
};

/// 8 to 15 as RFC 7692 writes them, without a leading zero; 0 for anything else.
std::uint8_t bits_of(const Value& value) noexcept {
    const std::string_view text = value.text();
    unsigned bits = 0;
    if (text.empty() || text.size() > 2 || text.front() == '0') return 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return 0;
        bits = bits * 10 + static_cast<unsigned>(c - '0');
    }
    const bool is_window = bits >= offered_bits_min && bits <= window_bits_max;
    return is_window ? static_cast<std::uint8_t>(bits) : std::uint8_t{0};
}

/// One offer of permessage-deflate, as far as it was read.
class Offer {
public:
    /// False if the parameter cannot be accepted: unknown, there already, or its value is wrong.
    bool add(const Parameter& parameter) noexcept {
        if (is(parameter, "server_no_context_takeover")) return set(no_send_, parameter);
        if (is(parameter, "client_no_context_takeover")) return set(no_receive_, parameter);
        if (is(parameter, "server_max_window_bits")) {
            if (send_bits_ != 0 || !parameter.value) return false;
            send_bits_ = bits_of(*parameter.value);
            return send_bits_ >= window_bits_min;
        }
        if (is(parameter, "client_max_window_bits")) {
            if (receive_bits_ != 0) return false;
            receive_bits_ = parameter.value ? bits_of(*parameter.value) : window_bits_max;
            return receive_bits_ != 0;
        }
        return false;
    }

    DeflateTerms accept(Deflate policy) const noexcept {
        const bool keeps = policy == Deflate::takeover;
        DeflateTerms terms;
        terms.send_takeover = keeps && !no_send_;
        terms.receive_takeover = keeps && !no_receive_;
        if (send_bits_ != 0) terms.send_window_bits = send_bits_;
        terms.names_send_window = send_bits_ != 0;
        if (terms.send_takeover && terms.send_window_bits > takeover_window_bits) {
            terms.send_window_bits = takeover_window_bits;
            terms.names_send_window = true;
        }
        // Only what is kept needs a bound: a window that all share can have any size.
        if (terms.receive_takeover && receive_bits_ != 0) {
            terms.receive_window_bits = std::min(receive_bits_, takeover_window_bits);
            terms.names_receive_window = true;
        }
        return terms;
    }

private:
    static bool is(const Parameter& parameter, std::string_view name) noexcept {
        return http::equals_ignoring_case(parameter.name, name);
    }
    static bool set(bool& flag, const Parameter& parameter) noexcept {
        if (flag || parameter.value) return false;
        return flag = true;
    }

    bool no_send_ = false;
    bool no_receive_ = false;
    std::uint8_t send_bits_ = 0;  // 0: not named
    std::uint8_t receive_bits_ = 0;
};

/// The parameter behind a semicolon; nothing if it is malformed.
std::optional<Parameter> take_parameter(Cursor& cursor) noexcept {
    cursor.skip_blanks();
    Parameter parameter{.name = cursor.take_token()};
    if (parameter.name.empty()) return {};
    cursor.skip_blanks();
    if (!cursor.take('=')) return parameter;
    cursor.skip_blanks();
    parameter.value = cursor.take_value();
    if (!parameter.value) return {};
    cursor.skip_blanks();
    return parameter;
}

/// Reads one offer up to the comma behind it or the end. Where it says no, the cursor may stand
/// anywhere before that.
std::optional<Offer> take_offer(Cursor& cursor) noexcept {
    cursor.skip_blanks();
    if (!http::equals_ignoring_case(cursor.take_token(), extension_name)) return {};
    Offer offer;
    cursor.skip_blanks();
    while (cursor.take(';')) {
        const std::optional<Parameter> parameter = take_parameter(cursor);
        if (!parameter || !offer.add(*parameter)) return {};
    }
    if (!cursor.at_end() && !cursor.take(',')) return {};
    return offer;
}

}  // namespace

std::optional<DeflateTerms> accept_offer(std::string_view value, Deflate policy) noexcept {
    if (policy == Deflate::off) return {};
    Cursor cursor{value};
    while (!cursor.at_end()) {
        if (const std::optional<Offer> offer = take_offer(cursor)) return offer->accept(policy);
        cursor.skip_offer();
    }
    return {};
}

std::optional<DeflateTerms> negotiate_deflate(const http::RequestHead& head,
                                              Deflate policy) noexcept {
    http::RequestHead::Values values = head.values("Sec-WebSocket-Extensions");
    while (const auto value = values.next()) {
        if (const auto terms = accept_offer(*value, policy)) return terms;
    }
    return {};
}

std::string extension_answer(const DeflateTerms& terms) {
    std::string answer{extension_name};
    if (!terms.send_takeover) answer += "; server_no_context_takeover";
    if (!terms.receive_takeover) answer += "; client_no_context_takeover";
    if (terms.names_send_window) {
        answer += "; server_max_window_bits=" + std::to_string(terms.send_window_bits);
    }
    if (terms.names_receive_window) {
        answer += "; client_max_window_bits=" + std::to_string(terms.receive_window_bits);
    }
    return answer;
}

}  // namespace parley::ws
