// What reading costs in memory and time: nothing for ordinary frames, as much as was received
// for the rest, and never more because of how the bytes are cut.
#include <ctime>
#include <gtest/gtest.h>

#include "frames.h"
#include "support/allocations.h"

namespace parley::ws {
namespace {

using test::allocated_bytes;
using test::allocations;

/// Reads all of `input` and gives the number of things read. Allocates nothing itself.
std::size_t drain(FrameReader& reader, std::span<std::byte> input) {
    std::size_t count = 0;
    while (reader.next(input).what != What::need_more)
        ++count;
    return count;
}

/// CPU time for a message of `size` bytes in single bytes.
std::clock_t time_of_single_bytes(std::size_t size) {
    std::clock_t fastest = 100 * CLOCKS_PER_SEC;
    for (int round = 0; round < 5; ++round) {
        Bytes bytes = text(std::string(size, 'x'));
        FrameReader reader{Role::server, MessageLimits{}};
        const std::clock_t begin = std::clock();
        std::size_t count = 0;
        for (std::byte& byte : bytes)
            count += drain(reader, {&byte, 1});
        fastest = std::min(fastest, std::clock() - begin);
        EXPECT_EQ(count, 1u);
    }
    return fastest;
}

TEST(FrameReaderMemory, WholeFramesAllocateNothing) {
    Bytes bytes = binary("a") + text("b") + ping("c") + binary(std::string(70'000, 'd')) +
                  text(std::string(70'000, 'e')) + frame(0xa, {.payload = "f"}) + binary("");
    const Bytes once = bytes;
    for (int i = 0; i < 9; ++i)
        bytes = bytes + once;
    bytes = bytes + close("\x03\xe8reason");
    read(text("x"));  // the first text of a process has simdjson choose its code for this machine
    const std::uint64_t before = allocations();
    FrameReader reader{Role::server, MessageLimits{}};
    EXPECT_EQ(drain(reader, bytes), 71u);
    EXPECT_EQ(allocations() - before, 0u);
}

TEST(FrameReaderMemory, SplitHeadsAllocateNothing) {
    Bytes bytes = binary(std::string(300, 'x'));
    for (std::size_t cut = 1; cut <= 8; ++cut) {
        Bytes copy = bytes;
        const std::uint64_t before = allocations();
        FrameReader reader{Role::server, MessageLimits{}};
        EXPECT_EQ(drain(reader, std::span{copy}.first(cut)), 0u);
        EXPECT_EQ(drain(reader, std::span{copy}.subspan(cut)), 1u);
        EXPECT_EQ(allocations() - before, 0u) << cut;
    }
}

TEST(FrameReaderMemory, AProtocolErrorAllocatesNothing) {
    Bytes bytes = frame(0x2, {.declared = std::uint64_t{1} << 40});
    const std::uint64_t before = allocations();
    FrameReader reader{Role::server, MessageLimits{}};
    EXPECT_EQ(drain(reader, bytes), 1u);
    EXPECT_EQ(allocations() - before, 0u);
}

TEST(FrameReaderMemory, ADeclaredLengthReservesNothing) {
    Bytes bytes = frame(0x2, {.payload = "x", .declared = 1024 * 1024});
    const std::uint64_t before = allocated_bytes();
    FrameReader reader{Role::server, MessageLimits{}};
    EXPECT_EQ(drain(reader, bytes), 0u);
    EXPECT_TRUE(reader.is_gathering());
    EXPECT_LT(allocated_bytes() - before, 512u);
}

TEST(FrameReaderMemory, AnIdleReaderHoldsNothing) {
    FrameReader reader{Role::server, MessageLimits{}};
    for (Bytes bytes :
         {begin(0x2, "abc") + end("def"), text("split"), ping("split"), binary("x")}) {
        std::size_t count = 0;
        for (std::byte& byte : bytes)
            count += drain(reader, {&byte, 1});
        EXPECT_EQ(count, 1u);
        EXPECT_FALSE(reader.is_gathering());
    }
}

TEST(FrameReaderMemory, ManyTinyFragmentsCostLittle) {
    Bytes bytes = begin(0x1, "x");
    for (int i = 2; i < 1024; ++i) {
        const Bytes next = middle("x");
        bytes.insert(bytes.end(), next.begin(), next.end());
    }
    const std::uint64_t before = allocated_bytes();
    FrameReader reader{Role::server, MessageLimits{}};
    EXPECT_EQ(drain(reader, bytes), 0u);
    EXPECT_LT(allocated_bytes() - before, 4096u);
}

TEST(FrameReaderMemory, AMegabyteInSingleBytesIsCopiedAFewTimesOnly) {
    Bytes bytes = binary(std::string(1024 * 1024, 'x'));
    const std::uint64_t allocations_before = allocations();
    const std::uint64_t bytes_before = allocated_bytes();
    FrameReader reader{Role::server, MessageLimits{}};
    std::size_t count = 0;
    for (std::byte& byte : bytes)
        count += drain(reader, {&byte, 1});
    EXPECT_EQ(count, 1u);
    EXPECT_LE(allocations() - allocations_before, 32u);
    EXPECT_LE(allocated_bytes() - bytes_before, 4 * bytes.size());
}

TEST(FrameReaderMemory, AMegabyteInSingleBytesTakesLinearTime) {
    const std::clock_t small = time_of_single_bytes(128 * 1024);
    const std::clock_t large = time_of_single_bytes(1024 * 1024);
    EXPECT_LT(large, 8 * small * 3) << "8 times the bytes; quadratic would be 64 times the time";
}

}  // namespace
}  // namespace parley::ws
