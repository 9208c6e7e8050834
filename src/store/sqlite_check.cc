#include "store/sqlite_check.h"

#include <sqlite3.h>

namespace parley::store {

void check_sqlite(const std::string& path, std::size_t most, std::vector<std::string>& problems) {
    sqlite3* file = nullptr;
    sqlite3_stmt* check = nullptr;
    const std::string words = "PRAGMA integrity_check(" + std::to_string(most) + ")";
    int code = sqlite3_open_v2(path.c_str(), &file, SQLITE_OPEN_READONLY, nullptr);
    if (code == SQLITE_OK) code = sqlite3_prepare_v2(file, words.c_str(), -1, &check, nullptr);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(check);
        if (code != SQLITE_ROW) break;
        const auto* found = reinterpret_cast<const char*>(sqlite3_column_text(check, 0));
        if (found != nullptr && std::string_view(found) != "ok") problems.emplace_back(found);
    }
    if (code != SQLITE_DONE) problems.emplace_back(sqlite3_errmsg(file));
    sqlite3_finalize(check);
    sqlite3_close(file);
}

}  // namespace parley::store
