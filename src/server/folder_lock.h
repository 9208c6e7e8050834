// server::FolderLock: one server at a time keeps recordings or a file of the store in a data
// folder.
//
//   runs                          ──▶ shared
//   starts, and replaces nobody   ──▶ exclusive, so nobody else runs there; then shared
//   starts, to take over          ──▶ shared, beside the one that it replaces
//   drains                        ──▶ none: what it writes still is locked by itself
//                                     (record/file_lock.h)
#pragma once

#include <atomic>
#include <string>

#include "server/options.h"

namespace parley::server {

class FolderLock {
public:
    FolderLock() noexcept = default;
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;
    ~FolderLock() { release(); }

    /// Whether there may be another in the folder, who is replaced.
    enum class Others : std::uint8_t { none, one_to_replace };
    /// Takes file_in() the folder. False, with a sentence in `error` that says what to
    /// do, if others do not allow it. Where no lock can be had at all, there is none.
    bool take(const std::string& folder, Others others, std::string& error);
    /// True if others are there, so that one of them must be whom this server replaces.
    bool has_others() const noexcept { return has_others_; }
    /// The folder in which a server of this plan keeps something that no other may keep there;
    /// empty if it has none. Where only keys are read, as beside a Redis, servers may have one in
    /// common.
    static const std::string& folder_of(const Options& options, const Plan& plan) noexcept;
    /// What is locked.
    static std::string file_in(const std::string& folder) { return folder + "/lock"; }
    /// What others in the folder mean for one who replaces nobody: a sentence.
    static std::string refusal(const std::string& folder);

    /// Threads: any; also in a signal handler. Calling again changes nothing.
    void release() noexcept;

private:
    std::atomic<int> file_{-1};
    bool has_others_ = false;
};

/// Takes the lock of FolderLock::folder_of(), and makes the folder.
StartFailure claim_folder(const Options& options, const Plan& plan, FolderLock& lock,
                          std::string& error);

}  // namespace parley::server
