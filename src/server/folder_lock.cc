#include "server/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "record/file_lock.h"

namespace parley::server {

bool FolderLock::take(const std::string& folder, Others others, std::string& error) {
    const int file = ::open(file_in(folder).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return true;  // what is to be kept there says why not
    file_.store(file);
    using record::Lock;
    has_others_ = !record::try_lock(file, Lock::exclusive);
    const bool allowed = !has_others_ || others == Others::one_to_replace;
    if (allowed && record::try_lock(file, Lock::shared)) return true;
    release();
    error = refusal(folder);
    return false;
}

const std::string& FolderLock::folder_of(const Options& options, const Plan& plan) noexcept {
    return plan.record ? options.data_folder : plan.data_folder;
}

std::string FolderLock::refusal(const std::string& folder) {
    return fmt::format(
        "another server keeps what it has in {}: end it first, name another folder with --data, "
        "or, to replace it while it runs, start both with the same --take-over PATH",
        folder);
}

void FolderLock::release() noexcept {
    if (const int file = file_.exchange(-1); file >= 0) ::close(file);
}

StartFailure claim_folder(const Options& options, const Plan& plan, FolderLock& lock,
                          std::string& error) {
    const std::string& folder = FolderLock::folder_of(options, plan);
    if (folder.empty()) return StartFailure::none;
    if (!make_data_folder(folder, error)) return StartFailure::options;
    using Others = FolderLock::Others;
    const Others others = options.take_over.empty() ? Others::none : Others::one_to_replace;
    return lock.take(folder, others, error) ? StartFailure::none : StartFailure::system;
}

}  // namespace parley::server
