// Fuzzing text: three readers of UTF-8 (one for streams, one that repairs, the library's) agree on
// what is valid, however it is cut, and what was repaired is valid. The first byte chooses the
// cuts.
#include <simdjson.h>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "fuzz/choices.h"
#include "wire/utf8.h"
#include "wire/voiceping.h"
#include "ws/utf8_stream.h"

using namespace parley;

namespace {

// By RFC 3629 alone, one byte after the other.
bool is_valid(std::string_view text) {
    const auto at = [text](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    for (std::size_t i = 0; i < text.size();) {
        const unsigned lead = at(i);
        const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4) return false;
        for (std::size_t k = 1; k < size; ++k) {
            if ((at(i + k) & 0xc0) != 0x80) return false;
        }
        if (lead == 0xe0 && at(i + 1) < 0xa0) return false;  // too long
        if (lead == 0xed && at(i + 1) > 0x9f) return false;  // a surrogate
        if (lead == 0xf0 && at(i + 1) < 0x90) return false;
        if (lead == 0xf4 && at(i + 1) > 0x8f) return false;  // beyond U+10FFFF
        i += size;
    }
    return true;
}

// Whether the stream takes the whole text, and is whole at its end.
bool streams(fuzz::Bytes input, unsigned cuts) {
    fuzz::Splits splits{cuts};
    ws::Utf8Stream stream;
    while (!input.empty()) {
        const fuzz::Bytes piece = splits.take(input);
        const std::vector<std::byte> exact{piece.begin(), piece.end()};
        if (!stream.feed(exact)) return false;
    }
    return stream.is_complete();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto input = fuzz::bytes_of(data, size);
    const unsigned cuts = fuzz::take_choice(input);
    const std::string text{reinterpret_cast<const char*>(input.data()), input.size()};
    const bool valid = is_valid(text);
    PARLEY_ASSERT(streams(input, cuts) == valid);
    PARLEY_ASSERT(streams(input, 0) == valid);
    PARLEY_ASSERT(wire::is_utf8(text) == valid);

    std::string repaired;
    wire::append_repaired(text, repaired);
    PARLEY_ASSERT(is_valid(repaired) && (repaired == text) == valid);
    PARLEY_ASSERT(repaired.size() <= 3 * text.size());
    std::vector<char> room(repaired.size());
    PARLEY_ASSERT(wire::repair_utf8(text, room) == room.size());
    PARLEY_ASSERT(std::string_view(room.data(), room.size()) == repaired);

    std::vector<std::byte> bytes;
    PARLEY_ASSERT(wire::voiceping::bytes_of_text(input, bytes) == valid);
    PARLEY_ASSERT(!valid || bytes.size() <= text.size());
    return 0;
}
