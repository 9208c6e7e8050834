// Fuzzing JSON in texts: both that which clients send and that which is written from their
// MessagePack. The first byte chooses which. Whatever comes in, what goes out is JSON, and means
// the same when it is read again.
#include <simdjson.h>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "fuzz/choices.h"
#include "wire/canonical.h"
#include "wire/item.h"
#include "wire/json.h"
#include "wire/limits.h"
#include "wire/utf8.h"
#include "wire/value.h"

using namespace parley;

namespace {

// JavaScript writes integers beyond 64 bits in full, which this parser does not take.
bool is_json(std::string_view text) {
    simdjson::dom::parser parser;
    const auto error = parser.parse(text.data(), text.size(), true).error();
    return error == simdjson::SUCCESS || error == simdjson::NUMBER_ERROR;
}

void read_member(std::string_view text) {
    const std::vector<char> exact{text.begin(), text.end()};  // a look beyond its end is seen
    const auto member = wire::json_text_member({exact.data(), exact.size()});
    if (!member) return;
    PARLEY_ASSERT(is_json(*member) && wire::is_utf8(*member));
    // Written once, it does not change any more.
    const auto again = wire::json_text_member("{\"text\":" + *member + "}");
    PARLEY_ASSERT(!again.has_value() || *again == *member);
}

// What is not in the form that a decoder leaves is only to do no harm.
void look_at(wire::Bytes value) {
    std::vector<std::byte> content;
    PARLEY_ASSERT(wire::is_utf8(wire::text_of(value)));
    static_cast<void>(wire::json_of(value));
    static_cast<void>(wire::truthy(value));
    wire::append_text_content("id", value, content);
}

void write_value(fuzz::Bytes input) {
    const std::vector<std::byte> exact{input.begin(), input.end()};
    look_at(exact);
    wire::Reader reader{exact};
    auto value = reader.value(wire::depth_max);
    if (!value || (*value).encoded.size() > wire::rebuilt_bytes_max) return;
    wire::Canonicaliser canonicaliser;
    std::vector<std::byte> canonical;
    if (!canonicaliser.append((*value).encoded, canonical)) return;
    canonical.shrink_to_fit();
    std::vector<std::byte> again;
    PARLEY_ASSERT(canonicaliser.append(canonical, again) && again == canonical);
    const std::string json = wire::json_of(canonical);
    PARLEY_ASSERT(json.empty() || (wire::is_utf8(json) && is_json(json)));
    std::vector<std::byte> content;
    wire::append_text_content("id", canonical, content);
    PARLEY_ASSERT(is_json(wire::text_of(content)));
    content.clear();
    wire::append_interactive_content("id", canonical, content);
    PARLEY_ASSERT(is_json(wire::text_of(content)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto input = fuzz::bytes_of(data, size);
    const unsigned choice = fuzz::take_choice(input);
    if (choice % 2 == 0) {
        read_member({reinterpret_cast<const char*>(input.data()), input.size()});
    } else {
        write_value(input);
    }
    return 0;
}
