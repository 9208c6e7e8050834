#include "record/archive.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "record/file_lock.h"
#include "record/ogg_file.h"

namespace parley::record {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view part_ending = ".part";
constexpr std::string_view whole_ending = ".opus";
// A part that no key opens.
constexpr std::string_view unreadable_ending = ".unreadable";
// A part that was made whole, until it has its name.
constexpr std::string_view mended_ending = ".mended";

Status make_folder(const std::string& path) noexcept {
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return Ok{};
    return system_error(errno);
}

bool is_day(const std::string& name) noexcept {
    return name.size() == 10 && name[4] == '-' && name[7] == '-';
}

// Calls visit(name, about) for each file of a folder whose name ends so.
template <class Visit>
void for_each_file(const std::string& folder, std::string_view ending, Visit visit) {
    std::error_code failed;
    for (fs::directory_iterator at{folder, failed}, end; !failed && at != end;
         at.increment(failed)) {
        const std::string name = at->path().filename();
        struct stat about {};
        if (!name.ends_with(ending) || ::lstat(at->path().c_str(), &about) != 0) continue;
        if (S_ISREG(about.st_mode)) visit(name, about);
    }
}

WallTime time_of(const struct stat& about) noexcept {
    return WallTime{std::chrono::milliseconds{std::int64_t{about.st_mtim.tv_sec} * 1000 +
                                              about.st_mtim.tv_nsec / 1'000'000}};
}

}  // namespace

std::vector<std::string> Archive::days() const {
    std::vector<std::string> found;
    std::error_code failed;
    for (fs::directory_iterator at{options_.folder, failed}, end; !failed && at != end;
         at.increment(failed)) {
        const std::string name = at->path().filename();
        if (is_day(name)) found.push_back(name);
    }
    std::ranges::sort(found);
    return found;
}

Status Archive::open(std::vector<Kept>& left) {
    PARLEY_TRY([[maybe_unused]] Ok made, make_folder(options_.folder));
    count_bytes();
    PARLEY_TRY([[maybe_unused]] Ok read, journal_.open(path("unindexed"), left));
    leave_out_unnamed(left);
    return Ok{};
}

void Archive::adopt(std::vector<Kept>& left) {
    if (!journal_.adopt(left)) return;
    count_bytes();  // of those, too, that the other has made and told itself
    leave_out_unnamed(left);
}

void Archive::count_bytes() {
    bytes_ = 0;
    for (const std::string& day : days()) {
        for_each_file(path(day), whole_ending,
                      [this](const std::string&, const struct stat& about) {
                          bytes_ += static_cast<std::uint64_t>(about.st_size);
                      });
    }
}

void Archive::leave_out_unnamed(std::vector<Kept>& left) {
    const std::size_t unnamed = std::erase_if(left, [this](const Kept& kept) {
        return ::access(path(kept.file).c_str(), F_OK) != 0;  // a part yet, or forgotten
    });
    journal_.settle(unnamed);
}

Status Archive::make_day(const std::string& day) {
    if (day == day_) return Ok{};
    PARLEY_TRY([[maybe_unused]] Ok made, make_folder(path(day)));
    if (options_.durable) {
        PARLEY_TRY([[maybe_unused]] Ok lasts, sync_folder(options_.folder));
    }
    day_ = day;
    return Ok{};
}

Result<std::unique_ptr<PartFile>> Archive::begin(const Talk& talk, const std::string& number) {
    const std::string day = day_of(talk.began);
    PARLEY_TRY([[maybe_unused]] Ok made, make_day(day));
    const std::string name =
        fmt::format("{}/{}-{}{}", day, talk.began.time_since_epoch().count(), number, part_ending);
    auto part = PartFile::create(path(name), talk, sealing_keys());
    if (part && options_.durable) {
        PARLEY_TRY([[maybe_unused]] Ok lasts, sync_folder(path(day)));
    }
    return part;
}

Result<std::optional<Kept>> Archive::finish(PartFile& part, std::string id) {
    if (!part.has_sound()) {
        ::unlink(part.path().c_str());
        return std::optional<Kept>{};
    }
    PARLEY_TRY([[maybe_unused]] Ok ended, part.end());
    if (options_.durable) {
        PARLEY_TRY([[maybe_unused]] Ok lasts, part.sync());
    }
    if (id.empty()) id = talk_id(part.talk(), part.length());
    return name({std::move(id), part.talk(), part.length(), part.bytes(), {}}, part.path());
}

