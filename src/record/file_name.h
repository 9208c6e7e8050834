// record file names: where a recording lies, whatever its users and groups are called.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/time.h"
#include "wire/message.h"

namespace parley::record {

/// Who talked to whom, and when it began: what a recording's own tags say.
struct Talk {
    wire::Scope scope{};
    std::string to;
    std::string from;
    WallTime began{};

    friend bool operator==(const Talk&, const Talk&) = default;
};

/// What clients call it: `<channel>_3_<to>_<from>_<epoch ms>_<duration>ms.opus`.
std::string talk_id(const Talk& talk, std::chrono::milliseconds length);

/// The folder of a day, as `2026-03-21` (UTC).
std::string day_of(WallTime time);

/// The id as the name of a file: what is no letter, digit, `.`, `_` or `-` becomes `%` and two hex
/// digits, and what would be too long ends with `~` and a hash instead.
std::string file_name_of(std::string_view id);

/// What the index calls it: the id, or its file's name where that has the hash.
std::string index_id_of(std::string_view id);
/// The same, from the file's name.
std::string index_id_of_file(std::string_view name);

}  // namespace parley::record
