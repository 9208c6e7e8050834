#include "record/file_name.h"

#include <array>
#include <charconv>
#include <fmt/format.h>
#include <sodium.h>

#include "record/limits.h"

namespace parley::record {
namespace {

constexpr std::string_view ending = ".opus";
constexpr std::size_t hash_bytes = crypto_generichash_BYTES_MIN;

// In no name but before a hash.
constexpr char hash_follows = '~';

bool is_plain(char each) noexcept {
    return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') ||
           (each >= '0' && each <= '9') || each == '_' || each == '-' || each == '.';
}

std::string hash_of(std::string_view id) {
    std::array<unsigned char, hash_bytes> hash{};
    crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(id.data()),
                       id.size(), nullptr, 0);
    std::string text;
    for (const unsigned char each : hash)
        text += fmt::format("{:02x}", each);
    return text;
}

}  // namespace

std::string talk_id(const Talk& talk, std::chrono::milliseconds length) {
    return fmt::format("{}_3_{}_{}_{}_{}ms.opus", static_cast<int>(talk.scope), talk.to, talk.from,
                       (talk.began + length).time_since_epoch().count(), length.count());
}

std::string day_of(WallTime time) {
    const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(time)};
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()),
                       static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
}

std::string file_name_of(std::string_view id) {
    std::string name;
    for (const char each : id) {
        if (is_plain(each) && !(name.empty() && each == '.')) {
            name += each;
        } else {
            name += fmt::format("%{:02x}", static_cast<unsigned char>(each));
        }
    }
    if (name.size() <= file_name_size_max) return name;
    name.resize(file_name_size_max - 1 - 2 * hash_bytes - ending.size());
    return name + hash_follows + hash_of(id) + std::string{ending};
}

std::string index_id_of(std::string_view id) {
    std::string name = file_name_of(id);
    return name.find(hash_follows) == std::string::npos ? std::string{id} : name;
}

std::string index_id_of_file(std::string_view name) {
    if (name.find(hash_follows) != std::string_view::npos) return std::string{name};
    std::string id;
    for (std::size_t i = 0; i < name.size(); ++i) {
        unsigned value = 0;
        const char* digits = name.data() + i + 1;
        const bool escaped = name[i] == '%' && i + 2 < name.size() &&
                             std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2;
        id += escaped ? static_cast<char>(value) : name[i];
        if (escaped) i += 2;
    }
    return id;
}

}  // namespace parley::record
