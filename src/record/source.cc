#include "record/source.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <span>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "record/limits.h"
#include "record/ogg_file.h"

namespace parley::record {
namespace {

// Two names of 4,096 bytes may stand in the tags twice.
constexpr std::size_t head_bytes_max = std::size_t{32} << 10;

constexpr std::size_t seal_bytes = 17;    // of each chunk (crypto_secretstream)
constexpr std::size_t length_bytes = 4;   // before each
constexpr std::size_t magic_bytes = 8;    // then the size of the key's id
constexpr std::size_t stream_bytes = 24;  // behind that

bool read_at(int file, std::uint64_t at, std::span<std::byte> out) noexcept {
    while (!out.empty()) {
        const ssize_t got = ::pread(file, out.data(), out.size(), static_cast<off_t>(at));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        out = out.subspan(static_cast<std::size_t>(got));
        at += static_cast<std::uint64_t>(got);
    }
    return true;
}

// Takes digits, and the `_` before them, off the end.
bool take_number(std::string_view& text, std::int64_t& number) noexcept {
    const std::size_t blank = text.rfind('_');
    if (blank == std::string_view::npos) return false;
    const std::string_view digits = text.substr(blank + 1);
    const auto [end, problem] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (problem != std::errc{} || end != digits.data() + digits.size() || number < 0) return false;
    text = text.substr(0, blank);
    return true;
}

}  // namespace

std::vector<std::string> files_of(std::string_view id) {
    constexpr std::string_view ending = "ms.opus";
    // The year 9999, beyond which days have more digits.
    constexpr std::int64_t latest = 253'402'300'799'999;
    std::string_view rest = id;
    if (!rest.ends_with(ending)) return {};
    rest.remove_suffix(ending.size());
    std::int64_t length = 0;
    std::int64_t ended = 0;
    if (!take_number(rest, length) || !take_number(rest, ended)) return {};
    if (ended > latest || length > ended) return {};
    const WallTime began{std::chrono::milliseconds{ended - length}};
    const std::string name = file_name_of(id);
    std::vector<std::string> files{day_of(began) + '/' + name};
    // The clocks of a duration and of the day may differ by some milliseconds.
    for (const auto step : {std::chrono::minutes{-1}, std::chrono::minutes{1}}) {
        std::string other = day_of(began + step) + '/' + name;
        if (other != files.front()) files.push_back(std::move(other));
    }
    return files;
}

std::unique_ptr<Source> Source::open(const Place& place, std::string_view id) {
    for (const std::string& file : files_of(id)) {
        const std::string path = place.folder + '/' + file;
        Descriptor opened{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
        struct stat about {};
        if (!opened || ::fstat(opened.get(), &about) != 0 || !S_ISREG(about.st_mode)) continue;
        std::unique_ptr<Source> source{new Source{std::move(opened)}};
        source->size_ = static_cast<std::uint64_t>(about.st_size);
        if (source->look(place)) return source;
    }
    return nullptr;
}

// Reads the tags, which come first, and keeps what was opened for it.
bool Source::look(const Place& place) {
    seal::Bytes begin(magic_bytes);
    if (!read_at(file_.get(), 0, begin)) return false;
    if (seal::is_sealed_stream(begin)) {
        if (place.keys == nullptr || !measure_sealed()) return false;
        opener_.emplace(*place.keys);
    }
    while (opened_.size() < head_bytes_max && read_more()) {
    }
    const std::optional<Talk> talk = talk_of(opened_);
    if (talk) talk_ = *talk;
    return talk.has_value();
}

// Its chunks say how long they are.
bool Source::measure_sealed() {
    const std::uint64_t end = std::exchange(size_, 0);
    std::array<std::byte, length_bytes> number{};
    if (!read_at(file_.get(), magic_bytes, std::span{number}.first(1))) return false;
    std::uint64_t at = magic_bytes + 1 + std::to_integer<std::uint64_t>(number[0]) + stream_bytes;
    while (at < end) {
        if (!read_at(file_.get(), at, number)) return false;
        std::uint64_t chunk = 0;
        for (std::size_t i = 0; i < length_bytes; ++i)
            chunk |= std::to_integer<std::uint64_t>(number[i]) << (8 * i);
        if (chunk < seal_bytes || chunk > seal::chunk_bytes_max + seal_bytes) return false;
        size_ += chunk - seal_bytes;
        at += length_bytes + chunk;
    }
    return at == end;
}

bool Source::read_more() {
    std::array<std::byte, 16384> some;
    ssize_t got = 0;
    do {
        got = ::pread(file_.get(), some.data(), some.size(), static_cast<off_t>(at_));
    } while (got < 0 && errno == EINTR);
    if (got <= 0) return false;
    at_ += static_cast<std::uint64_t>(got);
    const auto bytes = std::span{some}.first(static_cast<std::size_t>(got));
    if (opener_) return opener_->feed(bytes, opened_) != seal::StreamOpener::Status::broken;
    opened_.insert(opened_.end(), bytes.begin(), bytes.end());
    return true;
}

seal::Bytes Source::read() {
    while (true) {
        const auto skipped = std::min<std::uint64_t>(skip_, opened_.size() - given_);
        skip_ -= skipped;
        given_ += static_cast<std::size_t>(skipped);
        if (given_ < opened_.size()) break;
        opened_.clear();
        given_ = 0;
        if (!read_more()) return {};
    }
    const std::size_t size = std::min(piece_bytes_max, opened_.size() - given_);
    const auto begin = opened_.begin() + static_cast<std::ptrdiff_t>(given_);
    given_ += size;
    return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace parley::record
