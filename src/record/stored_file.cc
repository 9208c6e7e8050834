#include "record/stored_file.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "record/file_lock.h"
#include "record/limits.h"
#include "record/ogg_file.h"

namespace parley::record {
namespace {

using Place = seal::StreamSealer::Place;

// With the seals of a second each.
constexpr std::uint64_t stored_bytes_max = file_bytes_max + file_bytes_max / 8;

Status status_of(int result) noexcept {
    if (result != 0) return system_error(errno);
    return Ok{};
}

}  // namespace

Descriptor::Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
}

Descriptor::~Descriptor() {
    if (number_ >= 0) ::close(number_);
}

Error system_error(int number) noexcept {
    return {Error::Domain::system, number};
}

Status write_all(int file, std::span<const std::byte> bytes) noexcept {
    while (!bytes.empty()) {
        const ssize_t wrote = ::write(file, bytes.data(), bytes.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return system_error(wrote < 0 ? errno : EIO);
        bytes = bytes.subspan(static_cast<std::size_t>(wrote));
    }
    return Ok{};
}

Status sync_folder(const std::string& path) noexcept {
    const Descriptor folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    return folder ? status_of(::fsync(folder.get())) : Status{system_error(errno)};
}

PartFile::PartFile(std::string path, Talk talk, Descriptor file)
    : path_(std::move(path)),
      talk_(std::move(talk)),
      file_(std::move(file)),
      stream_(static_cast<std::uint32_t>(talk_.began.time_since_epoch().count()), tags_of(talk_)) {}

Result<std::unique_ptr<PartFile>> PartFile::create(const std::string& path, const Talk& talk,
                                                   const seal::KeyRing* keys) {
    Descriptor file;
    do {  // again if somebody took it for a crash's before it was locked
        file = Descriptor{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
        if (!file) return system_error(errno);
    } while (!lock_fresh(file.get()));
    std::unique_ptr<PartFile> part{new PartFile{path, talk, std::move(file)}};
    if (keys != nullptr) {
        part->sealer_ = std::make_unique<seal::StreamSealer>(*keys, part->sealed_);
    }
    return part;
}

bool PartFile::add(std::span<const std::byte> packet, Duration came) {
    if (bytes_ + pages_.size() + packet.size() > file_bytes_max) return false;
    return stream_.add(packet, came, pages_);
}

Status PartFile::write() {
    return pages_.empty() ? Status{Ok{}} : write(Place::within);
}

Status PartFile::write(Place place) {
    bytes_ += pages_.size();
    if (sealer_) {
        sealer_->seal(pages_, place, sealed_);  // behind the head, the first time
    } else {
        sealed_.swap(pages_);
    }
    const Status written = write_all(file_.get(), sealed_);
    sealed_.clear();
    pages_.clear();
    unsynced_ = true;
    return written;
}

Status PartFile::sync() noexcept {
    unsynced_ = false;
    return status_of(::fdatasync(file_.get()));
}

Status PartFile::end() {
    stream_.end(pages_);
    return write(Place::last);
}

std::chrono::milliseconds PartFile::length() const noexcept {
    return std::chrono::duration_cast<std::chrono::milliseconds>(stream_.length());
}

std::optional<seal::Bytes> read_stored(const std::string& path, const seal::KeyRing* keys) {
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    struct stat about {};
    if (!file || ::fstat(file.get(), &about) != 0) return std::nullopt;
    if (static_cast<std::uint64_t>(about.st_size) > stored_bytes_max) return std::nullopt;
    seal::Bytes stored(static_cast<std::size_t>(about.st_size));
    std::size_t size = 0;
    while (size < stored.size()) {
        const ssize_t got = ::read(file.get(), stored.data() + size, stored.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::nullopt;
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    stored.resize(size);
    if (!seal::is_sealed_stream(stored)) return stored;
    if (keys == nullptr) return std::nullopt;
    seal::Bytes sound;
    const auto status = seal::StreamOpener{*keys}.feed(stored, sound);
    if (status == seal::StreamOpener::Status::broken && sound.empty()) return std::nullopt;
    return sound;
}

Status write_stored(const std::string& path, std::span<const std::byte> sound,
                    const seal::KeyRing* keys) {
    const Descriptor file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (!file) return system_error(errno);
    if (keys == nullptr) {
        PARLEY_TRY([[maybe_unused]] Ok plain, write_all(file.get(), sound));
    } else {
        seal::Bytes sealed;
        seal::StreamSealer{*keys, sealed}.seal(sound, Place::last, sealed);
        PARLEY_TRY([[maybe_unused]] Ok written, write_all(file.get(), sealed));
    }
    return status_of(::fdatasync(file.get()));
}

}  // namespace parley::record
