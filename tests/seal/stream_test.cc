#include "seal/stream.h"

#include <gtest/gtest.h>

#include "seal/keys.h"

namespace parley::seal {
namespace {

using Place = StreamSealer::Place;
using Status = StreamOpener::Status;

Bytes bytes(std::size_t count, int first) {
    Bytes made(count);
    for (std::size_t i = 0; i < count; ++i)
        made[i] = static_cast<std::byte>(first + static_cast<int>(i % 251));
    return made;
}

struct Sealed {
    Bytes file;
    Bytes plain;
    std::vector<std::size_t> ends;  // of the head and each chunk
};

Sealed three_chunks(const KeyRing& keys) {
    Sealed made;
    StreamSealer sealer{keys, made.file};
    made.ends.push_back(made.file.size());
    for (int i = 0; i < 3; ++i) {
        const Bytes plain = bytes(1000, i);
        made.plain.insert(made.plain.end(), plain.begin(), plain.end());
        sealer.seal(plain, i == 2 ? Place::last : Place::within, made.file);
        made.ends.push_back(made.file.size());
    }
    return made;
}

Status open(const KeyRing& keys, std::span<const std::byte> file, Bytes& out) {
    StreamOpener opener{keys};
    return opener.feed(file, out);
}

TEST(SealedStreams, OpenInPiecesOfAnySize) {
    const KeyRing keys = ring_of({"a"});
    const Sealed sealed = three_chunks(keys);
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{7}, std::size_t{1021}, sealed.file.size()}) {
        StreamOpener opener{keys};
        Bytes out;
        std::span<const std::byte> rest{sealed.file};
        while (!rest.empty()) {
            const std::size_t taken = std::min(piece, rest.size());
            opener.feed(rest.first(taken), out);
            rest = rest.subspan(taken);
        }
        EXPECT_EQ(opener.status(), Status::ended);
        EXPECT_EQ(out, sealed.plain);
    }
}

TEST(SealedStreams, HoldLongWritesInSeveralChunks) {
    const KeyRing keys = ring_of({"a"});
    const Bytes plain = bytes(3 * chunk_bytes_max + 5, 0);
    Bytes file;
    StreamSealer{keys, file}.seal(plain, Place::last, file);
    Bytes out;
    EXPECT_EQ(open(keys, file, out), Status::ended);
    EXPECT_EQ(out, plain);
}

// What a crash leaves: all that was written whole opens, and nothing says that it had ended.
TEST(SealedStreams, OpenUpToTheLastWholeChunkOfACutFile) {
    const KeyRing keys = ring_of({"a"});
    const Sealed sealed = three_chunks(keys);
    for (std::size_t size = 0; size < sealed.file.size(); ++size) {
        Bytes out;
        EXPECT_EQ(open(keys, std::span{sealed.file}.first(size), out), Status::need_more);
        std::size_t whole = 0;
        while (whole + 1 < sealed.ends.size() && sealed.ends[whole + 1] <= size)
            ++whole;
        EXPECT_EQ(out.size(), whole * 1000) << size;
    }
}

TEST(SealedStreams, BreakWhereAByteWasChangedAndGiveNothingOfIt) {
    const KeyRing keys = ring_of({"a"});
    const Sealed sealed = three_chunks(keys);
    for (std::size_t at = 0; at < sealed.file.size(); at += 13) {
        Bytes changed = sealed.file;
        changed[at] ^= std::byte{0x40};
        Bytes out;
        EXPECT_NE(open(keys, changed, out), Status::ended) << at;
        EXPECT_EQ(out, Bytes(sealed.plain.begin(),
                             sealed.plain.begin() + static_cast<std::ptrdiff_t>(out.size())));
    }
}

TEST(SealedStreams, BreakWhereChunksAreLeftOutOrMoved) {
    const KeyRing keys = ring_of({"a"});
    const Sealed sealed = three_chunks(keys);
    const auto at = [&](std::size_t end) {
        return sealed.file.begin() + static_cast<std::ptrdiff_t>(sealed.ends[end]);
    };
    Bytes left_out(sealed.file.begin(), at(0));
    left_out.insert(left_out.end(), at(1), sealed.file.end());
    Bytes out;
    EXPECT_EQ(open(keys, left_out, out), Status::broken);
    Bytes other_head;
    StreamSealer{keys, other_head}.seal({}, Place::last, other_head);
    Bytes moved(other_head.begin(), other_head.begin() + (at(0) - sealed.file.begin()));
    moved.insert(moved.end(), at(0), sealed.file.end());
    EXPECT_EQ(open(keys, moved, out), Status::broken);
    EXPECT_TRUE(out.empty());
}

TEST(SealedStreams, BreakIfSomethingFollowsTheEnd) {
    const KeyRing keys = ring_of({"a"});
    Bytes file = three_chunks(keys).file;
    file.push_back(std::byte{0});
    Bytes out;
    EXPECT_EQ(open(keys, file, out), Status::broken);
}

TEST(SealedStreams, OpenWithAnOldKeyOfTheRingAndNotWithout) {
    const Sealed sealed = three_chunks(ring_of({"2025"}));
    Bytes out;
    EXPECT_EQ(open(ring_of({"2026", "2025"}), sealed.file, out), Status::ended);
    EXPECT_EQ(out, sealed.plain);
    EXPECT_EQ(open(ring_of({"2026"}), sealed.file, out), Status::broken);
}

}  // namespace
}  // namespace parley::seal
