// The bounds of messages, each at the bound, one below and one above.
#include <gtest/gtest.h>

#include "frames.h"

namespace parley::ws {
namespace {

const Event too_big = failed(CloseCode::too_big);
const Event broken = failed(CloseCode::protocol_error);
constexpr std::size_t bytes_max = MessageLimits{}.message_bytes_max;
constexpr std::uint32_t fragments_max = MessageLimits{}.fragments_max;

/// Only the head of a frame that says it has `size` bytes.
Bytes head_of(unsigned opcode, std::uint64_t size) {
    return frame(opcode, {.declared = size});
}

TEST(FrameReaderLimits, AreWhatTheyAreSaidToBe) {
    EXPECT_EQ(bytes_max, 1024u * 1024 + 4096);
    EXPECT_EQ(fragments_max, 1024u);
}

TEST(FrameReaderLimits, AMessageMayHaveExactlyTheLimit) {
    for (const std::size_t size : {bytes_max - 1, bytes_max}) {
        const std::string payload(size, 'x');
        EXPECT_EQ(read(binary(payload)), (Events{{What::binary, payload}}));
        EXPECT_EQ(read(text(payload)), (Events{{What::text, payload}}));
        EXPECT_EQ(read_slowly(binary(payload)), (Events{{What::binary, payload}}));
    }
}

TEST(FrameReaderLimits, AMessageOverTheLimitIsRefusedFromItsHeadAlone) {
    for (const std::size_t over : {1, 2, 100'000}) {
        EXPECT_EQ(read(head_of(0x2, bytes_max + over)), Events{too_big});
        EXPECT_EQ(read_slowly(head_of(0x1, bytes_max + over)), Events{too_big});
        EXPECT_EQ(read(binary(std::string(bytes_max + over, 'x'))), Events{too_big});
    }
    // The length is enough: the mask has not come.
    const Bytes head = head_of(0x2, bytes_max + 1);
    EXPECT_EQ(read({head.begin(), head.end() - 4}), Events{too_big});
}

TEST(FrameReaderLimits, TheSumOfTheFragmentsIsJudgedFromTheHeadThatExceedsIt) {
    const std::string half(bytes_max / 2, 'x');
    EXPECT_EQ(read(begin(0x2, half) + end(half)), (Events{{What::binary, half + half}}));
    EXPECT_EQ(read(begin(0x2, half) + middle("") + head_of(0x0, bytes_max / 2 + 1)),
              Events{too_big});
    EXPECT_EQ(read(begin(0x2, half) + middle(half) + middle("") + head_of(0x0, 1)),
              Events{too_big});
    EXPECT_EQ(read(begin(0x2, "x") + head_of(0x0, (std::uint64_t{1} << 63) - 1)), Events{too_big});
    // The sum begins anew with each message, and control frames do not count.
    EXPECT_EQ(read(begin(0x2, half) + end(half) + begin(0x2, half) + ping("p") + end(half)).size(),
              3u);
}

TEST(FrameReaderLimits, HugeLengthsAreRefusedAtOnce) {
    for (const unsigned opcode : {0x1u, 0x2u}) {
        for (const std::uint64_t size :
             {(std::uint64_t{1} << 32) - 1, std::uint64_t{1} << 32, (std::uint64_t{1} << 32) + 1,
              (std::uint64_t{1} << 63) - 1}) {
            EXPECT_EQ(read(head_of(opcode, size)), Events{too_big}) << size;
            EXPECT_EQ(read_slowly(head_of(opcode, size)), Events{too_big}) << size;
        }
        for (const std::uint64_t size :
             {std::uint64_t{1} << 63, (std::uint64_t{1} << 63) + 5, ~std::uint64_t{0} - 1}) {
            EXPECT_EQ(read(head_of(opcode, size)), Events{broken}) << size;
            EXPECT_EQ(read_slowly(head_of(opcode, size)), Events{broken}) << size;
        }
    }
}

TEST(FrameReaderLimits, LengthsMustBeWrittenInTheFewestBytes) {
    for (const std::size_t size : {0, 1, 125}) {
        const std::string payload(size, 'x');
        EXPECT_EQ(read(frame(0x2, {.payload = payload, .length_bytes = 2})), Events{broken});
        EXPECT_EQ(read(frame(0x2, {.payload = payload, .length_bytes = 8})), Events{broken});
    }
    for (const std::size_t size : {126, 65535}) {
        const std::string payload(size, 'x');
        EXPECT_EQ(read(frame(0x2, {.payload = payload, .length_bytes = 2})).at(0).what,
                  What::binary);
        EXPECT_EQ(read(frame(0x2, {.payload = payload, .length_bytes = 8})), Events{broken});
    }
}

Bytes in_fragments(unsigned opcode, std::uint32_t count, const std::string& each) {
    Bytes bytes = begin(opcode, each);
    for (std::uint32_t i = 2; i < count; ++i) {
        const Bytes next = middle(each);
        bytes.insert(bytes.end(), next.begin(), next.end());
    }
    return bytes + end(each);
}

TEST(FrameReaderLimits, AMessageMayHave1024Fragments) {
    for (const std::uint32_t count : {fragments_max - 1, fragments_max}) {
        for (const std::string each : {"", "x"}) {
            const Bytes bytes = in_fragments(0x2, count, each);
            ASSERT_EQ(read(bytes).size(), 1u);
            EXPECT_EQ(read(bytes)[0].payload.size(), count * each.size());
            EXPECT_EQ(read(bytes), read_slowly(bytes));
        }
    }
}

TEST(FrameReaderLimits, AMessageOfMoreFragmentsIsAgainstThePolicy) {
    for (const std::string each : {"", "x"}) {
        const Bytes bytes = in_fragments(0x1, fragments_max + 1, each);
        EXPECT_EQ(read(bytes), Events{failed(CloseCode::policy)});
        EXPECT_EQ(read_slowly(bytes), Events{failed(CloseCode::policy)});
    }
}

TEST(FrameReaderLimits, FragmentsAreCountedAnewForEachMessage) {
    const Bytes bytes = in_fragments(0x2, fragments_max, "x");
    EXPECT_EQ(read(bytes + bytes).size(), 2u);
    EXPECT_EQ(read(bytes + bytes)[1].what, What::binary);
}

TEST(FrameReaderLimits, MayBeSetForEachReader) {
    FrameReader small{Role::server, {.message_bytes_max = 10, .fragments_max = 2}};
    EXPECT_EQ(read_cut(small, binary("0123456789"), 100).at(0).what, What::binary);
    EXPECT_EQ(read_cut(small, in_fragments(0x2, 2, "x"), 100).at(0).what, What::binary);
    EXPECT_EQ(read_cut(small, in_fragments(0x2, 3, "x"), 100), Events{failed(CloseCode::policy)});
}

// They come with each call, so they may change from one frame to the next.
TEST(FrameReaderLimits, ChangeFromTheNextFrameOn) {
    MessageLimits limits{.message_bytes_max = 10, .fragments_max = 9};
    const FrameCutter::Rules rules{Role::server, limits};
    FrameCutter cutter;
    Bytes first = binary("01234567890") + begin(0x2, "01234567890");
    std::span<std::byte> input{first};
    limits.message_bytes_max = 11;
    EXPECT_EQ(cutter.next(input, rules).what, What::binary);
    EXPECT_EQ(cutter.next(input, rules).what, What::need_more);
    Bytes second = end("");
    input = second;
    limits.message_bytes_max = 5;  // below what the open message already has
    EXPECT_EQ(cutter.next(input, rules).code, CloseCode::too_big);
}

}  // namespace
}  // namespace parley::ws
