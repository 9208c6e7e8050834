// text: MessagePack values as JavaScript turns them into text and into JSON.
#include <array>
#include <chrono>
#include <cstdio>
#include <msgpack.hpp>

#include "wire/item.h"
#include "wire/number.h"
#include "wire/utf8.h"
#include "wire/value.h"

namespace parley::wire {

namespace {

// A date as in JSON. Nothing for what is no date, and for years that need more than four digits.
std::string date_text(Bytes milliseconds) {
    std::uint64_t bits = 0;
    for (std::byte byte : milliseconds)
        bits = bits << 8 | std::to_integer<std::uint64_t>(byte);
    constexpr std::int64_t year_0 = -62167219200000;
    constexpr std::int64_t year_10000 = 253402300800000;
    const auto count = static_cast<std::int64_t>(bits);
    if (count < year_0 || count >= year_10000) return {};

    using namespace std::chrono;
    const sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds{count}};
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{time - day};
    std::array<char, 32> text;
    const int size = std::snprintf(
        text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int{date.year()},
        unsigned{date.month()}, unsigned{date.day()}, static_cast<int>(clock.hours().count()),
        static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
        static_cast<int>(clock.subseconds().count()));
    return {text.data(), static_cast<std::size_t>(size)};
}

// `data` starts with the type; of a canonical value's extensions only dates have eight bytes.
bool is_date_body(Bytes data) noexcept {
    return data.size() == 9;
}

struct TextVisitor : msgpack::null_visitor {
    explicit TextVisitor(std::string& output) : out(output) {}

    bool visit_nil() { return put(elements.empty() ? "null" : ""); }
    bool visit_boolean(bool truth) { return put(truth ? "true" : "false"); }
    bool visit_positive_integer(std::uint64_t value) { return number(static_cast<double>(value)); }
    bool visit_negative_integer(std::int64_t value) { return number(static_cast<double>(value)); }
    bool visit_float32(float value) { return number(value); }
    bool visit_float64(double value) { return number(value); }
    bool visit_str(const char* data, std::uint32_t size) { return repaired({data, size}); }
    bool visit_bin(const char* data, std::uint32_t size) { return repaired({data, size}); }
    bool visit_ext(const char* data, std::uint32_t size) {
        const Bytes bytes = as_bytes({data, size});
        if (!is_date_body(bytes)) return put(elements.empty() ? "undefined" : "");
        const std::string date = date_text(bytes.subspan(1));
        return put(date.empty() ? "Invalid Date" : date);
    }
    bool start_array(std::uint32_t) {
        elements.push_back(0);
        return true;
    }
    bool start_array_item() { return elements.back()++ == 0 || put(","); }
    bool end_array() {
        elements.pop_back();
        return true;
    }
    bool start_map(std::uint32_t) {
        put("[object Object]");
        ++maps;
        return true;
    }
    bool end_map() {
        --maps;
        return true;
    }

    // What a map holds is not shown.
    bool put(std::string_view text) {
        if (maps == 0) out.append(text);
        return true;
    }
    bool number(double value) {
        NumberText buffer;
        return put(print_number(value, buffer));
    }
    bool repaired(std::string_view text) {
        if (maps == 0) append_repaired(text, out);
        return true;
    }

    std::string& out;
    std::vector<std::size_t> elements;  // of each open array, so far
    std::size_t maps = 0;               // open ones
};

// No writer of a JSON library is used: numbers and text have to be written here in any case (1e+21,
// lower-case escapes), and RapidJSON 1.1 computes with null pointers, which sanitizers stop at.
struct JsonVisitor : msgpack::null_visitor {
    explicit JsonVisitor(std::string& output) : out(output) {}

