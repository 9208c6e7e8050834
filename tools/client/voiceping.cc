// VoicePing messages: building requests and reading the server's arrays.
#include "client/voiceping.h"

#include <array>
#include <charconv>
#include <limits>

namespace parley::client {
namespace {

using Kind = Value::Kind;

void append_number(Bytes& out, std::uint64_t value, std::size_t byte_count) {
    for (std::size_t i = byte_count; i-- > 0;) {
        out.push_back(static_cast<std::byte>(value >> (8 * i) & 0xff));
    }
}

void append_head(Bytes& out, std::uint8_t first, std::uint64_t value, std::size_t byte_count) {
    out.push_back(std::byte{first});
    append_number(out, value, byte_count);
}

void append_integer(Bytes& out, std::uint64_t value) {
    if (value < 0x80) return append_number(out, value, 1);
    append_head(out, 0xcf, value, 8);  // uint64, as the Android SDK writes its times
}

void append_content(Bytes& out, std::span<const std::byte> content) {
    out.insert(out.end(), content.begin(), content.end());
}

void append_text(Bytes& out, std::string_view text) {
    if (text.size() < 32) {
        out.push_back(static_cast<std::byte>(0xa0 | text.size()));
    } else if (text.size() < 0x100) {
        append_head(out, 0xd9, text.size(), 1);
    } else if (text.size() < 0x10000) {
        append_head(out, 0xda, text.size(), 2);
    } else {
        append_head(out, 0xdb, text.size(), 4);
    }
    append_content(out, std::as_bytes(std::span{text}));
}

void append_binary(Bytes& out, std::span<const std::byte> content) {
    if (content.size() < 0x100) {
        append_head(out, 0xc4, content.size(), 1);
    } else if (content.size() < 0x10000) {
        append_head(out, 0xc5, content.size(), 2);
    } else {
        append_head(out, 0xc6, content.size(), 4);
    }
    append_content(out, content);
}

void append_envelope(Bytes& out, const Address& address, Type type, std::uint8_t element_count) {
    out.push_back(static_cast<std::byte>(0x90 | element_count));
    out.push_back(static_cast<std::byte>(address.channel));
    out.push_back(static_cast<std::byte>(type));
    append_text(out, address.from);
    append_text(out, address.to);
}

/// What the first byte of a value says: how many bytes of number follow, and what they mean.
struct Head {
    enum class Meaning : std::uint8_t { value, content_size, element_count, invalid };
    Kind kind = Kind::nil;
    Meaning meaning = Meaning::invalid;
    std::uint8_t number_bytes = 0;
    bool is_signed = false;
    std::uint8_t values_each = 1;  ///< values per element: 2 for maps
    std::uint8_t content_extra =
        0;                    ///< bytes beside the content size: 1 for the type of an extension
    std::uint32_t fixed = 0;  ///< size or count when no number follows
};

Head short_head(std::uint8_t first) noexcept {
    using enum Head::Meaning;
    if (first < 0x80) return {.kind = Kind::integer, .meaning = value, .fixed = first};
    if (first < 0x90) {
        return {.kind = Kind::nested,
                .meaning = element_count,
                .values_each = 2,
                .fixed = first & 0x0fU};
    }
    if (first < 0xa0) {
        return {.kind = Kind::nested, .meaning = element_count, .fixed = first & 0x0fU};
    }
    if (first < 0xc0) return {.kind = Kind::text, .meaning = content_size, .fixed = first & 0x1fU};
    return {.kind = Kind::integer, .meaning = value, .is_signed = true, .fixed = first};
}

/// The heads 0xc0 to 0xdf, in order; 0xc1 is not MessagePack.
constexpr std::array<Head, 32> long_heads = [] {
    using enum Head::Meaning;
    std::array<Head, 32> heads{};
    heads[0x00] = {.kind = Kind::nil, .meaning = value};
    heads[0x02] = {.kind = Kind::boolean, .meaning = value, .fixed = 0};
    heads[0x03] = {.kind = Kind::boolean, .meaning = value, .fixed = 1};
    heads[0x0a] = {.kind = Kind::number, .meaning = value, .number_bytes = 4};
    heads[0x0b] = {.kind = Kind::number, .meaning = value, .number_bytes = 8};
    for (std::size_t i = 0; i < 3; ++i) {
        const auto bytes = static_cast<std::uint8_t>(1U << i);
        heads[0x04 + i] = {.kind = Kind::binary, .meaning = content_size, .number_bytes = bytes};
        heads[0x07 + i] = {.kind = Kind::extension,
                           .meaning = content_size,
                           .number_bytes = bytes,
                           .content_extra = 1};
        heads[0x19 + i] = {.kind = Kind::text, .meaning = content_size, .number_bytes = bytes};
    }
    for (std::size_t i = 0; i < 4; ++i) {
        const auto bytes = static_cast<std::uint8_t>(1U << i);
        heads[0x0c + i] = {.kind = Kind::integer, .meaning = value, .number_bytes = bytes};
        heads[0x10 + i] = {
            .kind = Kind::integer, .meaning = value, .number_bytes = bytes, .is_signed = true};
    }
    for (std::size_t i = 0; i < 5; ++i) {
        heads[0x14 + i] = {
            .kind = Kind::extension, .meaning = content_size, .content_extra = 1, .fixed = 1U << i};
    }
    for (std::size_t i = 0; i < 2; ++i) {
        const auto bytes = static_cast<std::uint8_t>(2U << i);
        heads[0x1c + i] = {.kind = Kind::nested, .meaning = element_count, .number_bytes = bytes};
        heads[0x1e + i] = {.kind = Kind::nested,
                           .meaning = element_count,
                           .number_bytes = bytes,
                           .values_each = 2};
    }
    return heads;
}();

/// Reads values one after the other. Once something does not fit it has failed, and stays so.
class Reader final {
public:
    explicit Reader(std::span<const std::byte> rest) noexcept : rest_(rest) {}

