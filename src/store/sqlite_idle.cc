#include "store/sqlite_idle.h"

namespace parley::store {

std::unique_ptr<SqliteIdle> SqliteIdle::create(SqliteFile& file, std::size_t users_max) {
    // An integer 0 or 1 takes no byte of a row.
    const bool made = file.execute(
        "ALTER TABLE users ADD COLUMN here INTEGER NOT NULL DEFAULT 0;"
        "CREATE TABLE idle(turn INTEGER PRIMARY KEY AUTOINCREMENT, user BLOB NOT NULL UNIQUE)"
        " STRICT;");
    if (!made) return nullptr;
    std::unique_ptr<SqliteIdle> idle{new SqliteIdle(file, users_max)};
    if (!idle->ok()) return nullptr;
    return idle;
}

SqliteIdle::SqliteIdle(SqliteFile& file, std::size_t users_max) noexcept
    : users_max_(users_max),
      set_here_(file, "UPDATE users SET here=1 WHERE name=? AND here=0"),
      set_gone_(file, "UPDATE users SET here=0 WHERE name=?"),
      find_idle_(file, "SELECT 1 FROM users WHERE name=? AND here=0 AND groups='[]'"),
      find_longest_(file, "SELECT user FROM idle ORDER BY turn LIMIT 1"),
      add_idle_(file, "INSERT OR IGNORE INTO idle(user) VALUES(?)"),
      remove_idle_(file, "DELETE FROM idle WHERE user=?"),
      forget_(file, "DELETE FROM users WHERE name=?") {}

bool SqliteIdle::ok() const noexcept {
    for (const Statement* each : {&set_here_, &set_gone_, &find_idle_, &find_longest_, &add_idle_,
                                  &remove_idle_, &forget_}) {
        if (!each->ok()) return false;
    }
    return true;
}

Result<bool> SqliteIdle::make_room() noexcept {
    if (users_ < users_max_) {
        ++users_;
        return true;
    }
    std::string user;
    {
        Run longest{find_longest_};
        PARLEY_TRY(const bool found, longest.row());
        if (!found) return false;
        user = longest.text(0);
    }
    PARLEY_TRY([[maybe_unused]] const Done removed, Run{remove_idle_}.bind(user).done());
    PARLEY_TRY([[maybe_unused]] const Done forgotten, Run{forget_}.bind(user).done());
    return true;
}

Result<Done> SqliteIdle::came(std::string_view user) noexcept {
    PARLEY_TRY(const Done came, Run{set_here_}.bind(user).done());
    if (!came.changed) return came;
    return use(user);
}

Result<Done> SqliteIdle::left(std::string_view user) noexcept {
    PARLEY_TRY([[maybe_unused]] const Done left, Run{set_gone_}.bind(user).done());
    return settle(user);
}

Result<Done> SqliteIdle::settle(std::string_view user) noexcept {
    {
        Run ask{find_idle_};
        PARLEY_TRY(const bool idle, ask.bind(user).row());
        if (!idle) return Done{.changed = false};
    }
    return Run{add_idle_}.bind(user).done();
}

Result<Done> SqliteIdle::use(std::string_view user) noexcept {
    return Run{remove_idle_}.bind(user).done();
}

}  // namespace parley::store
