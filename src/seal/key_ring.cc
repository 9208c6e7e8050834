#include "seal/key_ring.h"

#include <algorithm>
#include <sodium.h>

#include "base/assert.h"

namespace parley::seal {
namespace {

static_assert(key_bytes == crypto_kdf_KEYBYTES);
static_assert(key_bytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(key_bytes == crypto_secretstream_xchacha20poly1305_KEYBYTES);

// Written into everything that is sealed: these numbers never change their meaning.
enum class Use : std::uint64_t { bodies = 1, recordings = 2, mark = 3 };

void derive(const Secret& key, Use use, unsigned char* out) noexcept {
    constexpr std::array<char, crypto_kdf_CONTEXTBYTES> context{'P', 'a', 'r', 'l',
                                                                'e', 'y', 'S', 'e'};
    const int failed = crypto_kdf_derive_from_key(out, key_bytes, static_cast<std::uint64_t>(use),
                                                  context.data(), key.data());
    PARLEY_ASSERT(failed == 0);
}

}  // namespace

Secret::~Secret() {
    sodium_memzero(bytes_.data(), bytes_.size());
}

bool is_key_id(std::string_view text) noexcept {
    constexpr std::string_view allowed =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    return !text.empty() && text.size() <= key_id_size_max &&
           text.find_first_not_of(allowed) == std::string_view::npos;
}

bool KeyRing::add(std::string_view id, const Secret& key) {
    PARLEY_ASSERT(sodium_init() >= 0);
    if (!is_key_id(id) || find(id) != nullptr || keys_.size() == keys_max) return false;
    Key& added = keys_.emplace_back();
    added.id = id;
    derive(key, Use::bodies, added.bodies.data());
    derive(key, Use::recordings, added.recordings.data());
    derive(key, Use::mark, added.mark.data());
    return true;
}

const Key* KeyRing::find(std::string_view id) const noexcept {
    const auto found = std::ranges::find(keys_, id, &Key::id);
    return found == keys_.end() ? nullptr : &*found;
}

}  // namespace parley::seal
