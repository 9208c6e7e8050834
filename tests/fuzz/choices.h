// choices: what a fuzz target decides by its input, apart from the bytes under test.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::fuzz {

using Bytes = std::span<const std::byte>;

inline Bytes bytes_of(const std::uint8_t* data, std::size_t size) noexcept {
    return std::as_bytes(std::span{data, size});
}

/// The first byte of the input, taken off its front; 0 if there is none.
inline unsigned take_choice(Bytes& input) noexcept {
    if (input.empty()) return 0;
    const auto choice = std::to_integer<unsigned>(input.front());
    input = input.subspan(1);
    return choice;
}

/// Cuts a stream into reads. The same seed cuts in the same way; seed 0 gives single bytes.
class Splits {
public:
    explicit Splits(unsigned seed) noexcept : seed_(seed), state_(seed) {}

    /// The next read, taken off the front of `stream`; never empty unless that is.
    template <class Byte>
    std::span<Byte> take(std::span<Byte>& stream) noexcept {
        state_ = state_ * 1664525 + 1013904223;
        const std::size_t wanted = seed_ == 0 ? 1 : 1 + (state_ >> 16) % (1 + seed_ % 64);
        const auto taken = stream.first(std::min(wanted, stream.size()));
        stream = stream.subspan(taken.size());
        return taken;
    }

private:
    std::uint32_t seed_;
    std::uint32_t state_;
};

}  // namespace parley::fuzz
