// store::SqliteDatabase: the one file of an embedded store, its tables and what is asked of them.
//
// Everything between begin() and commit() is kept, or nothing. Blocks, so it belongs to a thread of
// its own (sqlite_thread.h); knows neither shards nor who asks.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/store.h"

struct sqlite3;
struct sqlite3_stmt;

namespace parley::store {

/// Every call but open() answers Domain::sqlite with SQLite's extended result code if the file
/// fails.
class SqliteDatabase {
public:
    /// Opens the file, or makes it, and brings its tables to the present version. On failure
    /// returns null and puts a sentence into `error` that says what to do. A file that a newer
    /// version wrote is refused and left as it is.
    static std::unique_ptr<SqliteDatabase> open(const std::string& path, std::string& error);
    ~SqliteDatabase();
    SqliteDatabase(const SqliteDatabase&) = delete;
    SqliteDatabase& operator=(const SqliteDatabase&) = delete;

    Status begin() noexcept;
    /// Once it has succeeded, all since begin() outlasts a power cut.
    Status commit() noexcept;
    void roll_back() noexcept;

    /// As Store has them. Names within their limits; groups each once.
    Result<SignedIn> sign_in(std::string_view user, std::string_view device);
    Status add_member(std::string_view user, std::string_view group) noexcept;
    Status remove_member(std::string_view user, std::string_view group) noexcept;
    Status set_groups(std::string_view user, std::span<const std::string> groups) noexcept;

private:
    struct Close {
        void operator()(sqlite3* file) const noexcept;
        void operator()(sqlite3_stmt* statement) const noexcept;
    };
    using File = std::unique_ptr<sqlite3, Close>;
    using Statement = std::unique_ptr<sqlite3_stmt, Close>;
    class Run;

    explicit SqliteDatabase(File file) noexcept;
    bool prepare(const char* text, Statement& statement) noexcept;
    bool set_up(std::string& error);
    bool migrate(std::string& error);
    bool prepare_all() noexcept;
    int execute(const char* text) noexcept;
    std::string trouble(const std::string& doing) const;

    File file_;
    Statement begin_, commit_, roll_back_;
    Statement device_, set_device_, groups_, group_count_, is_member_, add_member_, remove_member_,
        remove_all_;
};

}  // namespace parley::store
