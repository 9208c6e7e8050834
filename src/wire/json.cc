// json: the JSON inside texts that clients send, reduced to what a reader is shown.
#include "wire/json.h"

#include <cstddef>
#include <cstdint>
#include <simdjson.h>
#include <variant>
#include <vector>

#include "wire/key_order.h"
#include "wire/limits.h"
#include "wire/number.h"
#include "wire/value.h"

namespace parley::wire {

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

template <class Iterator>
struct Range {
    Iterator at, end;
};
using Elements = Range<simdjson::dom::array::iterator>;
using Members = Range<simdjson::dom::object::iterator>;

// Writes parsed JSON with an explicit stack, so that its depth is no matter of the program's own.
class Writer {
public:
    explicit Writer(std::string& out) : out_(out) {}

    /// False if an object has more than map_keys_max keys.
    bool write(element root) {
        begin(root);
        while (keys_are_few_ && !open_.empty()) {
            if (auto* elements = std::get_if<Elements>(&open_.back().rest)) {
                next_element(*elements);
            } else {
                next_member(std::get<Members>(open_.back().rest));
            }
        }
        return keys_are_few_;
    }

private:
    struct Open {
        std::variant<Elements, Members> rest;
        std::size_t begin;        // in out_, behind the opening bracket
        std::size_t first_entry;  // in entries_
    };
    struct Entry {
        std::string_view key;
        std::size_t begin, end;  // in out_
    };

    void begin(element value) {
        switch (value.type()) {
            case element_type::ARRAY: {
                const simdjson::dom::array array = value.get_array().value_unsafe();
                out_ += '[';
                open_.push_back({Elements{array.begin(), array.end()}, out_.size(), 0});
                break;
            }
            case element_type::OBJECT: {
                const simdjson::dom::object object = value.get_object().value_unsafe();
                if (object.size() > map_keys_max) keys_are_few_ = false;
                out_ += '{';
                open_.push_back(
                    {Members{object.begin(), object.end()}, out_.size(), entries_.size()});
                break;
            }
            case element_type::STRING:
                append_json_string(value.get_string().value_unsafe(), out_);
                break;
            case element_type::BOOL:
                out_ += value.get_bool().value_unsafe() ? "true" : "false";
                break;
            case element_type::NULL_VALUE:
                out_ += "null";
                break;
            case element_type::INT64:
            case element_type::UINT64:
            case element_type::DOUBLE:
                append_number(value.get_double().value_unsafe(), out_);
                break;
        }
    }

    void next_element(Elements& elements) {
        if (!(elements.at != elements.end)) {
            out_ += ']';
            open_.pop_back();
            return;
        }
        if (out_.size() > open_.back().begin) out_ += ',';
        const element value = *elements.at;
        ++elements.at;
        begin(value);  // may move `elements`
    }

    void next_member(Members& members) {
        const std::size_t first = open_.back().first_entry;
        if (entries_.size() > first) entries_.back().end = out_.size();
        if (!(members.at != members.end)) {
            arrange(open_.back());
            out_ += '}';
            entries_.resize(first);
            open_.pop_back();
            return;
        }
        if (entries_.size() > first) out_ += ',';
        entries_.push_back({members.at.key(), out_.size(), 0});
        append_json_string(members.at.key(), out_);
        out_ += ':';
        const element value = members.at.value();
        ++members.at;
        begin(value);  // may move `members`
    }

    // Puts the members of a finished object into the order a JavaScript object has.
    void arrange(const Open& object) {
        const auto entries = std::span{entries_}.subspan(object.first_entry);
        std::vector<std::string_view> keys;
        keys.reserve(entries.size());
        for (const Entry& entry : entries)
            keys.push_back(entry.key);
        std::vector<std::uint32_t> order;
        order_keys(keys, order);
        if (is_same_order(order, entries.size())) return;

        std::string arranged;
        for (std::uint32_t index : order) {
            if (!arranged.empty()) arranged += ',';
            const Entry& entry = entries[index];
            arranged.append(out_, entry.begin, entry.end - entry.begin);
        }
        out_.resize(object.begin);
        out_ += arranged;
    }

    std::string& out_;
    std::vector<Open> open_;
    std::vector<Entry> entries_;
    bool keys_are_few_ = true;
};

}  // namespace

std::optional<std::string> json_text_member(std::string_view text) {
    simdjson::dom::parser parser;
    element root;
    simdjson::dom::object object;
    if (parser.allocate(text.size(), depth_max) != simdjson::SUCCESS) return std::nullopt;
    if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) return std::nullopt;
    if (root.get(object) != simdjson::SUCCESS) return std::nullopt;

    std::optional<element> member;
    for (const auto [key, value] : object) {
        if (key == "text") member = value;  // the last of several counts
    }
    if (!member) return std::nullopt;
    std::string json;
    if (!Writer{json}.write(*member)) return std::nullopt;
    return json;
}

}  // namespace parley::wire
