// voiceping: bytes that arrive as something else: lists, maps and text.
#include <algorithm>
#include <cmath>
#include <optional>

#include "wire/item.h"
#include "wire/number.h"
#include "wire/utf8.h"
#include "wire/value.h"
#include "wire/voiceping.h"

namespace parley::wire::voiceping {

namespace {

// A number's lowest byte, as JavaScript stores it in a byte array; 0 for everything else.
std::byte low_byte(const Item& item) noexcept {
    if (item.type == Type::natural && item.number <= 0xff) return std::byte(item.number);
    if (!is_number(item)) return std::byte{0};
    const double number = number_of(item);
    if (!std::isfinite(number)) return std::byte{0};
    const auto rest = static_cast<int>(std::fmod(std::trunc(number), 256.0));
    return static_cast<std::byte>(static_cast<unsigned>(rest) & 0xffU);
}

void start_bin(std::size_t size, std::vector<std::byte>& out) {
    const Head head = Head::bin(size);
    out.assign(head.bytes().begin(), head.bytes().end());
}

}  // namespace

Result<Bytes> Decoder::read_payload(Verb verb, const Item& item) noexcept {
    const bool is_2026 = dialect_ == Dialect::router_2026;
    const bool is_list = item.type == Type::array ||
                         (item.type == Type::ext && !is_undefined(item) && !is_date(item));
    const bool may_be_bytes =
        (is_2026 && is_list) || (item.type == Type::map && (is_2026 || verb == Verb::audio));
    if (may_be_bytes) {
        if (item.encoded.size() > rebuilt_bytes_max) return error_of(DecodeError::too_large);
        if (is_list ? list_to_bin(item) : map_to_bin(item)) return Bytes{payload_};
    }
    return read_value(item, payload_);
}

bool Decoder::list_to_bin(const Item& list) noexcept {
    if (list.type == Type::ext) {  // [type, bytes], of which only the type is a number
        start_bin(2, payload_);
        payload_.push_back(static_cast<std::byte>(list.ext_type));
        payload_.push_back(std::byte{0});
        return true;
    }
    start_bin(static_cast<std::size_t>(list.number), payload_);
    Reader reader{list.encoded};
    auto element = reader.next();  // the list's own head
    while (!reader.at_end()) {
        element = reader.value(depth_max);
        PARLEY_ASSERT(element.ok());
        payload_.push_back(low_byte(*element));
    }
    return true;
}

// The place a key gives its byte: the number its text names. Nothing if it is no canonical one.
std::optional<std::uint64_t> Decoder::place_of(const Item& key) noexcept {
    if (key.type == Type::str || key.type == Type::bin) return canonical_natural(as_text(key.body));
    if (is_number(key)) {
        NumberText buffer;
        return canonical_natural(print_number(number_of(key), buffer));
    }
    payload_.clear();
    if (!canonicaliser_.append(key.encoded, payload_)) return std::nullopt;
    return canonical_natural(text_of(payload_));
}

bool Decoder::map_to_bin(const Item& map) noexcept {
    byte_entries_.clear();
    bool is_ascending = true;
    Reader reader{map.encoded};
    auto item = reader.next();  // the map's own head
    while (!reader.at_end()) {
        item = reader.value(depth_max);
        PARLEY_ASSERT(item.ok());
        const auto place = place_of(*item);
        if (!place) return false;
        item = reader.value(depth_max);
        PARLEY_ASSERT(item.ok());
        if (!byte_entries_.empty() && byte_entries_.back().key >= *place) is_ascending = false;
        const auto index = static_cast<std::uint32_t>(byte_entries_.size());
        byte_entries_.push_back({*place, index, low_byte(*item)});
    }
    if (byte_entries_.empty()) return false;

    if (!is_ascending) {
        std::sort(byte_entries_.begin(), byte_entries_.end(),
                  [](const ByteEntry& a, const ByteEntry& b) {
                      return a.key != b.key ? a.key < b.key : a.index > b.index;
                  });
        const auto is_same_key = [](const ByteEntry& a, const ByteEntry& b) {
            return a.key == b.key;  // the one that came last is first here, and stays
        };
        byte_entries_.erase(std::unique(byte_entries_.begin(), byte_entries_.end(), is_same_key),
                            byte_entries_.end());
    }
    start_bin(byte_entries_.size(), payload_);
    for (const ByteEntry& entry : byte_entries_)
        payload_.push_back(entry.value);
    return true;
}

bool bytes_of_text(std::span<const std::byte> utf8, std::vector<std::byte>& out) {
    out.clear();
    std::string_view text = as_text(utf8);
    if (!is_utf8(text)) return false;
    while (!text.empty()) {
        const Character character = first_character(text);
        text.remove_prefix(character.bytes);
        const char32_t code = character.code;
        if (code > 0xffff) {  // the low byte of the first of two UTF-16 units: bits 10 to 17
            out.push_back(static_cast<std::byte>(((code - 0x10000U) >> 10U) & 0xffU));
        }
        out.push_back(static_cast<std::byte>(code & 0xffU));
    }
    return true;
}

}  // namespace parley::wire::voiceping
