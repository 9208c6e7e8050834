#include "store/sqlite_database.h"

#include <array>
#include <fmt/format.h>
#include <sqlite3.h>

#include "store/limits.h"

namespace parley::store {
namespace {

// Another process that has the file open, as a backup does, may hold it for a moment.
constexpr int busy_max_ms = 5000;

// WAL with FULL: a commit is one sequential write and one fsync, and readers never wait.
constexpr const char* settings =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;";

// What each version adds to the one before. Never change one that was released: add another.
constexpr std::array migrations = {
    // Names are bytes, compared as such: BLOB keeps them so.
    "CREATE TABLE users(name BLOB PRIMARY KEY, device BLOB NOT NULL) WITHOUT ROWID, STRICT;"
    "CREATE TABLE members(user BLOB NOT NULL, grp BLOB NOT NULL, PRIMARY KEY(user, grp))"
    " WITHOUT ROWID, STRICT;",
};
constexpr int version = static_cast<int>(migrations.size());

Error sqlite_error(sqlite3* file) noexcept {
    return Error{Error::Domain::sqlite, sqlite3_extended_errcode(file)};
}

}  // namespace

void SqliteDatabase::Close::operator()(sqlite3* file) const noexcept {
    sqlite3_close(file);
}

void SqliteDatabase::Close::operator()(sqlite3_stmt* statement) const noexcept {
    sqlite3_finalize(statement);
}

// One run of a prepared statement, whose bindings and position end with it.
class SqliteDatabase::Run {
public:
    explicit Run(const Statement& statement) noexcept : statement_(*statement) {}
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run() { sqlite3_reset(&statement_); }

    /// Binds the next parameter; the text must last as long as the run.
    Run& bind(std::string_view text) noexcept {
        sqlite3_bind_blob64(&statement_, ++bound_, text.data(), text.size(), SQLITE_STATIC);
        return *this;
    }
    /// True at a row, false at the end or if it failed: see failed().
    bool next() noexcept {
        code_ = sqlite3_step(&statement_);
        return code_ == SQLITE_ROW;
    }
    bool failed() const noexcept { return code_ != SQLITE_ROW && code_ != SQLITE_DONE; }
    Status done() noexcept {
        while (next())
            continue;
        if (failed()) return sqlite_error(sqlite3_db_handle(&statement_));
        return Ok{};
    }
    std::string text() const {
        const void* bytes = sqlite3_column_blob(&statement_, 0);
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(&statement_, 0));
        return size == 0 ? std::string{} : std::string{static_cast<const char*>(bytes), size};
    }
    std::int64_t number() const noexcept { return sqlite3_column_int64(&statement_, 0); }

private:
    sqlite3_stmt& statement_;
    int bound_ = 0;
    int code_ = SQLITE_OK;
};

SqliteDatabase::SqliteDatabase(File file) noexcept : file_(std::move(file)) {}

SqliteDatabase::~SqliteDatabase() = default;

std::unique_ptr<SqliteDatabase> SqliteDatabase::open(const std::string& path, std::string& error) {
    sqlite3* opened = nullptr;
    // One thread uses it at a time, so SQLite need not lock.
    constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    const int status = sqlite3_open_v2(path.c_str(), &opened, flags, nullptr);
    std::unique_ptr<SqliteDatabase> database{new SqliteDatabase(File{opened})};
    if (status != SQLITE_OK) {
        error = fmt::format(
            "the store {} cannot be opened ({}): its folder must exist, and it must "
            "be writable for this user",
            path, sqlite3_errstr(status));
        return nullptr;
    }
    std::string what;
    if (!database->set_up(what)) {
        error = fmt::format("the store {} cannot be used: {}", path, what);
        return nullptr;
    }
    return database;
}

bool SqliteDatabase::set_up(std::string& error) {
    sqlite3_extended_result_codes(file_.get(), 1);
    sqlite3_busy_timeout(file_.get(), busy_max_ms);
    if (execute(settings) != SQLITE_OK) {
        error = trouble("it is no SQLite file, or its disk cannot be written to");
        return false;
    }
    if (!migrate(error)) return false;
    if (prepare_all()) return true;
    error = trouble("its tables are not those of its version");
    return false;
}