    /// One value; what is nested in it is stepped over.
    Value value() noexcept {
        std::uint64_t pending = 0;
        const Value outer = head(pending);
        // Each value has at least one byte, so a count beyond the rest cannot be true.
        while (pending > 0 && !failed_) {
            if (pending > rest_.size()) failed_ = true;
            --pending;
            head(pending);
        }
        return outer;
    }

    /// The element count of the array that begins here; fails for anything else.
    std::uint64_t array() noexcept {
        std::uint64_t count = 0;
        const std::uint8_t first = rest_.empty() ? 0 : std::to_integer<std::uint8_t>(rest_[0]);
        const bool is_array = (first & 0xf0U) == 0x90 || first == 0xdc || first == 0xdd;
        if (!is_array) failed_ = true;
        head(count);
        return count;
    }

    bool failed() const noexcept { return failed_; }
    bool at_end() const noexcept { return rest_.empty(); }

private:
    std::span<const std::byte> take(std::uint64_t size) noexcept {
        if (failed_ || size > rest_.size()) {
            failed_ = true;
            return {};
        }
        const auto taken = rest_.first(static_cast<std::size_t>(size));
        rest_ = rest_.subspan(taken.size());
        return taken;
    }

    std::uint64_t number(const Head& head) noexcept {
        if (head.number_bytes == 0) {
            return head.is_signed ? static_cast<std::uint64_t>(static_cast<std::int8_t>(head.fixed))
                                  : head.fixed;
        }
        std::uint64_t bits = 0;
        for (const std::byte byte : take(head.number_bytes)) {
            bits = bits << 8 | std::to_integer<std::uint64_t>(byte);
        }
        if (!head.is_signed || head.number_bytes == 8) return bits;
        const unsigned unused = 64U - 8U * head.number_bytes;
        return static_cast<std::uint64_t>(static_cast<std::int64_t>(bits << unused) >> unused);
    }

    /// One head with its content; adds what is nested in it to `pending`.
    Value head(std::uint64_t& pending) noexcept {
        const auto first_byte = take(1);
        if (failed_) return {};
        const auto first = std::to_integer<std::uint8_t>(first_byte[0]);
        // Nearly all there is: small integers, short texts, and bytes up to 255.
        if (first < 0x80) return {.kind = Kind::integer, .integer = first, .content = {}};
        if ((first & 0xe0U) == 0xa0) return {.kind = Kind::text, .content = take(first & 0x1fU)};
        if (first == 0xc4 && !rest_.empty()) {
            const auto size = std::to_integer<std::size_t>(rest_[0]);
            rest_ = rest_.subspan(1);
            return {.kind = Kind::binary, .content = take(size)};
        }
        const Head head =
            first >= 0xc0 && first < 0xe0 ? long_heads[first - 0xc0U] : short_head(first);
        const std::uint64_t bits = number(head);
        Value value;
        value.kind = head.kind;
        switch (head.meaning) {
            case Head::Meaning::value:
                value.integer = static_cast<std::int64_t>(bits);
                break;
            case Head::Meaning::content_size:
                value.content = take(bits + head.content_extra);
                break;
            case Head::Meaning::element_count:
                pending += bits * head.values_each;
                break;
            case Head::Meaning::invalid:
                failed_ = true;
                break;
        }
        return value;
    }

    std::span<const std::byte> rest_;
    bool failed_ = false;
};

bool fits(const Value& value, std::int64_t max) noexcept {
    return value.kind == Kind::integer && value.integer >= 0 && value.integer <= max;
}

}  // namespace

void append_request(Bytes& out, const Address& address, Type type) {
    append_envelope(out, address, type, 4);
}

void append_request(Bytes& out, const Address& address, Type type, std::uint64_t payload) {
    append_envelope(out, address, type, 5);
    append_integer(out, payload);
}

void append_request(Bytes& out, const Address& address, Type type,
                    std::span<const std::byte> payload) {
    append_envelope(out, address, type, 5);
    append_binary(out, payload);
}

void append_request(Bytes& out, const Address& address, Type type, std::string_view payload) {
    append_envelope(out, address, type, 5);
    append_text(out, payload);
}

std::string_view Value::text() const noexcept {
    if (kind != Kind::text && kind != Kind::binary) return {};
    return {reinterpret_cast<const char*>(content.data()), content.size()};
}

std::string Value::id() const {
    if (kind != Kind::integer) return std::string{text()};
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), integer).ptr;
    return {digits.data(), end};
}

std::optional<ServerMessage> read_server_message(std::span<const std::byte> bytes) noexcept {
    Reader reader{bytes};
    const std::uint64_t element_count = reader.array();
    if (reader.failed() || element_count < 5 || element_count > 6) return std::nullopt;
    const Value channel = reader.value();
    const Value type = reader.value();
    ServerMessage message;
    message.from = reader.value();
    message.to = reader.value();
    if (element_count == 6) message.message_id = reader.value();
    message.payload = reader.value();
    if (reader.failed() || !reader.at_end()) return std::nullopt;
    if (!fits(channel, 1) || !fits(type, std::numeric_limits<std::uint8_t>::max())) {
        return std::nullopt;
    }
    message.channel = static_cast<Channel>(channel.integer);
    message.type = static_cast<std::uint8_t>(type.integer);
    return message;
}

}  // namespace parley::client
