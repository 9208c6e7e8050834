// parley::backup: what lies in a store, whether it is whole, and how it goes to another one.
//
// A store is named as Options::store names it. All of these may run beside a server that uses the
// same store; an export then holds some moment of each conversation, not one moment of all.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <parley/export.h>

namespace parley::backup {

struct Info {
    std::string kind;           ///< "sqlite", "redis" or "memory"
    std::uint64_t version = 0;  ///< of its tables; 0 if it has none
    std::uint64_t bytes = 0;    ///< of its file; 0 if it has none
    std::uint64_t users = 0;
    std::uint64_t groups = 0;
    std::uint64_t conversations = 0;
    std::uint64_t messages = 0;  ///< deleted ones included
    std::uint64_t queued = 0;    ///< entries that wait for their users
    std::uint64_t recordings = 0;
};

enum class Into : std::uint8_t {
    empty,  ///< a store with anything in it is refused
    any,    ///< what is there already stays as it is
};

/// All return false on failure, with a sentence in `error` that says what to do. Blocks: until it
/// is done. Threads: any, one at a time for each file.
PARLEY_PUBLIC bool info(const std::string& store, Info& info, std::string& error);
/// What is not as it must be, a sentence each; empty if the store is whole. At most 100.
PARLEY_PUBLIC bool verify(const std::string& store, std::vector<std::string>& problems,
                          std::string& error);
/// Writes JSON lines (docs/MESSAGES.md). Holds a page of the store at a time.
PARLEY_PUBLIC bool write(const std::string& store, std::FILE* out, std::string& error);
/// Reads them. What was read before an error stays; the same again adds only what is missing.
PARLEY_PUBLIC bool read(const std::string& store, std::FILE* in, Into into, std::string& error);

}  // namespace parley::backup
