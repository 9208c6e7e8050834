// seal key files: where keys come from, and how a wrong one is noticed before it opens nothing.
//
//   seal.key     # the first seals, all open
//                2026:3f7a…            id:key, the key in hex or base64
//   seal.marks   2026:91c0…            which keys have sealed something here, without saying them
//
// A file of exactly 32 bytes is one key as it is, named after its mark.
#pragma once

#include <string>

#include "seal/key_ring.h"

namespace parley::seal {

/// Reads a key file. Nobody but its owner may be able to read it.
/// Errors: false, and a sentence in `error` that says what to do. No key ever stands in it.
bool load_keys(const std::string& path, KeyRing& keys, std::string& error);

/// Makes a file with one new key that its owner alone may read. False, with a sentence in `error`,
/// if it cannot; one that is there is left as it is and is an error too.
bool make_key_file(const std::string& path, std::string& error);

/// Compares the keys with the marks in `path`, and adds those of keys that are new. False, with a
/// sentence in `error`, if a key is not the one that bears its id here, or one that has sealed
/// something is missing.
bool check_marks(const std::string& path, const KeyRing& keys, std::string& error);

/// The same, and adds nothing.
bool fits_marks(const std::string& path, const KeyRing& keys, std::string& error);

/// Whether anything was ever sealed beside this file of marks.
bool has_marks(const std::string& path);

}  // namespace parley::seal