bool SqliteDatabase::migrate(std::string& error) {
    Statement ask;
    if (!prepare("PRAGMA user_version", ask)) {
        error = trouble("its version cannot be read");
        return false;
    }
    Run run{ask};
    run.next();
    const auto found = static_cast<int>(run.number());
    if (found > version) {
        error = fmt::format("a newer Parley wrote it (version {}, this one knows {}): run that one",
                            found, version);
        return false;
    }
    for (int each = found; each < version; ++each) {
        const std::string text = fmt::format("BEGIN IMMEDIATE; {} PRAGMA user_version={}; COMMIT;",
                                             migrations[static_cast<std::size_t>(each)], each + 1);
        if (execute(text.c_str()) == SQLITE_OK) continue;
        error = trouble(fmt::format("it cannot be brought to version {}", each + 1));
        execute("ROLLBACK");
        return false;
    }
    return true;
}

bool SqliteDatabase::prepare_all() noexcept {
    return prepare("BEGIN IMMEDIATE", begin_) && prepare("COMMIT", commit_) &&
           prepare("ROLLBACK", roll_back_) &&
           prepare("SELECT device FROM users WHERE name=?", device_) &&
           prepare(
               "INSERT INTO users VALUES(?,?) ON CONFLICT(name) DO UPDATE SET "
               "device=excluded.device",
               set_device_) &&
           prepare("SELECT grp FROM members WHERE user=?", groups_) &&
           prepare("SELECT count(*) FROM members WHERE user=?", group_count_) &&
           prepare("SELECT 1 FROM members WHERE user=? AND grp=?", is_member_) &&
           prepare("INSERT OR IGNORE INTO members VALUES(?,?)", add_member_) &&
           prepare("DELETE FROM members WHERE user=? AND grp=?", remove_member_) &&
           prepare("DELETE FROM members WHERE user=?", remove_all_);
}

bool SqliteDatabase::prepare(const char* text, Statement& statement) noexcept {
    sqlite3_stmt* made = nullptr;
    const int status =
        sqlite3_prepare_v3(file_.get(), text, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    statement.reset(made);
    return status == SQLITE_OK;
}

int SqliteDatabase::execute(const char* text) noexcept {
    return sqlite3_exec(file_.get(), text, nullptr, nullptr, nullptr);
}

std::string SqliteDatabase::trouble(const std::string& doing) const {
    return fmt::format("{} ({})", doing, sqlite3_errmsg(file_.get()));
}

Status SqliteDatabase::begin() noexcept {
    return Run{begin_}.done();
}

Status SqliteDatabase::commit() noexcept {
    return Run{commit_}.done();
}

void SqliteDatabase::roll_back() noexcept {
    if (sqlite3_get_autocommit(file_.get()) != 0) return;  // SQLite has done it by itself
    static_cast<void>(Run{roll_back_}.done());
}

Result<SignedIn> SqliteDatabase::sign_in(std::string_view user, std::string_view device) {
    SignedIn known;
    Run ask{device_};
    if (ask.bind(user).next()) known.previous_device = ask.text();
    if (ask.failed()) return sqlite_error(file_.get());
    Run groups{groups_};
    groups.bind(user);
    while (groups.next())
        known.groups.push_back(groups.text());
    if (groups.failed()) return sqlite_error(file_.get());
    if (known.previous_device != device) {  // most come back with the device they had
        PARLEY_TRY([[maybe_unused]] const Ok stored,
                   Run{set_device_}.bind(user).bind(device).done());
    }
    return known;
}

Status SqliteDatabase::add_member(std::string_view user, std::string_view group) noexcept {
    Run ask{is_member_};
    if (ask.bind(user).bind(group).next()) return Ok{};
    Run count{group_count_};
    if (ask.failed() || !count.bind(user).next()) return sqlite_error(file_.get());
    if (static_cast<std::size_t>(count.number()) >= groups_per_user_max) {
        return limit_error(Limit::groups);
    }
    return Run{add_member_}.bind(user).bind(group).done();
}

Status SqliteDatabase::remove_member(std::string_view user, std::string_view group) noexcept {
    return Run{remove_member_}.bind(user).bind(group).done();
}

Status SqliteDatabase::set_groups(std::string_view user,
                                  std::span<const std::string> groups) noexcept {
    PARLEY_TRY([[maybe_unused]] const Ok removed, Run{remove_all_}.bind(user).done());
    for (const std::string& group : groups) {
        PARLEY_TRY([[maybe_unused]] const Ok added, Run{add_member_}.bind(user).bind(group).done());
    }
    return Ok{};
}

}  // namespace parley::store
