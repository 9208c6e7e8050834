#include "store/sqlite_file.h"

#include <filesystem>
#include <fmt/format.h>
#include <sqlite3.h>

#include "base/assert.h"
#include "store/sqlite_schema.h"

namespace parley::store {
namespace {

// Another process that has the file open, as a backup does, may hold it for a moment. Less than
// answer_max, so that who waits is told what is the matter.
constexpr int busy_max_ms = 1000;

// WAL with FULL: a commit is one sequential write and one fsync, and readers never wait.
constexpr std::string_view file_settings =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;";

constexpr std::uint64_t page_bytes = 4096;  // SQLite's usual one

}  // namespace

std::string_view sqlite_words(std::int32_t code) noexcept {
    return sqlite3_errstr(code);
}

void SqliteFile::Close::operator()(sqlite3* file) const noexcept {
    sqlite3_close(file);
}

SqliteFile::~SqliteFile() = default;

std::unique_ptr<SqliteFile> SqliteFile::open(const std::string& path, std::string& error) {
    return open(path, std::string(file_settings), error);
}

std::unique_ptr<SqliteFile> SqliteFile::in_memory(std::uint64_t bytes_max, std::string& error) {
    const std::string settings =
        fmt::format("PRAGMA page_size={}; PRAGMA max_page_count={};", page_bytes,
                    std::max<std::uint64_t>(bytes_max / page_bytes, 1));
    return open(":memory:", settings, error);
}

std::unique_ptr<SqliteFile> SqliteFile::open(const std::string& path, const std::string& settings,
                                             std::string& error) {
    sqlite3* opened = nullptr;
    // One thread uses it at a time, so SQLite need not lock.
    constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    const int status = sqlite3_open_v2(path.c_str(), &opened, flags, nullptr);
    std::unique_ptr<SqliteFile> file{new SqliteFile(opened)};
    if (status != SQLITE_OK) {
        error = fmt::format(
            "the store {} cannot be opened ({}): its folder must exist, and it must be writable "
            "for this user",
            path, sqlite3_errstr(status));
        return nullptr;
    }
    sqlite3_extended_result_codes(opened, 1);
    sqlite3_busy_timeout(opened, busy_max_ms);
    std::string what;
    if (!file->execute(settings)) {
        what = fmt::format("it is no SQLite file, or its disk cannot be written to ({})",
                           file->complaint());
    } else if (file->migrate(what)) {
        return file;
    }
    error = fmt::format("the store {} cannot be used: {}", path, what);
    return nullptr;
}

int SqliteFile::version() {
    const Statement ask{*this, "PRAGMA user_version"};
    Run run{ask};
    return ask.ok() && run.next() ? static_cast<int>(run.number(0)) : -1;
}

bool SqliteFile::migrate(std::string& error) {
    const int found = version();
    if (found < 0) {
        error = fmt::format("its version cannot be read ({})", complaint());
        return false;
    }
    if (found > sqlite_version) {
        error = fmt::format("a newer Parley wrote it (version {}, this one knows {}): run that one",
                            found, sqlite_version);
        return false;
    }
    for (int each = found; each < sqlite_version; ++each) {
        const char* step = sqlite_migrations[static_cast<std::size_t>(each)];
        if (execute(fmt::format("BEGIN IMMEDIATE; {} PRAGMA user_version={}; COMMIT;", step,
                                each + 1))) {
            continue;
        }
        error = fmt::format("it cannot be brought to version {} ({})", each + 1, complaint());
        execute("ROLLBACK");
        return false;
    }
    return true;
}

Error SqliteFile::error() const noexcept {
    return Error{Error::Domain::sqlite, sqlite3_extended_errcode(file_.get())};
}

const char* SqliteFile::complaint() const noexcept {
    return sqlite3_errmsg(file_.get());
}

bool SqliteFile::execute(const std::string& text) noexcept {
    return sqlite3_exec(file_.get(), text.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
}

bool SqliteFile::in_transaction() const noexcept {
    return sqlite3_get_autocommit(file_.get()) == 0;
}

Statement::Statement(SqliteFile& file, const char* text) noexcept : file_(file) {
    sqlite3_prepare_v3(file.get(), text, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
}

Statement::~Statement() {
    sqlite3_finalize(statement_);
}

Run::~Run() {
    sqlite3_reset(of_.statement_);
    if (bound_ > 0) sqlite3_clear_bindings(of_.statement_);
}

Run& Run::bind(std::string_view bytes) noexcept {
    // A null pointer would bind NULL.
    const char* data = bytes.empty() ? "" : bytes.data();
    sqlite3_bind_blob64(of_.statement_, ++bound_, data, bytes.size(), SQLITE_STATIC);
    return *this;
}

Run& Run::bind(std::int64_t number) noexcept {
    sqlite3_bind_int64(of_.statement_, ++bound_, number);
    return *this;
}

bool Run::next() noexcept {
    code_ = sqlite3_step(of_.statement_);
    return code_ == SQLITE_ROW;
}

bool Run::failed() const noexcept {
    return code_ != SQLITE_ROW && code_ != SQLITE_DONE;
}

Result<bool> Run::row() noexcept {
    const bool found = next();
    if (failed()) return error();
    return found;
}

Result<Done> Run::done() noexcept {
    while (next())
        continue;
    if (failed()) return error();
    return Done{.changed = sqlite3_changes(of_.file_.get()) > 0};
}

std::string Run::text(int column) const {
    const void* bytes = sqlite3_column_blob(of_.statement_, column);
    const std::size_t length = size(column);
    return length == 0 ? std::string{} : std::string{static_cast<const char*>(bytes), length};
}

std::size_t Run::size(int column) const noexcept {
    return static_cast<std::size_t>(sqlite3_column_bytes(of_.statement_, column));
}

std::int64_t Run::number(int column) const noexcept {
    return sqlite3_column_int64(of_.statement_, column);
}

bool Run::is_null(int column) const noexcept {
    return sqlite3_column_type(of_.statement_, column) == SQLITE_NULL;
}

}  // namespace parley::store