Result<std::optional<Kept>> Archive::name(Kept kept, const std::string& from) {
    const std::string day = day_of(kept.talk.began);
    kept.file = day + '/' + file_name_of(kept.id);
    kept.id = index_id_of(kept.id);
    PARLEY_TRY([[maybe_unused]] Ok noted, journal_.append(kept, options_.durable));
    const std::string to = path(kept.file);
    if (::rename(from.c_str(), to.c_str()) != 0) return system_error(errno);
    if (options_.durable) {
        PARLEY_TRY([[maybe_unused]] Ok lasts, sync_folder(path(day)));
    }
    struct stat about {};
    if (::stat(to.c_str(), &about) == 0) bytes_ += static_cast<std::uint64_t>(about.st_size);
    return std::optional<Kept>{std::move(kept)};
}

// Locked, so that no other recorder completes it as well.
Descriptor Archive::find_part(std::string& found) const {
    Descriptor part;
    for (const std::string& day : days()) {
        for_each_file(path(day), part_ending, [&](const std::string& name, const struct stat&) {
            if (part) return;
            std::string at = path(day) + '/' + name;
            Descriptor file{::open(at.c_str(), O_RDONLY | O_CLOEXEC)};
            if (!file || !lock_found(file.get())) return;
            part = std::move(file);
            found = std::move(at);
        });
        if (part) break;
    }
    return part;
}

Result<std::optional<Kept>> Archive::complete_one() {
    std::string found;
    const Descriptor locked = find_part(found);
    if (!locked) return std::optional<Kept>{};
    std::optional<seal::Bytes> sound = read_stored(found, options_.keys);
    if (!sound) {  // nobody is to lose what another key may open
        const std::string aside = found + std::string{unreadable_ending};
        return system_error(::rename(found.c_str(), aside.c_str()) == 0 ? ENOKEY : errno);
    }
    const std::optional<OggFile> about = examine(*sound);
    if (!about) {
        if (::unlink(found.c_str()) != 0) return system_error(errno);
        return std::optional<Kept>{Kept{}};
    }
    complete(*about, *sound);
    const std::string mended = found + std::string{mended_ending};
    if (Status written = write_stored(mended, *sound, sealing_keys()); !written) {
        ::unlink(mended.c_str());
        return written.error();
    }
    auto kept =
        name({talk_id(about->talk, about->length), about->talk, about->length, sound->size(), {}},
             mended);
    if (kept) ::unlink(found.c_str());
    return kept;
}

bool Archive::look_for_oldest() {
    for (const std::string& day : days()) {
        if (!oldest_.empty()) return true;
        if (!oldest_day_.empty() && oldest_day_ != day && oldest_day_ < day_) {
            ::rmdir(path(oldest_day_).c_str());  // which keeps one that is not empty
        }
        oldest_day_ = day;
        for_each_file(path(day), whole_ending,
                      [&](const std::string& name, const struct stat& about) {
                          oldest_.push_back({fmt::format("{}/{}", day, name), time_of(about),
                                             static_cast<std::uint64_t>(about.st_size)});
                      });
        std::ranges::sort(oldest_, {}, &Old::written);
    }
    return !oldest_.empty();
}

std::optional<std::string> Archive::forget_one(WallTime now) {
    const bool too_much = options_.bytes_max > 0 && bytes_ > options_.bytes_max;
    if (!too_much && !options_.keep) return std::nullopt;
    if (oldest_.empty() && !look_for_oldest()) return std::nullopt;
    const Old& oldest = oldest_.front();
    const bool too_old = options_.keep && now - oldest.written > *options_.keep;
    if (!too_much && !too_old) return std::nullopt;
    const Old gone = oldest_.front();
    oldest_.pop_front();
    if (::unlink(path(gone.file).c_str()) != 0 && errno != ENOENT) return std::nullopt;
    bytes_ -= std::min(bytes_, gone.bytes);
    return index_id_of_file(gone.file.substr(gone.file.find('/') + 1));
}

}  // namespace parley::record
