#include "seal/key_file.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <sodium.h>
#include <span>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "base/assert.h"
#include "base/small_file.h"

namespace parley::seal {
namespace {

// 32 keys with their ids in hex and a page of comments.
constexpr std::size_t file_size_max = 16384;

std::string sentence_of(const std::string& path, int error) {
    return fmt::format("{}: {}", path, std::generic_category().message(error));
}

class File {
public:
    File(const std::string& path, int flags, mode_t mode) noexcept
        : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    int get() const noexcept { return descriptor_; }

private:
    const int descriptor_;
};

// Nothing on error, with errno.
std::optional<std::string> read_all(int file) {
    std::string content(file_size_max + 1, '\0');
    std::size_t size = 0;
    while (size < content.size()) {
        const ssize_t got = ::read(file, content.data() + size, content.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::nullopt;
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    content.resize(size);
    return content;
}

bool write_all(int file, std::string_view text) {
    while (!text.empty()) {
        const ssize_t wrote = ::write(file, text.data(), text.size());
        if (wrote < 0 && errno != EINTR) return false;
        if (wrote > 0) text.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return ::fsync(file) == 0;
}

std::string_view trim(std::string_view text) noexcept {
    constexpr std::string_view blanks = " \t\r";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool read_key(std::string_view text, unsigned char* out) noexcept {
    for (const char each : text) {
        if (static_cast<unsigned char>(each) > 127) return false;  // libsodium 1.0.18 takes them
    }
    std::size_t size = 0;
    if (text.size() == 2 * key_bytes) {
        return sodium_hex2bin(out, key_bytes, text.data(), text.size(), nullptr, &size, nullptr) ==
                   0 &&
               size == key_bytes;
    }
    while (text.ends_with('='))
        text.remove_suffix(1);
    return sodium_base642bin(out, key_bytes, text.data(), text.size(), nullptr, &size, nullptr,
                             sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0 &&
           size == key_bytes;
}

// Takes the next line that says something off the front of `text`; its number from 1.
bool next_line(std::string_view& text, std::string_view& line, int& number) noexcept {
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        line = trim(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        ++number;
        if (!line.empty() && line.front() != '#') return true;
    }
    return false;
}

std::string hex(std::span<const unsigned char> bytes) {
    std::string text(bytes.size() * 2 + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
    text.pop_back();
    return text;
}

bool add_nameless(const Secret& key, KeyRing& keys) {
    KeyRing alone;
    return alone.add("key", key) && keys.add(hex(alone.first().mark).substr(0, 8), key);
}

bool parse_keys(const std::string& path, std::string_view text, KeyRing& keys, std::string& error) {
    std::string_view line;
    for (int number = 0; next_line(text, line, number);) {
        const std::size_t colon = line.find(':');
        Secret key;
        const bool named = colon != std::string_view::npos;
        const bool fits =
            read_key(named ? trim(line.substr(colon + 1)) : line, key.data()) &&
            (named ? keys.add(trim(line.substr(0, colon)), key) : add_nameless(key, keys));
        if (fits) continue;
        error = fmt::format(
            "{}: line {} is no key: write `id:key`, each id once, the key 32 bytes in hex or "
            "base64 (as `openssl rand -hex 32` makes), at most {} of them",
            path, number, keys_max);
        return false;
    }
    if (keys.keys().empty())
        error = path + ": there is no key in it; make one: openssl rand -hex 32";
    return !keys.keys().empty();
}

bool is_private(const std::string& path, std::string& error) {
    struct stat about {};
    if (::stat(path.c_str(), &about) != 0) {
        error = sentence_of(path, errno);
        return false;
    }
    if (!S_ISREG(about.st_mode) || (about.st_mode & 077U) == 0) return true;
    error = fmt::format("{}: others than its owner may read this key: chmod 600 {}", path, path);
    return false;
}

std::string line_of(const Key& key) {
    return fmt::format("{}:{}\n", key.id, hex(key.mark));
}

}  // namespace

bool load_keys(const std::string& path, KeyRing& keys, std::string& error) {
    if (!is_private(path, error)) return false;
    std::optional<std::string> content = read_small_file(path, file_size_max, error);
    if (!content) return false;
    bool good = false;
    if (content->size() > file_size_max) {
        error = fmt::format("{}: too large for a file of keys", path);
    } else if (content->size() == key_bytes) {
        Secret key;
        std::copy(content->begin(), content->end(), key.data());
        good = add_nameless(key, keys);
    } else {
        good = parse_keys(path, *content, keys, error);
    }
    sodium_memzero(content->data(), content->size());
    return good;
}

bool make_key_file(const std::string& path, std::string& error) {
    PARLEY_ASSERT(sodium_init() >= 0);
    Secret key;
    randombytes_buf(key.data(), key_bytes);
    KeyRing keys;
    const bool added = add_nameless(key, keys);
    PARLEY_ASSERT(added);
    const File file{path, O_WRONLY | O_CREAT | O_EXCL, 0600};
    std::string text = fmt::format(
        "# What Parley keeps is sealed with the first of these, and opened with all of them.\n"
        "# Without this file it is lost: keep a copy elsewhere.\n{}:{}\n",
        keys.first().id, hex({key.data(), key_bytes}));
    const bool made = file.get() >= 0 && write_all(file.get(), text);
    if (!made) error = sentence_of(path, errno);
    sodium_memzero(text.data(), text.size());
    return made;
}

bool has_marks(const std::string& path) {
    struct stat about {};
    return ::stat(path.c_str(), &about) == 0 && about.st_size > 0;
}

namespace {

// Whether every mark in `text` is of one of the keys; they are added to `seen`, a line each.
bool are_of(const std::string& path, std::string_view text, const KeyRing& keys, std::string& seen,
            std::string& error) {
    std::string_view line;
    for (int number = 0; next_line(text, line, number);) {
        const std::string_view id = line.substr(0, line.find(':'));
        const Key* key = keys.find(id);
        if (key == nullptr) {
            error = fmt::format(
                "the key '{}' has sealed something here and is not in the key file: add it below "
                "the first ({} names the keys that are needed)",
                id, path);
            return false;
        }
        if (std::string{line} + '\n' != line_of(*key)) {
            error = fmt::format(
                "the key '{}' is not the one that has sealed what is here: put the right one "
                "into the key file, and give a new key an id of its own",
                id);
            return false;
        }
        seen += std::string{line} + '\n';
    }
    return true;
}

}  // namespace

bool fits_marks(const std::string& path, const KeyRing& keys, std::string& error) {
    const File file{path, O_RDONLY, 0};
    if (file.get() < 0 && errno == ENOENT) return true;
    std::optional<std::string> content;
    if (file.get() >= 0) content = read_all(file.get());
    std::string seen;
    if (content) return are_of(path, *content, keys, seen, error);
    error = sentence_of(path, errno);
    return false;
}

bool check_marks(const std::string& path, const KeyRing& keys, std::string& error) {
    const File file{path, O_RDWR | O_CREAT | O_APPEND, 0600};
    std::optional<std::string> content;
    if (file.get() >= 0) content = read_all(file.get());
    if (!content) {
        error = sentence_of(path, errno);
        return false;
    }
    std::string seen = "\n";
    if (!are_of(path, *content, keys, seen, error)) return false;
    std::string added;
    for (const Key& key : keys.keys()) {
        if (seen.find('\n' + line_of(key)) == std::string::npos) added += line_of(key);
    }
    if (added.empty() || write_all(file.get(), added)) return true;
    error = sentence_of(path, errno);
    return false;
}

}  // namespace parley::seal
