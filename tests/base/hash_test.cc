#include "base/hash.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <gtest/gtest.h>
#include <iterator>
#include <set>
#include <string>

namespace parley {
namespace {

HashKey counting_key() {
    HashKey key;
    for (std::size_t i = 0; i < key.bytes.size(); ++i) {
        key.bytes[i] = static_cast<unsigned char>(i);
    }
    return key;
}

std::string counting_text(std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i)
        text += static_cast<char>(i);
    return text;
}

// J.-P. Aumasson, D. J. Bernstein: SipHash, appendix A: key 00 to 0f, input 00 to 0e.
TEST(KeyedHash, IsSipHash24AsItsPaperHasIt) {
    EXPECT_EQ(keyed_hash(counting_text(15), counting_key()), 0xa129ca6149be45e5U);
}

// The first of the reference implementation's vectors, where an off-by-one in the tail shows.
TEST(KeyedHash, AgreesWithTheReferenceForEveryTailLength) {
    constexpr std::uint64_t expected[] = {
        0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a,
        0x85676696d7fb7e2d, 0xcf2794e0277187b7, 0x18765564cd99a68d,
        0xcbc9466e58fee3ce, 0xab0200f58b01d137, 0x93f5f5799a932462,
    };
    for (std::size_t size = 0; size < std::size(expected); ++size) {
        EXPECT_EQ(keyed_hash(counting_text(size), counting_key()), expected[size]) << size;
    }
}

TEST(KeyedHash, DiffersByEveryByteOfTheKey) {
    std::set<std::uint64_t> seen{keyed_hash("alice", HashKey{})};
    for (std::size_t i = 0; i < sizeof(HashKey::bytes); ++i) {
        HashKey key;
        key.bytes[i] = 1;
        seen.insert(keyed_hash("alice", key));
    }
    EXPECT_EQ(seen.size(), sizeof(HashKey::bytes) + 1);
}

// Hash flooding: who knew the key could name users that all fall into one place of a table. Under a
// key that he does not know they lie as evenly as any.
TEST(KeyedHash, NamesThatCollideUnderOneKeyDoNotUnderAnother) {
    constexpr std::size_t names_wanted = 100'000;
    constexpr std::uint64_t places = 64;
    const HashKey known = counting_key();
    const HashKey secret = HashKey::random();
    std::array<std::size_t, places> load{};
    std::size_t found = 0;
    for (std::uint64_t i = 0; found < names_wanted; ++i) {
        const std::string name = std::to_string(i);
        if (keyed_hash(name, known) % places != 0) continue;
        ++found;
        ++load[keyed_hash(name, secret) % places];
    }
    EXPECT_LT(std::ranges::max(load), 2 * names_wanted / places);
}

TEST(KeyedHash, SeesEveryByteOfTheText) {
    EXPECT_NE(keyed_hash("", HashKey{}), keyed_hash(std::string(1, '\0'), HashKey{}));
    EXPECT_NE(keyed_hash("1", HashKey{}), keyed_hash("01", HashKey{}));
    EXPECT_NE(keyed_hash("alice", HashKey{}), keyed_hash("Alice", HashKey{}));
}

TEST(HashKey, IsAnotherEachTime) {
    std::set<std::array<unsigned char, 16>> seen;
    for (int i = 0; i < 100; ++i)
        seen.insert(HashKey::random().bytes);
    EXPECT_EQ(seen.size(), 100U);
}

}  // namespace
}  // namespace parley
