#include "checks.h"

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace parley::daemon {
namespace {

template <class Number>
bool read(std::string_view text, Number& number) {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    return problem == std::errc{} && end == text.data() + text.size();
}

// How far a unit shifts its number; less than 0 if it is none.
int shift_of(char unit) {
    constexpr std::string_view units = "KMGT";
    const auto at = units.find(unit);
    return at == std::string_view::npos ? -1 : 10 * static_cast<int>(at + 1);
}

}  // namespace

CLI::Validator whole_number() {
    return {[](const std::string& text) -> std::string {
                std::uint64_t number = 0;
                if (read(text, number)) return {};
                return "'" + text + "' is no whole number: write digits alone, such as 100";
            },
            ""};
}

CLI::Validator size_in_bytes() {
    return {[](std::string& text) -> std::string {
                std::uint64_t number = 0;
                const int shift = text.empty() ? -1 : shift_of(text.back());
                const std::string_view digits =
                    std::string_view{text}.substr(0, text.size() - (shift > 0 ? 1 : 0));
                const bool fits =
                    read(digits, number) && (shift < 0 || number <= UINT64_MAX >> shift);
                if (!fits) return "'" + text + "' is no size: write bytes, or such as 512M or 2G";
                if (shift > 0) text = std::to_string(number << shift);
                return {};
            },
            ""};
}

CLI::Validator seconds_up_to(double most) {
    return {[most](const std::string& text) -> std::string {
                double number = 0;
                if (read(text, number) && number >= 0 && number <= most) return {};
                return "'" + text + "' is no such time: write seconds from 0 to " +
                       std::to_string(static_cast<long>(most)) + ", such as 5 or 0.5";
            },
            ""};
}

}  // namespace parley::daemon
