#include "store/sqlite_header.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include "store/sqlite_schema.h"

namespace parley::store {
namespace {

// https://www.sqlite.org/fileformat2.html#the_database_header
constexpr std::string_view magic{"SQLite format 3\0", 16};
constexpr std::size_t version_at = 60;  // 4 bytes, big-endian
constexpr std::size_t header_size = 100;

}  // namespace

SqliteHeader SqliteHeader::read(const std::string& path) {
    std::error_code problem;
    if (!std::filesystem::exists(path, problem)) return {};
    std::array<char, header_size> bytes{};
    std::ifstream file{path, std::ios::binary};
    if (!file.is_open()) return {What::other};
    file.read(bytes.data(), bytes.size());
    if (file.gcount() == 0) return {What::sqlite};
    if (!std::string_view{bytes.data(), bytes.size()}.starts_with(magic)) return {What::other};
    std::uint32_t version = 0;
    for (std::size_t i = version_at; i < version_at + 4; ++i)
        version = version << 8 | static_cast<unsigned char>(bytes[i]);
    return {What::sqlite, static_cast<int>(version)};
}

int SqliteHeader::version_known() noexcept {
    return sqlite_version;
}

}  // namespace parley::store
