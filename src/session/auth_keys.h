// session key files: reads the secret or the public key that tokens are checked with.
//
// Used while starting, by whoever reads the options. Does not write keys, and has no default.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "session/jwt.h"

namespace parley::session {

/// Reads a secret: the whole file, byte for byte, without one line end at its end.
/// Errors:  nothing, and one sentence in `error`: unreadable, fewer than secret_size_min bytes
///          or more than secret_size_max. The sentence never quotes the file.
/// Threads: any. Blocks: on the file.
std::optional<std::string> load_secret_file(const std::string& path, std::string& error);

/// Reads an Ed25519 public key: PEM (`-----BEGIN PUBLIC KEY-----`), 64 hex digits, or 32 bytes in
/// base64 or base64url, padded or not. Blanks and line ends around it are ignored.
/// Errors:  nothing, and one sentence in `error`. A private key is named as such and not used.
/// Threads: any. Blocks: on the file.
std::optional<Ed25519PublicKey> load_public_key_file(const std::string& path, std::string& error);

/// The same for text that is at hand. Nothing if it is none of these forms, or no point on the
/// curve that a key can be.
std::optional<Ed25519PublicKey> parse_public_key(std::string_view text) noexcept;

}  // namespace parley::session
