// store::SqliteHeader: what a file says of itself without being opened as a database.
#pragma once

#include <cstdint>
#include <string>

namespace parley::store {

struct SqliteHeader {
    enum class What : std::uint8_t {
        missing,  ///< there is none
        sqlite,   ///< also one that is empty yet
        other,    ///< or it cannot be read
    };
    What what = What::missing;
    int version = 0;  ///< of its tables; 0 while they are in the write-ahead log alone

    /// Changes nothing, and a server may have the file open.
    /// Blocks: for the disk.
    static SqliteHeader read(const std::string& path);
    /// The newest version that this program reads.
    static int version_known() noexcept;
};

}  // namespace parley::store
