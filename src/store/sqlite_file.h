// store::SqliteFile: an SQLite database with the tables of the present version, and how it is
// asked.
//
//   SqliteFile ─ Statement (prepared once) ─ Run (one use: bind ─▶ rows ─▶ end)
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "store/answers.h"

struct sqlite3;
struct sqlite3_stmt;

namespace parley::store {

/// What a code of Domain::sqlite means, in SQLite's words, which last as long as the program.
std::string_view sqlite_words(std::int32_t code) noexcept;

class SqliteFile {
public:
    /// Opens the file, or makes it, and brings its tables to the present version. On failure
    /// returns null and puts a sentence into `error` that says what to do. A file that a newer
    /// version wrote is refused and left as it is.
    static std::unique_ptr<SqliteFile> open(const std::string& path, std::string& error);
    /// One in memory, that ends with the object and has at most about so many bytes.
    static std::unique_ptr<SqliteFile> in_memory(std::uint64_t bytes_max, std::string& error);
    ~SqliteFile();
    SqliteFile(const SqliteFile&) = delete;
    SqliteFile& operator=(const SqliteFile&) = delete;

    /// Domain::sqlite with SQLite's extended result code of the last call.
    Error error() const noexcept;
    /// What the last call complained about, in SQLite's words.
    const char* complaint() const noexcept;
    bool execute(const std::string& text) noexcept;
    bool in_transaction() const noexcept;
    sqlite3* get() noexcept { return file_.get(); }

private:
    struct Close {
        void operator()(sqlite3* file) const noexcept;
    };

    explicit SqliteFile(sqlite3* file) noexcept : file_(file) {}
    static std::unique_ptr<SqliteFile> open(const std::string& path, const std::string& settings,
                                            std::string& error);
    bool migrate(std::string& error);
    int version();

    std::unique_ptr<sqlite3, Close> file_;
};

/// Must end before its file.
class Statement {
public:
    Statement(SqliteFile& file, const char* text) noexcept;
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    ~Statement();

    /// False if the tables are not those that it was written for; then it must not be run.
    bool ok() const noexcept { return statement_ != nullptr; }

private:
    friend class Run;
    SqliteFile& file_;
    sqlite3_stmt* statement_ = nullptr;
};

/// One use of a statement, whose bindings and position end with it.
class Run {
public:
    explicit Run(const Statement& statement) noexcept : of_(statement) {}
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run();

    /// Binds the next parameter; bytes must last as long as the run.
    Run& bind(std::string_view bytes) noexcept;
    Run& bind(std::int64_t number) noexcept;
    Run& bind(WallTime time) noexcept { return bind(time.time_since_epoch().count()); }
    template <std::unsigned_integral Number>
    Run& bind(Number number) noexcept {
        return bind(static_cast<std::int64_t>(number));
    }
    template <class Value>
    Run& bind(const std::optional<Value>& value) noexcept {
        if (value) return bind(*value);
        ++bound_;
        return *this;
    }

    /// True at a row; false at the end, or if it failed.
    bool next() noexcept;
    bool failed() const noexcept;
    Error error() const noexcept { return of_.file_.error(); }
    /// Whether there is a row.
    Result<bool> row() noexcept;
    /// Runs to its end. Whether it changed anything.
    Result<Done> done() noexcept;

    std::string text(int column) const;
    std::size_t size(int column) const noexcept;
    std::int64_t number(int column) const noexcept;
    std::uint64_t count(int column) const noexcept {
        return static_cast<std::uint64_t>(number(column));
    }
    WallTime time(int column) const noexcept {
        return WallTime{std::chrono::milliseconds{number(column)}};
    }
    bool is_null(int column) const noexcept;

private:
    const Statement& of_;
    int bound_ = 0;
    int code_ = 0;
};

}  // namespace parley::store