    bool visit_nil() { return put("null"); }
    bool visit_boolean(bool truth) { return put(truth ? "true" : "false"); }
    bool visit_positive_integer(std::uint64_t value) { return number(static_cast<double>(value)); }
    bool visit_negative_integer(std::int64_t value) { return number(static_cast<double>(value)); }
    bool visit_float32(float value) { return number(value); }
    bool visit_float64(double value) { return number(value); }
    bool visit_str(const char* data, std::uint32_t size) {
        if (is_key) {
            key = {data, size};
            has_key = true;
            return true;
        }
        if (!begin()) return false;
        append_json_string({data, size}, out);
        return true;
    }
    bool visit_bin(const char* data, std::uint32_t size);
    bool visit_ext(const char* data, std::uint32_t size);
    bool start_array(std::uint32_t) { return open('['); }
    bool end_array() { return close(']'); }
    bool start_map(std::uint32_t) { return open('{'); }
    bool start_map_key() { return is_key = true; }
    bool end_map_key() {
        is_key = false;
        return true;
    }
    bool end_map() { return close('}'); }

    // What comes before a value. A key is written only now, as its value is known to have JSON.
    // Keys of a canonical map are str; anything else ends the walk.
    bool begin() {
        if (is_key) return false;
        if (!members.empty() && members.back()++ > 0) out += ',';
        if (has_key) {
            has_key = false;
            append_json_string(key, out);
            out += ':';
        }
        return true;
    }
    bool put(std::string_view json) {
        if (!begin()) return false;
        out += json;
        return true;
    }
    bool number(double value) {
        NumberText buffer;
        return put(print_number(value, buffer));
    }
    bool open(char bracket) {
        if (!begin()) return false;
        out += bracket;
        members.push_back(0);
        return true;
    }
    bool close(char bracket) {
        members.pop_back();
        out += bracket;
        return true;
    }

    std::string& out;
    std::vector<std::size_t> members;  // written so far, of each open array and object
    std::string_view key;
    bool has_key = false;
    bool is_key = false;
};

bool JsonVisitor::visit_bin(const char* data, std::uint32_t size) {
    if (!put(R"({"type":"Buffer","data":[)")) return false;
    std::string_view comma;
    for (std::byte byte : as_bytes({data, size})) {
        out += comma;
        append_number(std::to_integer<int>(byte), out);
        comma = ",";
    }
    out += "]}";
    return true;
}

bool JsonVisitor::visit_ext(const char* data, std::uint32_t size) {
    const Bytes bytes = as_bytes({data, size});
    if (is_date_body(bytes)) {
        const std::string date = date_text(bytes.subspan(1));
        return put(date.empty() ? "null" : '"' + date + '"');
    }
    if (is_key) return false;
    if (has_key) {
        has_key = false;  // undefined: the member is left out
        return true;
    }
    return members.empty() || put("null");
}

constexpr std::string_view hex_digits = "0123456789abcdef";

void append_escaped(char c, std::string& out) {
    switch (c) {
        case '"':
            out += "\\\"";
            break;
        case '\\':
            out += "\\\\";
            break;
        case '\b':
            out += "\\b";
            break;
        case '\f':
            out += "\\f";
            break;
        case '\n':
            out += "\\n";
            break;
        case '\r':
            out += "\\r";
            break;
        case '\t':
            out += "\\t";
            break;
        default: {
            const auto code = static_cast<unsigned char>(c);
            out += "\\u00";
            out += hex_digits[code >> 4U];
            out += hex_digits[code & 0xfU];
        }
    }
}

}  // namespace

std::string text_of(std::span<const std::byte> value) {
    std::string text;
    TextVisitor visitor{text};
    std::size_t parsed = 0;
    msgpack::parse(chars(value), value.size(), parsed, visitor);
    return text;
}

std::string json_of(std::span<const std::byte> value) {
    std::string json;
    JsonVisitor visitor{json};
    std::size_t parsed = 0;
    msgpack::parse(chars(value), value.size(), parsed, visitor);
    return json;
}

void append_json_string(std::string_view text, std::string& out) {
    out += '"';
    for (char c : text) {
        const bool plain = c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20;
        if (plain) {
            out += c;
        } else {
            append_escaped(c, out);
        }
    }
    out += '"';
}

}  // namespace parley::wire
