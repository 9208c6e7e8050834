// Item: one MessagePack value's head, read in place and written in its shortest form.
//
// The library's parser is not used for this: each of its parse contexts owns a growing stack and
// so allocates once per message (measured: 1 call, 256 bytes), which the path of audio must not.
// Values that need rebuilding, off that path, are walked by the library (see canonical.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"

namespace parley::wire {

using Bytes = std::span<const std::byte>;

/// For parsers that take characters.
inline const char* chars(Bytes bytes) noexcept {
    return reinterpret_cast<const char*>(bytes.data());
}
/// The same bytes under another type, for what is known or about to be checked to be text.
inline std::string_view as_text(Bytes bytes) noexcept {
    return {chars(bytes), bytes.size()};
}
inline Bytes as_bytes(std::string_view text) noexcept {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

enum class Type : std::uint8_t { nil, boolean, natural, negative, real, str, bin, array, map, ext };

/// A head and what it says. Borrows from the bytes it was read from.
struct Item {
    Type type{};
    std::int8_t ext_type = 0;
    /// The truth value, the number (negative: two's complement, real: the bits of a double), the
    /// bytes of str, bin and ext, the elements of an array, or the pairs of a map.
    std::uint64_t number = 0;
    Bytes body{};     ///< of str, bin and ext
    Bytes encoded{};  ///< head and body; of a whole value also all it contains
};

bool is_number(const Item& item) noexcept;
bool is_container(const Item& item) noexcept;
/// The notation of JavaScript's undefined: an extension of type 0 with one byte.
bool is_undefined(const Item& item) noexcept;
/// The notation of a date: an extension of type 0 with eight bytes.
bool is_date(const Item& item) noexcept;
/// As a JavaScript number; requires is_number().
double number_of(const Item& item) noexcept;
/// As JavaScript decides in a condition: false are nil, false, 0, NaN, "" and undefined.
bool is_truthy(const Item& item) noexcept;

/// Reads values one after the other. Every length is checked against the bytes that are there, so
/// that none reserves memory or runs on.
class Reader final {
public:
    explicit Reader(Bytes bytes) noexcept : rest_(bytes) {}

    /// One head, with the body of str, bin and ext. Errors: truncated, bad_format.
    Result<Item> next() noexcept;
    /// One whole value of at most `depth` levels. Errors: also too_deep.
    Result<Item> value(std::size_t depth) noexcept;
    bool at_end() const noexcept { return rest_.empty(); }

private:
    Bytes rest_;
};

/// A head in its shortest form, ready to be copied.
class Head final {
public:
    static Head nil() noexcept;
    static Head boolean(std::uint64_t truth) noexcept;
    static Head natural(std::uint64_t value) noexcept;
    static Head integer(std::int64_t value) noexcept;
    /// An integer if the value is one, else a double. Nothing if it is not finite or an integer
    /// beyond +-(2^53-1), which the original cannot encode.
    static std::optional<Head> real(double value) noexcept;
    static Head str(std::size_t bytes) noexcept;
    static Head bin(std::size_t bytes) noexcept;
    static Head array(std::size_t elements) noexcept;
    static Head map(std::size_t pairs) noexcept;
    /// What `item`, which is neither container nor extension, starts with when encoded in the
    /// shortest way. Nothing if it is a number the original cannot encode.
    static std::optional<Head> of(const Item& item) noexcept;

    Bytes bytes() const noexcept { return {bytes_.data(), size_}; }

private:
    void put(unsigned code, std::uint64_t value, std::size_t value_bytes) noexcept;
    static Head sized(std::size_t size, unsigned code8, unsigned code16) noexcept;

    std::array<std::byte, 9> bytes_{};
    std::size_t size_ = 0;
};

/// Whether `item` starts with exactly `head`, so that it can be passed on as it came.
bool starts_with(const Item& item, const Head& head) noexcept;

}  // namespace parley::wire
