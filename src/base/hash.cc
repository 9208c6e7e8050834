#include "base/hash.h"

#include <cstring>
#include <sodium.h>

#include "base/assert.h"

namespace parley {

static_assert(crypto_shorthash_KEYBYTES == sizeof(HashKey::bytes));
static_assert(crypto_shorthash_BYTES == sizeof(std::uint64_t));

HashKey HashKey::random() noexcept {
    PARLEY_ASSERT(sodium_init() >= 0);
    HashKey key;
    randombytes_buf(key.bytes.data(), key.bytes.size());
    return key;
}

std::uint64_t keyed_hash(std::string_view text, const HashKey& key) noexcept {
    std::uint64_t hash = 0;
    crypto_shorthash(reinterpret_cast<unsigned char*>(&hash),
                     reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     key.bytes.data());
    return hash == 0 ? 1 : hash;
}

}  // namespace parley
