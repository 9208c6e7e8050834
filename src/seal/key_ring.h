// seal::KeyRing: the keys that what is kept is sealed with: the first seals, all open.
//
//   key file ──▶ KeyRing ── derives ──▶ one key for bodies, one for recordings, one to be known by
//                    │
//                    └── sealed things name the key they were sealed with by its id
//
// The keys of the file themselves encrypt nothing, so that what is learned of one use is nothing
// about the other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::seal {

inline constexpr std::size_t key_bytes = 32;
/// A key's name in its file and in front of all it sealed: letters, digits, `.`, `_` and `-`.
inline constexpr std::size_t key_id_size_max = 32;
/// Keys of one file: one a year for as long as anything can be kept, and then some.
inline constexpr std::size_t keys_max = 32;

/// 32 bytes that are wiped when they go.
class Secret {
public:
    Secret() noexcept = default;
    Secret(const Secret&) = default;
    Secret(Secret&&) noexcept = default;  // copies: each is wiped when it goes
    Secret& operator=(const Secret&) = default;
    Secret& operator=(Secret&&) noexcept = default;
    ~Secret();

    unsigned char* data() noexcept { return bytes_.data(); }
    const unsigned char* data() const noexcept { return bytes_.data(); }

private:
    std::array<unsigned char, key_bytes> bytes_{};
};

/// One key, as what it is used for.
struct Key {
    std::string id;
    Secret bodies;
    Secret recordings;
    /// Says which key it is and nothing else about it: kept beside what it sealed.
    std::array<unsigned char, key_bytes> mark{};
};

/// Immutable once filled: every thread may then use it.
class KeyRing {
public:
    KeyRing() noexcept = default;
    KeyRing(KeyRing&&) noexcept = default;
    KeyRing& operator=(KeyRing&&) noexcept = default;
    KeyRing(const KeyRing&) = delete;
    KeyRing& operator=(const KeyRing&) = delete;
    ~KeyRing() = default;

    /// False if the id is no id, is there already, or there are too many keys.
    bool add(std::string_view id, const Secret& key);

    const std::vector<Key>& keys() const noexcept { return keys_; }
    /// The key that seals. Requires that there is one.
    const Key& first() const noexcept { return keys_.front(); }
    /// Null if it is not here.
    const Key* find(std::string_view id) const noexcept;

private:
    std::vector<Key> keys_;
};

bool is_key_id(std::string_view text) noexcept;

}  // namespace parley::seal
