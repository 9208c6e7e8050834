// store::SqliteIdle: whom a store in memory forgets when it knows too many.
//
//   a user is    signed in, or in a group           neither
//                in use                ◀──────────▶ idle: first to be forgotten
//
// So strangers with ever new names cannot take more memory than users_max, and a membership that
// was answered as stored is never dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "store/sqlite_file.h"

namespace parley::store {

class SqliteIdle {
public:
    /// Adds what it needs to the tables. Null if that fails.
    static std::unique_ptr<SqliteIdle> create(SqliteFile& file, std::size_t users_max);

    /// A row was added to the users. Forgets the one who was idle longest if that is one too many;
    /// false if nobody is idle.
    Result<bool> make_room() noexcept;
    Result<Done> came(std::string_view user) noexcept;
    Result<Done> left(std::string_view user) noexcept;
    /// The user may have left the last group.
    Result<Done> settle(std::string_view user) noexcept;
    /// The user has joined a group.
    Result<Done> use(std::string_view user) noexcept;

    /// Counting follows transactions.
    void keep() noexcept { users_kept_ = users_; }
    void roll_back() noexcept { users_ = users_kept_; }
    std::size_t users() const noexcept { return users_; }

private:
    SqliteIdle(SqliteFile& file, std::size_t users_max) noexcept;
    bool ok() const noexcept;

    const std::size_t users_max_;
    std::size_t users_ = 0;
    std::size_t users_kept_ = 0;
    Statement set_here_, set_gone_, find_idle_, find_longest_, add_idle_, remove_idle_, forget_;
};

}  // namespace parley::store
