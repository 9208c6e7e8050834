// Checker: every planted fault is reported, as what it is.
#include "parley_load/checker.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace parley::load {
namespace {

constexpr std::uint32_t talker = 7;

client::Bytes frame(std::uint32_t sequence, std::uint32_t from = talker) {
    client::Bytes payload;
    const client::Bytes packet(60, static_cast<std::byte>(sequence));
    write_stamped(payload, packet, {from, sequence, 1'000'000});
    return payload;
}

/// What a listener finds who gets these, of `sent` frames.
Faults faults_of(const std::vector<std::uint32_t>& sequences, std::uint32_t sent) {
    Checker checker;
    Faults faults;
    for (const std::uint32_t sequence : sequences)
        checker.check(frame(sequence), talker, faults);
    checker.end(sent, faults);
    return faults;
}

TEST(Stamp, IsReadBack) {
    client::Bytes payload;
    const Stamp stamp{1, 2, 0x123456789abcdef0};
    write_stamped(payload, client::Bytes(61, std::byte{9}), stamp);
    EXPECT_EQ(payload.size(), 61U + stamp_bytes);
    EXPECT_EQ(read_stamp(payload), stamp);
}

TEST(Stamp, NoticesEveryChangedBit) {
    const client::Bytes payload = frame(3);
    for (std::size_t at = 0; at < payload.size(); ++at) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            client::Bytes changed = payload;
            changed[at] ^= static_cast<std::byte>(1U << bit);
            EXPECT_FALSE(read_stamp(changed)) << at << " " << bit;
        }
    }
}

TEST(Stamp, NoticesEveryCutAndExchangedBytes) {
    const client::Bytes payload = frame(3);
    for (std::size_t size = 0; size < payload.size(); ++size) {
        EXPECT_FALSE(read_stamp(std::span{payload}.first(size))) << size;
        EXPECT_FALSE(read_stamp(std::span{payload}.last(size))) << size;
    }
    client::Bytes longer = payload;
    longer.insert(longer.begin(), std::byte{0});
    EXPECT_FALSE(read_stamp(longer));
    client::Bytes other = frame(3);
    for (std::size_t i = 0; i < 60; ++i)
        other[i] = static_cast<std::byte>(i);
    client::Bytes stamped;
    write_stamped(stamped, std::span{other}.first(60), {talker, 3, 5});
    std::swap(stamped[8], stamped[16]);
    EXPECT_FALSE(read_stamp(stamped));
}

TEST(Checker, FindsNothingWhenAllIsWell) {
    EXPECT_EQ(faults_of({0, 1, 2, 3}, 4), Faults{});
    EXPECT_EQ(faults_of({}, 0), Faults{});
}

TEST(Checker, CountsFramesLostAtTheBeginningInTheMiddleAndAtTheEnd) {
    EXPECT_EQ(faults_of({2, 3}, 4), (Faults{.lost = 2}));
    EXPECT_EQ(faults_of({0, 3}, 4), (Faults{.lost = 2}));
    EXPECT_EQ(faults_of({0, 1}, 4), (Faults{.lost = 2}));
    EXPECT_EQ(faults_of({}, 4), (Faults{.lost = 4}));
    EXPECT_EQ(faults_of({0, 999}, 1000), (Faults{.lost = 998}));
}

TEST(Checker, CountsDuplicates) {
    EXPECT_EQ(faults_of({0, 1, 1, 2}, 3), (Faults{.duplicated = 1}));
    EXPECT_EQ(faults_of({0, 1, 2, 0, 2}, 3), (Faults{.duplicated = 2}));
}

TEST(Checker, CountsAFrameThatComesAfterALaterOneAsReorderedAndNotAsLost) {
    EXPECT_EQ(faults_of({0, 2, 1, 3}, 4), (Faults{.reordered = 1}));
    EXPECT_EQ(faults_of({3, 2, 1, 0}, 4), (Faults{.reordered = 3}));
}

TEST(Checker, CountsADuplicateOfAReorderedFrameAsADuplicate) {
    EXPECT_EQ(faults_of({0, 2, 1, 1, 3}, 4), (Faults{.duplicated = 1, .reordered = 1}));
}

TEST(Checker, RemembersTheLast64Frames) {
    std::vector<std::uint32_t> sequences;
    for (std::uint32_t i = 1; i <= 64; ++i)
        sequences.push_back(i);
    sequences.push_back(0);  // 64 behind: too far to tell that it never came
    EXPECT_EQ(faults_of(sequences, 65), (Faults{.lost = 1, .duplicated = 1}));
    sequences.erase(sequences.end() - 2, sequences.end());
    sequences.push_back(0);  // 63 behind
    EXPECT_EQ(faults_of(sequences, 64), (Faults{.reordered = 1}));
}

TEST(Checker, ReportsACorruptedFrameAlsoAsLostForItsNumberCannotBeTrusted) {
    Checker checker;
    Faults faults;
    client::Bytes damaged = frame(0);
    damaged[5] ^= std::byte{1};
    EXPECT_FALSE(checker.check(damaged, talker, faults));
    EXPECT_TRUE(checker.check(frame(1), talker, faults));
    EXPECT_EQ(faults, (Faults{.lost = 1, .corrupted = 1}));
}

TEST(Checker, ReportsFramesOfAnotherTalker) {
    Checker checker;
    Faults faults;
    EXPECT_FALSE(checker.check(frame(0, talker + 1), talker, faults));
    EXPECT_EQ(faults, (Faults{.misdirected = 1}));
}

TEST(Checker, AgreesWithASlowCountOnRandomDamage) {
    std::mt19937 random{18};
    for (int round = 0; round < 300; ++round) {
        std::vector<std::uint32_t> sequences;
        std::uint32_t lost = 0;
        std::uint32_t duplicated = 0;
        for (std::uint32_t i = 0; i < 500; ++i) {
            const auto fate = random() % 20;
            if (fate == 0) {
                ++lost;
                continue;
            }
            sequences.push_back(i);
            if (fate == 1) {
                sequences.push_back(i);
                ++duplicated;
            }
        }
        std::uint32_t reordered = 0;
        for (std::size_t i = 1; i < sequences.size(); i += 7) {
            if (sequences[i - 1] == sequences[i]) continue;
            // Exchanged neighbours: the earlier one comes late, unless a copy of it came before.
            const bool has_copy = i >= 2 && sequences[i - 2] == sequences[i - 1];
            const bool next_is_copy = i + 1 < sequences.size() && sequences[i + 1] == sequences[i];
            if (has_copy || next_is_copy) continue;
            std::swap(sequences[i - 1], sequences[i]);
            ++reordered;
        }
        EXPECT_EQ(faults_of(sequences, 500),
                  (Faults{.lost = lost, .duplicated = duplicated, .reordered = reordered}));
    }
}

}  // namespace
}  // namespace parley::load
