// Fuzzing the frame reader: however the stream is cut, the same things are read, within the limits.
// The first byte chooses the role and the limits, the second the cuts.
#include <string>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "fuzz/choices.h"
#include "fuzz/ws_things.h"
#include "ws/frame_reader.h"

using namespace parley;
using fuzz::read_piece;
using fuzz::Thing;
using ws::Received;

namespace {

template <class NextRead>
std::vector<Thing> read(ws::Role role, const ws::MessageLimits& limits, fuzz::Bytes input,
                        NextRead next_read) {
    ws::FrameReader reader{role, limits};
    std::vector<std::byte> stream{input.begin(), input.end()};  // it unmasks in place
    std::vector<Thing> things;
    std::span<std::byte> rest{stream};
    while (!rest.empty()) {
        // On the heap and of its exact size, so that a read beyond it is seen.
        const std::span<std::byte> piece = next_read(rest);
        std::vector<std::byte> exact{piece.begin(), piece.end()};
        if (!read_piece(reader, exact, limits, things)) break;
    }
    return things;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto input = fuzz::bytes_of(data, size);
    const unsigned choice = fuzz::take_choice(input);
    const auto role = (choice & 1U) != 0 ? ws::Role::client : ws::Role::server;
    ws::MessageLimits limits;
    if ((choice & 2U) != 0) limits = {.message_bytes_max = 200, .fragments_max = 5};
    fuzz::Splits splits{fuzz::take_choice(input)};

    const auto whole =
        read(role, limits, input, [](auto& rest) { return std::exchange(rest, {}); });
    const auto cut = read(role, limits, input, [&](auto& rest) { return splits.take(rest); });
    PARLEY_ASSERT(whole == cut);
    return 0;
}
