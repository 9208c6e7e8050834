#include "ws/frame.h"

#include <gtest/gtest.h>
#include <random>

#include "frames.h"

namespace parley::ws {
namespace {

constexpr MaskKey key{std::byte{0x37}, std::byte{0xfa}, std::byte{0x21}, std::byte{0x3d}};

TEST(Frame, AServersHeadHasNoMaskAndTheShortestLength) {
    for (const std::uint64_t size :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{125}, std::uint64_t{126},
          std::uint64_t{127}, std::uint64_t{65535}, std::uint64_t{65536}, std::uint64_t{1} << 32}) {
        Bytes head(head_bytes_max);
        head.resize(write_head(Opcode::binary, size, head));
        EXPECT_EQ(head, frame(0x2, {.masked = false, .declared = size})) << size;
        EXPECT_EQ(head.size(), head_size(size)) << size;
    }
}

TEST(Frame, AClientsHeadEndsInItsMask) {
    for (const std::uint64_t size : {0, 125, 126, 65535, 65536}) {
        Bytes head(head_bytes_max);
        head.resize(write_client_head(Opcode::text, size, key, head));
        EXPECT_EQ(head, frame(0x1, {.declared = size})) << size;
    }
}

TEST(Frame, HasTheBytesOfTheRfc) {  // RFC 6455 section 5.7
    Bytes out(head_bytes_max);
    out.resize(write_client_head(Opcode::text, 5, key, out));
    Bytes payload = to_bytes("Hello");
    apply_mask(payload, key, 0);
    EXPECT_EQ(to_text(out + payload), "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
}

TEST(FrameDeathTest, HeadsNeedRoom) {
    Bytes out(3);
    EXPECT_DEATH(write_head(Opcode::binary, 126, out), "");
    EXPECT_DEATH(write_client_head(Opcode::binary, 1, key, out), "");
}

TEST(Frame, MasksAnySizeAtAnyOffsetAndAlignment) {
    std::mt19937 random{1};
    for (std::size_t size = 0; size < 150; ++size) {
        for (std::size_t offset = 0; offset < 9; ++offset) {
            for (const std::size_t shift : {0, 1, 3}) {
                Bytes memory(size + shift + 1);
                for (std::byte& byte : memory)
                    byte = static_cast<std::byte>(random());
                Bytes expected = memory;
                for (std::size_t i = 0; i < size; ++i)
                    expected[shift + i] ^= key[(offset + i) % 4];
                apply_mask(std::span{memory}.subspan(shift, size), key, offset);
                ASSERT_EQ(memory, expected) << size << " at " << offset;
            }
        }
    }
}

}  // namespace
}  // namespace parley::ws
