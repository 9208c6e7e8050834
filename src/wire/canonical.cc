// Canonicaliser: rebuilds a MessagePack value the way the original relays it.
#include "wire/canonical.h"

#include <bit>
#include <msgpack.hpp>
#include <span>
#include <string>

#include "base/assert.h"
#include "wire/errors.h"
#include "wire/key_order.h"
#include "wire/limits.h"
#include "wire/number.h"
#include "wire/utf8.h"
#include "wire/value.h"

namespace parley::wire {

namespace {

// Setting this property of a JavaScript object adds no key.
constexpr std::string_view never_a_key = "__proto__";

void add(Bytes bytes, std::vector<std::byte>& out) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

std::uint32_t place(const std::vector<std::byte>& out) noexcept {
    return static_cast<std::uint32_t>(out.size());
}

}  // namespace

// Called by the parser for every item in turn; returning false stops it.
struct Canonicaliser::Visitor : msgpack::null_visitor {
    Visitor(Canonicaliser& owner, std::vector<std::byte>& output) : self(owner), out(output) {}

    bool visit_nil() { return put(Head::nil()); }
    bool visit_boolean(bool truth) { return put(Head::boolean(truth ? 1 : 0)); }
    bool visit_positive_integer(std::uint64_t value) {
        Item item;
        item.number = value;
        item.type = Type::natural;
        return number(item);
    }
    bool visit_negative_integer(std::int64_t value) { return real(static_cast<double>(value)); }
    bool visit_float32(float value) { return real(value); }
    bool visit_float64(double value) { return real(value); }
    bool visit_str(const char* data, std::uint32_t size) {
        const std::string_view text{data, size};
        if (is_utf8(text)) {
            append_str(text, out);
        } else {
            repaired.clear();
            append_repaired(text, repaired);
            append_str(repaired, out);
        }
        return true;
    }
    bool visit_bin(const char* data, std::uint32_t size) {
        put(Head::bin(size));
        add(as_bytes({data, size}), out);
        return true;
    }
    // `data` starts with the type.
    bool visit_ext(const char* data, std::uint32_t size) {
        const Bytes body = as_bytes({data, size}).subspan(1);
        const auto type = std::to_integer<std::int8_t>(std::byte(data[0]));
        if (type == 0 && body.size() == 1) {
            append_undefined(out);
        } else if (type == 0 && body.size() == 8) {
            out.push_back(std::byte{0xd7});
            out.push_back(std::byte{0});
            add(body, out);
        } else {
            put(Head::array(2));
            put(Head::integer(type));
            put(Head::bin(body.size()));
            add(body, out);
        }
        return true;
    }
    bool start_array(std::uint32_t elements) {
        is_key = false;
        return put(Head::array(elements));
    }
    bool start_map(std::uint32_t pairs) {
        if (pairs > map_keys_max) {
            problem = DecodeError::too_many_keys;
            return false;
        }
        is_key = false;
        const auto first_entry = static_cast<std::uint32_t>(self.entries_.size());
        self.maps_.push_back({place(out), pairs, first_entry, 0, 0, 0});
        return put(Head::map(pairs));
    }
    bool start_map_key() {
        self.maps_.back().key = place(out);
        is_key = true;
        return true;
    }
    bool end_map_key();
    bool end_map_value();
    bool end_map() {
        const OpenMap map = self.maps_.back();
        self.maps_.pop_back();
        self.reorder(map, out);
        self.entries_.resize(map.first_entry);
        return true;
    }

    bool put(const Head& head) {
        add(head.bytes(), out);
        return true;
    }
    bool real(double value) {
        Item item;
        item.number = std::bit_cast<std::uint64_t>(value);
        item.type = Type::real;
        return number(item);
    }
    // A key becomes text, and so may be any number.
    bool number(const Item& item) {
        if (is_key) {
            NumberText buffer;
            append_str(print_number(number_of(item), buffer), out);
            return true;
        }
        const auto head = Head::of(item);
        return head.has_value() && put(*head);
    }

    Canonicaliser& self;
    std::vector<std::byte>& out;
    std::string repaired;
    DecodeError problem = DecodeError::unencodable;  // if it stops
    bool is_key = false;                             // the next item is a key, not a part of one
};

bool Canonicaliser::Visitor::end_map_key() {
    is_key = false;
    OpenMap& map = self.maps_.back();
    const Bytes key = Bytes{out}.subspan(map.key);
    auto item = Reader{key}.next();
    PARLEY_ASSERT(item.ok());
    std::size_t text_bytes = (*item).body.size();
    if ((*item).type != Type::str) {
        const std::string text = text_of(key);
        text_bytes = text.size();
        out.resize(map.key);
        append_str(text, out);
    }
    map.value = place(out);
    map.text = map.value - static_cast<std::uint32_t>(text_bytes);
    return true;
}

bool Canonicaliser::Visitor::end_map_value() {
    const OpenMap& map = self.maps_.back();
    const std::string_view text = as_text(Bytes{out}.subspan(map.text, map.value - map.text));
    if (text == never_a_key) {
        out.resize(map.key);
    } else {
        self.entries_.push_back({map.key, map.text, map.value, place(out)});
    }
    return true;
}

void Canonicaliser::reorder(const OpenMap& map, std::vector<std::byte>& out) {
    const auto entries = std::span{entries_}.subspan(map.first_entry);
    keys_.clear();
    for (const Entry& entry : entries) {
        keys_.push_back(as_text(Bytes{out}.subspan(entry.text, entry.value - entry.text)));
    }
    order_keys(keys_, order_);
    if (is_same_order(order_, map.pairs)) return;

    segment_.clear();
    add(Head::map(order_.size()).bytes(), segment_);
    for (std::uint32_t index : order_) {
        const Entry& entry = entries[index];
        add(Bytes{out}.subspan(entry.key, entry.end - entry.key), segment_);
    }
    out.resize(map.begin);
    add(segment_, out);
}

Status Canonicaliser::append(Bytes value, std::vector<std::byte>& out) {
    maps_.clear();
    entries_.clear();
    Visitor visitor{*this, out};
    std::size_t parsed = 0;
    if (msgpack::parse(chars(value), value.size(), parsed, visitor)) return Ok{};
    return error_of(visitor.problem);
}

std::size_t Canonicaliser::kept_bytes() const noexcept {
    return entries_.capacity() * sizeof(Entry) + keys_.capacity() * sizeof(std::string_view) +
           order_.capacity() * sizeof(std::uint32_t) + segment_.capacity();
}

}  // namespace parley::wire
