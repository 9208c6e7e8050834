// Fuzzing compressed messages: however the stream is cut, the same things are read, within the
// limits, with and without context. The first byte chooses limits and context, the second the cuts.
// A third says whether the rest is a stream of frames or the payload of one compressed message,
// which a fuzzer would else have to mask.
#include <memory>
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
std::vector<Thing> read(const ws::MessageLimits& limits, bool keeps_context, fuzz::Bytes input,
                        NextRead next_read) {
    ws::Inflaters inflaters;
    const auto own = keeps_context ? std::make_unique<ws::Inflater>(std::uint8_t{10}) : nullptr;
    const ws::Inflation inflation{inflaters, own.get()};
    ws::FrameReader reader{ws::Role::server, limits, inflation};
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

/// As one compressed binary message, in as many frames as it takes to keep their heads short.
std::vector<std::byte> framed(fuzz::Bytes payload) {
    constexpr std::byte binary_rsv1{0x42};
    constexpr std::byte fin{0x80};
    constexpr std::byte masked{0x80};
    std::vector<std::byte> stream;
    bool is_first = true;
    while (is_first || !payload.empty()) {
        const auto piece = payload.first(std::min<std::size_t>(payload.size(), 125));
        payload = payload.subspan(piece.size());
        stream.push_back((is_first ? binary_rsv1 : std::byte{}) |
                         (payload.empty() ? fin : std::byte{}));
        stream.push_back(masked | static_cast<std::byte>(piece.size()));
        stream.insert(stream.end(), sizeof(ws::MaskKey), std::byte{});
        stream.insert(stream.end(), piece.begin(), piece.end());
        is_first = false;
    }
    return stream;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto input = fuzz::bytes_of(data, size);
    const unsigned choice = fuzz::take_choice(input);
    ws::MessageLimits limits;
    if ((choice & 2U) != 0) limits = {.message_bytes_max = 200, .fragments_max = 5};
    const bool keeps_context = (choice & 4U) != 0;
    fuzz::Splits splits{fuzz::take_choice(input)};
    std::vector<std::byte> made;
    if (fuzz::take_choice(input) % 2 == 0) input = made = framed(input);

    const auto whole =
        read(limits, keeps_context, input, [](auto& rest) { return std::exchange(rest, {}); });
    const auto cut =
        read(limits, keeps_context, input, [&](auto& rest) { return splits.take(rest); });
    PARLEY_ASSERT(whole == cut);
    return 0;
}
