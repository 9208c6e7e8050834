// utf8: text that may not be text, checked and repaired the way browsers and Node do.
#include "wire/utf8.h"

#include <algorithm>
#include <simdjson.h>

namespace parley::wire {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

unsigned byte_at(std::string_view text, std::size_t index) noexcept {
    return static_cast<unsigned char>(text[index]);
}

// Bytes of the sequence a lead byte announces; 0 if it announces none.
std::size_t announced_bytes(unsigned lead) noexcept {
    if (lead >= 0xc2 && lead <= 0xdf) return 2;
    if (lead >= 0xe0 && lead <= 0xef) return 3;
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

// Whether `second` may follow `lead`: no overlong forms, no surrogates, nothing beyond U+10FFFF.
bool may_follow(unsigned lead, unsigned second) noexcept {
    const unsigned least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const unsigned most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    return second >= least && second <= most;
}

}  // namespace

Character first_character(std::string_view text) noexcept {
    const unsigned lead = byte_at(text, 0);
    if (lead < 0x80) return {.code = lead, .bytes = 1, .valid = true};
    const std::size_t announced = announced_bytes(lead);
    if (announced == 0 || text.size() < 2 || !may_follow(lead, byte_at(text, 1))) return {};

    char32_t code = lead & (0x7fU >> announced);
    code = code << 6 | (byte_at(text, 1) & 0x3fU);
    for (std::size_t i = 2; i < announced; ++i) {
        if (i == text.size() || (byte_at(text, i) & 0xc0U) != 0x80U) {
            return {.code = replacement_character, .bytes = i, .valid = false};
        }
        code = code << 6 | (byte_at(text, i) & 0x3fU);
    }
    return {.code = code, .bytes = announced, .valid = true};
}

bool is_utf8(std::string_view text) noexcept {
    const auto is_ascii = [](char c) noexcept { return static_cast<unsigned char>(c) < 0x80; };
    if (text.size() <= 32 && std::all_of(text.begin(), text.end(), is_ascii)) return true;
    return simdjson::validate_utf8(text.data(), text.size());
}

std::size_t repair_utf8(std::string_view text, std::span<char> out) noexcept {
    std::size_t written = 0;
    while (!text.empty()) {
        const Character character = first_character(text);
        const std::string_view piece =
            character.valid ? text.substr(0, character.bytes) : replacement;
        if (out.size() - written < piece.size()) return out.size() + 1;
        std::copy(piece.begin(), piece.end(), out.begin() + static_cast<std::ptrdiff_t>(written));
        written += piece.size();
        text.remove_prefix(character.bytes);
    }
    return written;
}

void append_repaired(std::string_view text, std::string& out) {
    if (is_utf8(text)) {
        out.append(text);
        return;
    }
    const std::size_t before = out.size();
    out.resize(before + replacement.size() * text.size());
    const std::size_t written = repair_utf8(text, std::span{out}.subspan(before));
    out.resize(before + written);
}

}  // namespace parley::wire
