// record::Archive: the folder of recordings.
//
//   recordings/2026-03-21/0_3_18_alice_1742558400123_2040ms.opus    whole
//   recordings/2026-03-21/1742558398083-0-7.part                    being made, or cut off
//   recordings/unindexed                                            see journal.h
//
// Days are those on which talks began (UTC). While a server hands over to the next, two have the
// folder: each leaves alone what the other has locked (file_lock.h). Blocks for the disk: the
// recorder's thread alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "record/journal.h"
#include "record/stored_file.h"
#include "seal/key_ring.h"

namespace parley::record {

struct ArchiveOptions {
    std::string folder;
    const seal::KeyRing* keys = nullptr;  ///< that open what is sealed. Must outlive the archive
    bool seals = true;                    ///< if there are keys
    bool durable = true;                  ///< what is whole outlasts a power cut
    std::optional<std::chrono::seconds> keep;  ///< how long; nothing: for ever
    std::uint64_t bytes_max = 0;               ///< of all together; 0: no limit
};

class Archive {
public:
    explicit Archive(ArchiveOptions options) : options_(std::move(options)) {}
    Archive(const Archive&) = delete;
    Archive& operator=(const Archive&) = delete;
    ~Archive() = default;

    /// Makes the folder, and adds up what is there. Puts into `left` what the index may not know.
    Status open(std::vector<Kept>& left);

    /// Begins a recording. `number` tells it from others that began in the same moment.
    Result<std::unique_ptr<PartFile>> begin(const Talk& talk, const std::string& number);
    /// Gives a recording that has ended its name. `id` as clients were told; empty: nobody was.
    /// Nothing if there is no sound in it: then it is gone.
    Result<std::optional<Kept>> finish(PartFile& part, std::string id);
    /// Completes one that a crash or a full disk has cut off, if there is any that nobody writes.
    /// Nothing is left of one without sound. ENOKEY: no key opens it, and it was put aside.
    Result<std::optional<Kept>> complete_one();
    /// Puts into `left` what the index may not know of recorders that have ended since open().
    void adopt(std::vector<Kept>& left);

    /// The index has answered for so many.
    void settle(std::size_t answered) noexcept { journal_.settle(answered); }

    /// Removes the oldest recording that is too old by `now` or of which there is too much; the id
    /// that the index knows it by. Nothing if all may stay.
    std::optional<std::string> forget_one(WallTime now);

    std::uint64_t bytes() const noexcept { return bytes_; }

private:
    struct Old {
        std::string file;
        WallTime written;
        std::uint64_t bytes = 0;
    };

    const seal::KeyRing* sealing_keys() const noexcept {
        return options_.seals ? options_.keys : nullptr;
    }
    std::string path(const std::string& file) const { return options_.folder + '/' + file; }
    std::vector<std::string> days() const;
    void count_bytes();
    void leave_out_unnamed(std::vector<Kept>& left);
    Descriptor find_part(std::string& found) const;
    Status make_day(const std::string& day);
    Result<std::optional<Kept>> name(Kept kept, const std::string& from);
    bool look_for_oldest();

    const ArchiveOptions options_;
    Journal journal_;
    std::uint64_t bytes_ = 0;
    std::string day_;         // made last
    std::deque<Old> oldest_;  // of one day, the oldest first
    std::string oldest_day_;
};

}  // namespace parley::record
