// seal bodies: message bodies as backends keep them.
//
//   byte 0xc1 │ bytes of the key's id │ key id │ nonce (24) │ XChaCha20-Poly1305 of the body
//
// Bound to where it stands: a body that was moved to another message does not open.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "seal/key_ring.h"

namespace parley::seal {

/// Where a body stands.
struct Context {
    std::string_view conversation;
    std::string_view message;
};

/// Threads: any. About 1 us for a usual text.
std::string seal_body(const KeyRing& keys, std::string_view body, const Context& context);

/// Nothing if it was not sealed with a key of these, for this place, or was changed since. Made for
/// hostile bytes.
std::optional<std::string> open_body(const KeyRing& keys, std::string_view sealed,
                                     const Context& context);

/// Whether it looks sealed: no UTF-8 and no MessagePack of ours begins so.
bool is_sealed(std::string_view stored) noexcept;

}  // namespace parley::seal
