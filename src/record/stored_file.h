// record stored files: recordings on disk, sealed or not.
//
//   packets ─▶ OggOpus ─▶ pages ─▶ [sealed] ─▶ X.part ── rename ──▶ the recording
//
// Blocks for the disk, so it belongs to the recorder's thread and the readers'.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "record/file_name.h"
#include "record/ogg_opus.h"
#include "seal/stream.h"

namespace parley::record {

/// Ends a descriptor with its owner.
class Descriptor {
public:
    Descriptor() noexcept = default;
    explicit Descriptor(int number) noexcept : number_(number) {}
    Descriptor(Descriptor&& other) noexcept;
    Descriptor& operator=(Descriptor&& other) noexcept;
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor();

    int get() const noexcept { return number_; }
    explicit operator bool() const noexcept { return number_ >= 0; }

private:
    int number_ = -1;
};

/// The reason that errno names.
Error system_error(int number) noexcept;
/// Writes all, or says why not.
Status write_all(int file, std::span<const std::byte> bytes) noexcept;
/// Makes the names in a folder last.
Status sync_folder(const std::string& path) noexcept;

/// A recording that is being made. Once a call has failed it is to be left: what it has written
/// stays as it is, and can be completed later.
class PartFile {
public:
    /// `keys` null: not sealed. Errors: errno.
    static Result<std::unique_ptr<PartFile>> create(const std::string& path, const Talk& talk,
                                                    const seal::KeyRing* keys);

    /// A packet that came so long after the talk began. False if it is left out: no Opus, or the
    /// recording is as large as one may be.
    bool add(std::span<const std::byte> packet, Duration came);
    /// Writes what add() has made whole.
    Status write();
    /// Makes it last: the data alone.
    Status sync() noexcept;
    /// Writes the end. Nothing may be added any more.
    Status end();

    const Talk& talk() const noexcept { return talk_; }
    bool has_sound() const noexcept { return stream_.packets() > 0; }
    bool needs_sync() const noexcept { return unsynced_; }
    int descriptor() const noexcept { return file_.get(); }
    void synced() noexcept { unsynced_ = false; }
    const std::string& path() const noexcept { return path_; }
    /// How long it plays, and the bytes of its sound, unsealed.
    std::chrono::milliseconds length() const noexcept;
    std::uint64_t bytes() const noexcept { return bytes_; }

private:
    PartFile(std::string path, Talk talk, Descriptor file);
    Status write(seal::StreamSealer::Place place);

    const std::string path_;
    const Talk talk_;
    Descriptor file_;
    OggOpus stream_;
    std::unique_ptr<seal::StreamSealer> sealer_;  // null: not sealed
    seal::Bytes pages_;                           // not written yet
    seal::Bytes sealed_;                          // scratch
    std::uint64_t bytes_ = 0;
    bool unsynced_ = false;
};

/// The sound of a file that may have been cut off: all that can be opened. Nothing if it cannot be
/// read, no key opens any of it, or it is larger than any recording.
std::optional<seal::Bytes> read_stored(const std::string& path, const seal::KeyRing* keys);

/// Writes a whole file, and makes it last.
Status write_stored(const std::string& path, std::span<const std::byte> sound,
                    const seal::KeyRing* keys);

}  // namespace parley::record
