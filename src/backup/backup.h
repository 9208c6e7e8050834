// backup: export, import and inspection of a store that is open.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "backup/opened.h"

#include <parley/backup.h>

namespace parley::backup {

/// Bytes of one line: a body of store::body_size_max in base64, and names.
inline constexpr std::size_t line_size_max = std::size_t{2} << 20;
/// Problems that are told: more would say nothing new.
inline constexpr std::size_t problems_max = 100;

bool write(Opened& store, std::FILE* out, std::string& error);
bool read(Opened& store, std::FILE* in, Into into, std::string& error);
bool count(Opened& store, Info& info, std::string& error);
bool verify(Opened& store, std::vector<std::string>& problems, std::string& error);

}  // namespace parley::backup
