// Stamp: layout and checksum.
#include "parley_load/stamp.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace parley::load {
namespace {

static_assert(std::endian::native == std::endian::little, "fields are copied as they are");

constexpr std::uint32_t magic = 0x4c524c50;  // PLRL
constexpr std::size_t talker_at = 4;
constexpr std::size_t sequence_at = 8;
constexpr std::size_t due_at = 12;
constexpr std::size_t checksum_at = 20;

/// Each step can be undone, so that two inputs that differ in one word never meet before the final
/// fold to 32 bits.
std::uint32_t checksum(std::span<const std::byte> bytes) noexcept {
    constexpr std::uint64_t factor = 0x9e3779b97f4a7c15;
    std::uint64_t sum = bytes.size();
    while (!bytes.empty()) {
        std::uint64_t word = 0;
        const std::size_t size = std::min(sizeof word, bytes.size());
        std::memcpy(&word, bytes.data(), size);
        sum = std::rotl((sum ^ word) * factor, 29);
        bytes = bytes.subspan(size);
    }
    sum *= factor;
    return static_cast<std::uint32_t>(sum >> 32 ^ sum);
}

template <class Number>
Number field(std::span<const std::byte> stamp, std::size_t at) noexcept {
    Number value;
    std::memcpy(&value, stamp.data() + at, sizeof value);
    return value;
}

}  // namespace

void write_stamped(client::Bytes& out, std::span<const std::byte> packet, const Stamp& stamp) {
    out.resize(packet.size() + stamp_bytes);
    std::ranges::copy(packet, out.begin());
    std::byte* const at = out.data() + packet.size();
    std::memcpy(at, &magic, sizeof magic);
    std::memcpy(at + talker_at, &stamp.talker, sizeof stamp.talker);
    std::memcpy(at + sequence_at, &stamp.sequence, sizeof stamp.sequence);
    std::memcpy(at + due_at, &stamp.due_ns, sizeof stamp.due_ns);
    const std::uint32_t sum = checksum(std::span{out}.first(packet.size() + checksum_at));
    std::memcpy(at + checksum_at, &sum, sizeof sum);
}

std::optional<Stamp> read_stamp(std::span<const std::byte> payload) noexcept {
    if (payload.size() < stamp_bytes) return std::nullopt;
    const auto stamp = payload.last(stamp_bytes);
    if (field<std::uint32_t>(stamp, 0) != magic) return std::nullopt;
    const std::uint32_t sum = checksum(payload.first(payload.size() - stamp_bytes + checksum_at));
    if (field<std::uint32_t>(stamp, checksum_at) != sum) return std::nullopt;
    return Stamp{field<std::uint32_t>(stamp, talker_at), field<std::uint32_t>(stamp, sequence_at),
                 field<std::uint64_t>(stamp, due_at)};
}

}  // namespace parley::load
