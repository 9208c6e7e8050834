// sqlite_check: whether the file of the embedded store is whole, as SQLite sees it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "store/sqlite_schema.h"

namespace parley::store {

/// Adds what PRAGMA integrity_check says is wrong, at most so many sentences. Only reads.
/// Blocks: for a pass over the whole file.
void check_sqlite(const std::string& path, std::size_t most, std::vector<std::string>& problems);

}  // namespace parley::store
