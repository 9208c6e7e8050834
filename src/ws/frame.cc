#include "ws/frame.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace parley::ws {
namespace {

constexpr std::byte fin_bit{0x80};
constexpr std::byte mask_bit{0x80};

/// A vector of the target; the compiler makes two of it where there is none of this width.
using Block [[gnu::vector_size(32)]] = std::uint32_t;

void write_big_endian(std::uint64_t value, std::span<std::byte> out) noexcept {
    for (std::size_t i = out.size(); i-- > 0; value >>= 8)
        out[i] = static_cast<std::byte>(value);
}

template <class Word>
void mix(std::byte* at, const Word& mask) noexcept {
    Word word;
    std::memcpy(&word, at, sizeof word);
    word ^= mask;
    std::memcpy(at, &word, sizeof word);
}

}  // namespace

std::size_t write_head(Opcode opcode, std::uint64_t payload_size,
                       std::span<std::byte> out) noexcept {
    const std::size_t size = head_size(payload_size);
    PARLEY_ASSERT(out.size() >= size);
    out[0] = fin_bit | static_cast<std::byte>(opcode);
    if (size == 2) {
        out[1] = static_cast<std::byte>(payload_size);
    } else {
        out[1] = std::byte{size == 4 ? std::uint8_t{126} : std::uint8_t{127}};
        write_big_endian(payload_size, out.subspan(2, size - 2));
    }
    return size;
}

std::size_t write_client_head(Opcode opcode, std::uint64_t payload_size, const MaskKey& key,
                              std::span<std::byte> out) noexcept {
    const std::size_t size = write_head(opcode, payload_size, out);
    PARLEY_ASSERT(out.size() >= size + key.size());
    out[1] |= mask_bit;
    std::copy(key.begin(), key.end(), out.begin() + static_cast<std::ptrdiff_t>(size));
    return size + key.size();
}

void apply_mask(std::span<std::byte> bytes, const MaskKey& key, std::size_t offset) noexcept {
    MaskKey turned;
    for (std::size_t i = 0; i < key.size(); ++i)
        turned[i] = key[(offset + i) % key.size()];
    std::uint32_t word = 0;
    std::memcpy(&word, turned.data(), sizeof word);
    const Block mask = Block{} + word;

    std::size_t done = 0;  // a multiple of the key's size
    for (; bytes.size() - done >= sizeof mask; done += sizeof mask)
        mix(bytes.data() + done, mask);
    for (; bytes.size() - done >= sizeof word; done += sizeof word)
        mix(bytes.data() + done, word);
    for (std::size_t i = 0; done + i < bytes.size(); ++i)
        bytes[done + i] ^= turned[i];
}

}  // namespace parley::ws
