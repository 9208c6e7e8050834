// number: numbers as JavaScript prints them, so that ids and texts look as they always did.
#include "wire/number.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace parley::wire {

namespace {

constexpr std::uint64_t safe_natural_max = 9007199254740991U;  // 2^53-1

class Text {
public:
    explicit Text(NumberText& buffer) noexcept : buffer_(buffer) {}

    void put(char c) noexcept { buffer_[size_++] = c; }
    void put(std::string_view text) noexcept {
        std::copy(text.begin(), text.end(), buffer_.begin() + static_cast<std::ptrdiff_t>(size_));
        size_ += text.size();
    }
    void put(int count, char c) noexcept {
        for (int i = 0; i < count; ++i)
            put(c);
    }
    std::string_view view() const noexcept { return {buffer_.data(), size_}; }

private:
    NumberText& buffer_;
    std::size_t size_ = 0;
};

// The digits of a number and where its point is: 0.digits * 10^point.
struct Digits {
    NumberText text;
    int count = 0;
    int point = 0;

    std::string_view view() const noexcept {
        return {text.data(), static_cast<std::size_t>(count)};
    }
};

Digits digits_of(double magnitude) noexcept {
    NumberText scientific;
    char* const begin = scientific.data();
    const auto printed =
        std::to_chars(begin, begin + scientific.size(), magnitude, std::chars_format::scientific);
    const char* const e = std::find(begin, printed.ptr, 'e');

    Digits digits;
    for (const char* c = begin; c != e; ++c) {
        if (*c != '.') digits.text[static_cast<std::size_t>(digits.count++)] = *c;
    }
    const char* const exponent = e[1] == '+' ? e + 2 : e + 1;
    std::from_chars(exponent, printed.ptr, digits.point);
    ++digits.point;
    return digits;
}

}  // namespace

std::string_view print_number(double value, NumberText& buffer) noexcept {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
    if (!(value < 0) && !(value > 0)) return "0";

    const Digits digits = digits_of(std::abs(value));
    const std::string_view all = digits.view();
    Text text(buffer);
    if (value < 0) text.put('-');
    if (digits.count <= digits.point && digits.point <= 21) {
        text.put(all);
        text.put(digits.point - digits.count, '0');
    } else if (digits.point > 0 && digits.point <= 21) {
        text.put(all.substr(0, static_cast<std::size_t>(digits.point)));
        text.put('.');
        text.put(all.substr(static_cast<std::size_t>(digits.point)));
    } else if (digits.point > -6 && digits.point <= 0) {
        text.put("0.");
        text.put(-digits.point, '0');
        text.put(all);
    } else {
        text.put(all[0]);
        if (all.size() > 1) text.put('.');
        text.put(all.substr(1));
        text.put(digits.point > 0 ? "e+" : "e-");
        std::array<char, 8> exponent;
        const auto printed = std::to_chars(exponent.data(), exponent.data() + exponent.size(),
                                           std::abs(digits.point - 1));
        text.put({exponent.data(), printed.ptr});
    }
    return text.view();
}

void append_number(double value, std::string& out) {
    NumberText buffer;
    out.append(print_number(value, buffer));
}

std::optional<std::uint64_t> canonical_natural(std::string_view text) noexcept {
    if (text.empty() || text.size() > 16 || (text[0] == '0' && text.size() > 1))
        return std::nullopt;
    std::uint64_t value = 0;
    for (char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (value > safe_natural_max) return std::nullopt;
    return value;
}

}  // namespace parley::wire
