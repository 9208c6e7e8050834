// Canonicaliser: rebuilds a MessagePack value the way the original relays it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/item.h"

namespace parley::wire {

/// Heads take their shortest form, whole floats become integers, keys become text in the order of
/// a JavaScript object (without "__proto__"), extensions become `[type, bytes]` except undefined
/// and dates, broken text gets U+FFFD. Keeps its lists from one value to the next; not for audio.
class Canonicaliser final {
public:
    /// Appends `value` rebuilt to `out`. Requires one well-formed value of at most
    /// rebuilt_bytes_max bytes and depth_max levels. Errors, which leave `out` in an undefined
    /// state: unencodable, too_many_keys.
    Status append(Bytes value, std::vector<std::byte>& out);

    /// Bytes of the lists kept; what scratch_kept_bytes_max is compared with.
    std::size_t kept_bytes() const noexcept;

private:
    // All places are offsets in the output.
    struct OpenMap {
        std::uint32_t begin;
        std::uint32_t pairs;
        std::uint32_t first_entry;  // index in entries_
        std::uint32_t key;          // of the current pair, as is its text
        std::uint32_t text;
        std::uint32_t value;
    };
    struct Entry {
        std::uint32_t key, text, value, end;
    };
    struct Visitor;

    void reorder(const OpenMap& map, std::vector<std::byte>& out);

    std::vector<OpenMap> maps_;
    std::vector<Entry> entries_;
    std::vector<std::string_view> keys_;
    std::vector<std::uint32_t> order_;
    std::vector<std::byte> segment_;
};

}  // namespace parley::wire
