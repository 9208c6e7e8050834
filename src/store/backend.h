// store::Backend: one opened store, and the doors that shards have to it.
//
//                     ┌─ door(shard 0) ─▶ Store
//   open(where) ─▶ Backend ─ door(shard 1) ─▶ Store
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "store/limits.h"
#include "store/store.h"

namespace parley {
class Shard;
namespace redis {
struct Access;
}
}  // namespace parley

namespace parley::store {

/// Shared by all shards of a server. Threads: any.
class Backend {
public:
    Backend() noexcept = default;
    Backend(const Backend&) = delete;
    Backend& operator=(const Backend&) = delete;
    virtual ~Backend() = default;

    /// A door for this shard. It must end before the shard and the backend do.
    /// Threads: the shard's.
    virtual std::unique_ptr<Store> door(Shard& shard) = 0;
    /// The Redis behind it, for who listens there too; null if it is none.
    virtual redis::Access* redis() noexcept { return nullptr; }
};

/// Which store, and how much a store in memory may hold.
struct Where {
    enum class Kind : std::uint8_t { memory, sqlite, redis };
    Kind kind = Kind::memory;
    std::string address;  ///< sqlite: the file; redis: the whole address
    std::size_t users_max = users_max_default;
    std::uint64_t memory_bytes_max = memory_bytes_max_default;
};

/// Reads `memory`, `sqlite:PATH` or `redis://...`. On failure returns false and puts a sentence
/// into `error` that says what to write.
bool parse_where(std::string_view text, Where& where, std::string& error);

/// Opens the store. On failure returns null and puts a sentence into `error` that says what to do.
/// A Redis that is away is no failure: it is waited for.
/// Blocks: for the disk.
std::unique_ptr<Backend> open(const Where& where, std::string& error);

/// A store in memory of the usual size. Aborts if there is no memory for it.
std::unique_ptr<Backend> open_memory();

}  // namespace parley::store
