// Fuzzing the VoicePing decoder: whatever comes in, what goes out must come in again unchanged.
// The first byte chooses the dialect.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/assert.h"
#include "wire/value.h"
#include "wire/voiceping.h"

using namespace parley::wire;

namespace {

std::vector<std::byte> encoded_read(const Command& command) {
    const Event event{Kind::read,         Scope::direct,      command.from.encoded,
                      command.to.encoded, command.message_id, command.payload};
    std::vector<std::byte> out(voiceping::encoded_size(event));
    PARLEY_ASSERT(voiceping::encode(event, out) == out.size());
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = std::as_bytes(std::span{data, size});
    if (input.empty()) return 0;
    const auto dialect = input[0] < std::byte{128} ? voiceping::Dialect::router_2023
                                                   : voiceping::Dialect::router_2026;
    voiceping::Decoder decoder{dialect};
    auto command = decoder.decode(input.subspan(1));
    if (!command) return 0;

    std::vector<std::byte> content;
    append_text_content((*command).from.text, (*command).payload, content);
    append_interactive_content((*command).to.text, (*command).payload, content);
    append_start_answer((*command).scope, (*command).payload, content);

    const auto once = encoded_read(*command);
    auto again = decoder.decode(once);
    if (!again) {  // only an extension on the last level becomes a list one level too deep
        PARLEY_ASSERT(again.error() == error_of(DecodeError::too_deep) ||
                      again.error() == error_of(DecodeError::too_large));
        return 0;
    }
    PARLEY_ASSERT(encoded_read(*again) == once);
    return 0;
}
