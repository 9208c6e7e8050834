// store::SqliteDatabase: every question, carried out in SQLite.
//
//   users · messages ─▶ queue · index       each with its statements
//   ─────────────────────────────────
//              SqliteFile                   in a folder, or in memory alone
#pragma once

#include <memory>
#include <string>

#include "store/database.h"
#include "store/sqlite_file.h"
#include "store/sqlite_index.h"
#include "store/sqlite_messages.h"
#include "store/sqlite_users.h"

namespace parley::store {

/// Errors of the file are Domain::sqlite with SQLite's extended result code.
class SqliteDatabase final : public Database {
public:
    /// As SqliteFile::open(). Nobody is ever forgotten.
    static std::unique_ptr<SqliteDatabase> open(const std::string& path, std::string& error);
    /// One that ends with the object. Users who are idle longest are forgotten beyond `users_max`,
    /// and beyond `bytes_max` it is full (SQLITE_FULL).
    static std::unique_ptr<SqliteDatabase> in_memory(std::size_t users_max, std::uint64_t bytes_max,
                                                     std::string& error);
    ~SqliteDatabase() override;

    Status begin() noexcept override;
    /// Once it has succeeded, all since begin() outlasts a power cut.
    Status commit() noexcept override;
    void roll_back() noexcept override;
    Result<Answer> answer(const Question& question) noexcept override;
    void user_signed_out(std::string_view user) noexcept override;

    /// Users it knows; counted in memory only.
    std::size_t users() const noexcept { return idle_ ? idle_->users() : 0; }

private:
    SqliteDatabase(std::unique_ptr<SqliteFile> file, std::unique_ptr<SqliteIdle> idle) noexcept;
    static std::unique_ptr<SqliteDatabase> checked(std::unique_ptr<SqliteDatabase> made,
                                                   std::string& error);
    Result<Done> expire(const Expire& question) noexcept;

    const std::unique_ptr<SqliteFile> file_;  // first: statements end before it
    const std::unique_ptr<SqliteIdle> idle_;  // null: nobody is forgotten
    Statement begin_, commit_, roll_back_;
    SqliteUsers users_;
    SqliteQueue queue_;
    SqliteMessages messages_;
    SqliteIndex index_;
};

}  // namespace parley::store
