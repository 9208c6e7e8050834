#include "record/journal.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "record/file_lock.h"

namespace parley::record {
namespace {

// Recorders that have one folder at a time: two while a server hands over, and some to spare.
constexpr int recorders_max = 8;

std::string path_of(const std::string& base, int number) {
    return number == 1 ? base : fmt::format("{}.{}", base, number);
}

// Blanks, line ends and what a name must not bring in: as in the names of files, without a limit.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char each : text) {
        const bool plain = each > ' ' && each != '%' && each != '~' && each != '\x7f';
        out += plain ? std::string{each} : fmt::format("%{:02x}", static_cast<unsigned char>(each));
    }
    return out.empty() ? "%" : out;
}

std::string unescaped(std::string_view text) {
    return text == "%" ? std::string{} : index_id_of_file(text);
}

template <class Number>
bool read_number(std::string_view text, Number& number) noexcept {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    return problem == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::string line_of(const Kept& kept) {
    return fmt::format("{} {} {} {} {} {} {} {}", static_cast<int>(kept.talk.scope),
                       kept.talk.began.time_since_epoch().count(), kept.length.count(), kept.bytes,
                       escaped(kept.talk.to), escaped(kept.talk.from), escaped(kept.id), kept.file);
}

bool read_line(std::string_view line, Kept& kept) {
    std::array<std::string_view, 8> words;
    for (std::string_view& word : words) {
        const std::size_t blank = line.find(' ');
        word = line.substr(0, blank);
        line.remove_prefix(blank == std::string_view::npos ? line.size() : blank + 1);
    }
    int scope = 0;
    std::int64_t began = 0;
    std::int64_t length = 0;
    const bool good = read_number(words[0], scope) && (scope == 0 || scope == 1) &&
                      read_number(words[1], began) && read_number(words[2], length) &&
                      read_number(words[3], kept.bytes) && !words[7].empty() && line.empty();
    if (!good) return false;
    kept.talk = {static_cast<wire::Scope>(scope), unescaped(words[4]), unescaped(words[5]),
                 WallTime{std::chrono::milliseconds{began}}};
    kept.length = std::chrono::milliseconds{length};
    kept.id = unescaped(words[6]);
    kept.file = words[7];
    return true;
}

// What stands in a file, added to what waits.
void Journal::read(const std::string& path, std::vector<Kept>& left) {
    const std::size_t before = left.size();
    const std::optional<seal::Bytes> content = read_stored(path, nullptr);
    if (!content) return;
    std::string_view text{reinterpret_cast<const char*>(content->data()), content->size()};
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
        Kept kept;
        if (read_line(text.substr(0, end), kept)) left.push_back(std::move(kept));
        text.remove_prefix(end + 1);
    }
    waiting_ += left.size() - before;
}

Status Journal::open(const std::string& path, std::vector<Kept>& left) {
    base_ = path;
    for (int number = 1; number <= recorders_max && !file_; ++number) {
        path_ = path_of(path, number);
        Descriptor file{::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
        if (!file) return system_error(errno);
        if (lock_found(file.get())) file_ = std::move(file);
    }
    if (!file_) return system_error(EBUSY);
    read(path_, left);
    adopt(left);
    return Ok{};
}

bool Journal::adopt(std::vector<Kept>& left) {
    bool found = false;
    for (int number = 1; number <= recorders_max; ++number) {
        const std::string path = path_of(base_, number);
        if (path == path_) continue;
        const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
        if (!file || !lock_found(file.get())) continue;
        const std::size_t first = left.size();
        read(path, left);
        std::string lines = "\n";
        for (std::size_t i = first; i < left.size(); ++i)
            lines += line_of(left[i]) + '\n';
        found = true;
        const bool lasts = write_all(file_.get(), std::as_bytes(std::span{lines})) &&
                           ::fdatasync(file_.get()) == 0;
        if (lasts) ::unlink(path.c_str());  // else it is told again at the next look
    }
    return found;
}

Status Journal::append(const Kept& kept, bool durable) {
    // A line that was cut off before must not run into this one.
    const std::string line = '\n' + line_of(kept) + '\n';
    PARLEY_TRY([[maybe_unused]] Ok written, write_all(file_.get(), std::as_bytes(std::span{line})));
    ++waiting_;
    if (durable && ::fdatasync(file_.get()) != 0) return system_error(errno);
    return Ok{};
}

void Journal::settle(std::size_t answered) noexcept {
    waiting_ -= std::min(waiting_, answered);
    if (answered == 0 || waiting_ > 0) return;
    // If it cannot be cut, the index is told again what it knows.
    if (::ftruncate(file_.get(), 0) != 0) return;
}

}  // namespace parley::record
