// Keys for tests: as many as asked for, all different.
#pragma once

#include <initializer_list>
#include <string_view>

#include "seal/key_ring.h"

namespace parley::seal {

/// Named so, the first sealing. The same name is the same key in every ring.
inline KeyRing ring_of(std::initializer_list<std::string_view> ids) {
    KeyRing keys;
    for (const std::string_view id : ids) {
        Secret key;
        for (std::size_t i = 0; i < key_bytes; ++i)
            key.data()[i] = static_cast<unsigned char>(id[i % id.size()]);
        keys.add(id, key);
    }
    return keys;
}

}  // namespace parley::seal
