// Item: one MessagePack value's head, read in place and written in its shortest form.
#include "wire/item.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "wire/errors.h"
#include "wire/limits.h"

namespace parley::wire {

namespace {

constexpr double safe_integer_max = 9007199254740991.0;  // 2^53-1
constexpr std::uint64_t safe_natural_max = 9007199254740991U;

std::uint64_t big_endian(Bytes bytes) noexcept {
    std::uint64_t value = 0;
    for (std::byte byte : bytes)
        value = value << 8 | std::to_integer<std::uint64_t>(byte);
    return value;
}

// What follows the first byte: a number, or a length and then as many bytes.
struct Layout {
    Type type;
    std::uint8_t number_bytes;
};

// The formats c4 to df, each with the bytes of its number or length. Those of an extension come
// before its type; the ones of fixed size have none.
constexpr std::array<Layout, 28> layouts{{
    {Type::bin, 1},      {Type::bin, 2},      {Type::bin, 4},                            // c4
    {Type::ext, 1},      {Type::ext, 2},      {Type::ext, 4},                            // c7
    {Type::real, 4},     {Type::real, 8},                                                // ca
    {Type::natural, 1},  {Type::natural, 2},  {Type::natural, 4},  {Type::natural, 8},   // cc
    {Type::negative, 1}, {Type::negative, 2}, {Type::negative, 4}, {Type::negative, 8},  // d0
    {Type::ext, 0},      {Type::ext, 0},      {Type::ext, 0},      {Type::ext, 0},
    {Type::ext, 0},                                            // d4
    {Type::str, 1},      {Type::str, 2},      {Type::str, 4},  // d9
    {Type::array, 2},    {Type::array, 4},                     // dc
    {Type::map, 2},      {Type::map, 4},                       // de
}};

// The one-byte formats: below c4 and from e0.
Item fixed(unsigned code) noexcept {
    Item item;
    if (code <= 0x7f) {
        item.type = Type::natural;
        item.number = code;
    } else if (code <= 0x8f) {
        item.type = Type::map;
        item.number = code & 0x0fU;
    } else if (code <= 0x9f) {
        item.type = Type::array;
        item.number = code & 0x0fU;
    } else if (code <= 0xbf) {
        item.type = Type::str;
        item.number = code & 0x1fU;
    } else if (code <= 0xc3) {
        item.type = code == 0xc0 ? Type::nil : Type::boolean;
        item.number = code & 1U;
    } else {
        item.type = Type::negative;
        item.number = ~std::uint64_t{0xff} | code;
    }
    return item;
}

// Signed numbers may be positive, and floats come in two widths: makes one kind of each.
void settle(Item& item, std::size_t number_bytes) noexcept {
    if (item.type == Type::negative) {
        const auto unused_bits = static_cast<unsigned>(64 - 8 * number_bytes);
        const auto value = static_cast<std::int64_t>(item.number << unused_bits) >> unused_bits;
        item.number = static_cast<std::uint64_t>(value);
        if (value >= 0) item.type = Type::natural;
    } else if (item.type == Type::real && number_bytes == 4) {
        const double value = std::bit_cast<float>(static_cast<std::uint32_t>(item.number));
        item.number = std::bit_cast<std::uint64_t>(value);
    }
}

std::uint64_t children(const Item& item) noexcept {
    if (item.type == Type::array) return item.number;
    return item.type == Type::map ? 2 * item.number : 0;
}

}  // namespace

bool is_number(const Item& item) noexcept {
    return item.type == Type::natural || item.type == Type::negative || item.type == Type::real;
}

bool is_container(const Item& item) noexcept {
    return item.type == Type::array || item.type == Type::map;
}

bool is_undefined(const Item& item) noexcept {
    return item.type == Type::ext && item.ext_type == 0 && item.encoded.size() == 3 &&
           item.encoded[0] == std::byte{0xd4};
}

bool is_date(const Item& item) noexcept {
    return item.type == Type::ext && item.ext_type == 0 && item.encoded.size() == 10 &&
           item.encoded[0] == std::byte{0xd7};
}

double number_of(const Item& item) noexcept {
    if (item.type == Type::real) return std::bit_cast<double>(item.number);
    if (item.type == Type::natural) return static_cast<double>(item.number);
    return static_cast<double>(static_cast<std::int64_t>(item.number));
}

bool is_truthy(const Item& item) noexcept {
    switch (item.type) {
        case Type::nil:
            return false;
        case Type::boolean:
            return item.number != 0;
        case Type::natural:
        case Type::negative:
        case Type::real: {
            const double value = number_of(item);
            return value < 0 || value > 0;
        }
        case Type::str:
            return !item.body.empty();
        case Type::ext:
            return !is_undefined(item);
        case Type::bin:
        case Type::array:
        case Type::map:
            return true;
    }
    return true;
}

Result<Item> Reader::next() noexcept {
    if (rest_.empty()) return error_of(DecodeError::truncated);
    const auto code = std::to_integer<unsigned>(rest_[0]);
    if (code == 0xc1) return error_of(DecodeError::bad_format);

    Item item;
    std::size_t head_bytes = 1;
    if (code >= 0xc4 && code <= 0xdf) {
        const Layout layout = layouts[code - 0xc4];
        const bool is_ext = layout.type == Type::ext;
        head_bytes += layout.number_bytes + (is_ext ? 1U : 0U);
        if (rest_.size() < head_bytes) return error_of(DecodeError::truncated);
        item.type = layout.type;
        item.number = big_endian(rest_.subspan(1, layout.number_bytes));
        settle(item, layout.number_bytes);
        if (is_ext) {
            item.ext_type = std::to_integer<std::int8_t>(rest_[head_bytes - 1]);
            if (layout.number_bytes == 0) item.number = 1ULL << (code - 0xd4);
        }
    } else {
        item = fixed(code);
    }

    std::size_t body_bytes = 0;
    if (item.type == Type::str || item.type == Type::bin || item.type == Type::ext) {
        if (rest_.size() - head_bytes < item.number) return error_of(DecodeError::truncated);
        body_bytes = static_cast<std::size_t>(item.number);
        item.body = rest_.subspan(head_bytes, body_bytes);
    }
    item.encoded = rest_.first(head_bytes + body_bytes);
    rest_ = rest_.subspan(head_bytes + body_bytes);
    return item;
}

Result<Item> Reader::value(std::size_t depth) noexcept {
    const Bytes all = rest_;
    PARLEY_TRY(Item first, next());
    if (!is_container(first)) return first;

    std::array<std::uint64_t, depth_max> to_come;
    const std::size_t levels_max = std::min(depth, to_come.size());
    std::size_t levels = 0;
    Item item = first;
    for (;;) {
        if (is_container(item)) {
            if (levels == levels_max) return error_of(DecodeError::too_deep);
            to_come[levels++] = children(item);
        }
        while (levels > 0 && to_come[levels - 1] == 0)
            --levels;
        if (levels == 0) break;
        --to_come[levels - 1];
        PARLEY_TRY(item, next());
    }
    first.encoded = all.first(all.size() - rest_.size());
    return first;
}

void Head::put(unsigned code, std::uint64_t value, std::size_t value_bytes) noexcept {
    bytes_[0] = static_cast<std::byte>(code);
    size_ = 1 + value_bytes;
    for (std::size_t i = value_bytes; i > 0; --i) {
        bytes_[i] = static_cast<std::byte>(value & 0xffU);
        value >>= 8;
    }
}

Head Head::nil() noexcept {
    Head head;
    head.put(0xc0, 0, 0);
    return head;
}

Head Head::boolean(std::uint64_t truth) noexcept {
    Head head;
    head.put(truth == 0 ? 0xc2 : 0xc3, 0, 0);
    return head;
}

Head Head::natural(std::uint64_t value) noexcept {
    Head head;
    if (value <= 0x7f) {
        head.put(static_cast<unsigned>(value), 0, 0);
    } else if (value <= 0xff) {
        head.put(0xcc, value, 1);
    } else if (value <= 0xffff) {
        head.put(0xcd, value, 2);
    } else if (value <= 0xffffffff) {
        head.put(0xce, value, 4);
    } else {
        head.put(0xcf, value, 8);
    }
    return head;
}

Head Head::integer(std::int64_t value) noexcept {
    const auto bits = static_cast<std::uint64_t>(value);
    if (value >= 0) return natural(bits);
    Head head;
    if (value >= -32) {
        head.put(static_cast<unsigned>(bits & 0xffU), 0, 0);
    } else if (value >= INT8_MIN) {
        head.put(0xd0, bits, 1);
    } else if (value >= INT16_MIN) {
        head.put(0xd1, bits, 2);
    } else if (value >= INT32_MIN) {
        head.put(0xd2, bits, 4);
    } else {
        head.put(0xd3, bits, 8);
    }
    return head;
}

std::optional<Head> Head::real(double value) noexcept {
    if (!std::isfinite(value)) return std::nullopt;
    if (std::trunc(value) == value) {
        if (std::abs(value) > safe_integer_max) return std::nullopt;
        return integer(static_cast<std::int64_t>(value));
    }
    Head head;
    head.put(0xcb, std::bit_cast<std::uint64_t>(value), 8);
    return head;
}

Head Head::sized(std::size_t size, unsigned code8, unsigned code16) noexcept {
    Head head;
    if (size <= 0xff && code8 != 0) {
        head.put(code8, size, 1);
    } else if (size <= 0xffff) {
        head.put(code16, size, 2);
    } else {
        head.put(code16 + 1, size, 4);
    }
    return head;
}

Head Head::str(std::size_t bytes) noexcept {
    if (bytes > 31) return sized(bytes, 0xd9, 0xda);
    Head head;
    head.put(0xa0U | static_cast<unsigned>(bytes), 0, 0);
    return head;
}

Head Head::bin(std::size_t bytes) noexcept {
    return sized(bytes, 0xc4, 0xc5);
}

Head Head::array(std::size_t elements) noexcept {
    if (elements > 15) return sized(elements, 0, 0xdc);
    Head head;
    head.put(0x90U | static_cast<unsigned>(elements), 0, 0);
    return head;
}

Head Head::map(std::size_t pairs) noexcept {
    if (pairs > 15) return sized(pairs, 0, 0xde);
    Head head;
    head.put(0x80U | static_cast<unsigned>(pairs), 0, 0);
    return head;
}

std::optional<Head> Head::of(const Item& item) noexcept {
    switch (item.type) {
        case Type::nil:
            return nil();
        case Type::boolean:
            return boolean(item.number);
        case Type::natural:
            if (item.number > safe_natural_max) return std::nullopt;
            return natural(item.number);
        case Type::negative:
        case Type::real:
            return real(number_of(item));
        case Type::str:
            return str(item.body.size());
        case Type::bin:
            return bin(item.body.size());
        case Type::array:
        case Type::map:
        case Type::ext:
            break;
    }
    return std::nullopt;
}

bool starts_with(const Item& item, const Head& head) noexcept {
    const Bytes bytes = head.bytes();
    return item.encoded.size() == bytes.size() + item.body.size() &&
           std::equal(bytes.begin(), bytes.end(), item.encoded.begin());
}

}  // namespace parley::wire
