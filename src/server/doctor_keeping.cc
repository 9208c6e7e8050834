// What is recorded, and the keys by which what is kept is sealed.
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <system_error>
#include <unistd.h>

#include "seal/key_file.h"
#include "server/doctor.h"
#include "server/folder_lock.h"

namespace parley::server {
namespace {

namespace fs = std::filesystem;

// A day of one talker at 17 kbit/s is 180 MB.
constexpr std::uint64_t free_bytes_wanted = std::uint64_t{1} << 30;

}  // namespace

fs::path Doctor::existing(const fs::path& folder) {
    fs::path there = fs::absolute(folder);
    std::error_code problem;
    while (!fs::exists(there, problem) && there.has_relative_path())
        there = there.parent_path();
    return there;
}

std::string Doctor::trouble_in(const std::string& folder) {
    const fs::path there = existing(folder);
    std::error_code problem;
    if (!fs::is_directory(there, problem)) return there.string() + " is no folder";
    if (::access(there.c_str(), W_OK | X_OK) != 0) return there.string() + " cannot be written to";
    // Nothing is left of it. Some file systems cannot do it and take files all the same, but not
    // /proc and the like, which have no room at all.
    const int file = ::open(there.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (file >= 0) {
        ::close(file);
        return {};
    }
    const int reason = errno;
    const bool cannot = reason == EOPNOTSUPP || reason == EISDIR || reason == EINVAL;
    if (cannot && fs::space(there, problem).capacity > 0) return {};
    return fmt::format("no file can be made in {}: {}", there.string(),
                       std::generic_category().message(reason));
}

void Doctor::look_at_seal_key() {
    Plan plan;
    std::string error;
    const bool planned = plan_store(options_, plan, error) && plan_keeping(options_, plan, error);
    const std::string marks = options_.data_folder + "/seal.marks";
    const bool was_sealed = seal::has_marks(marks);
    if (!planned || !plan.place || (!plan.seals && !was_sealed)) {
        return pass("seal key", "not needed");
    }
    const bool own = options_.sealing.key_file.empty();
    const std::string file = own ? options_.data_folder + "/seal.key" : options_.sealing.key_file;
    std::error_code problem;
    if (own && !fs::exists(file, problem)) {
        if (!was_sealed) return pass("seal key", file + ", to be made");
        return fail("seal key", file, "it is gone, and with it what opens what was sealed",
                    "bring it back, or name where it is with --seal-key FILE");
    }
    seal::KeyRing keys;
    const char* fix = "correct the file, or name another with --seal-key FILE";
    if (!seal::load_keys(file, keys, error)) return fail("seal key", file, error, fix);
    if (!seal::fits_marks(marks, keys, error)) return fail("seal key", file, error, fix);
    pass("seal key", fmt::format("{}, {} in it", file, keys.keys().size()));
}

void Doctor::look_at_recordings() {
    if (options_.recording.what == Recording::What::none) {
        return pass("recordings", "not asked for");
    }
    if (options_.data_folder.empty()) {  // the row of options says what to do
        return pass("recordings", "no folder for them is named");
    }
    const std::string folder = options_.data_folder + "/recordings";
    if (const std::string trouble = trouble_in(folder); !trouble.empty()) {
        return fail("recordings", folder, trouble,
                    "name another folder with --data, or give it to the user of the server");
    }
    std::error_code problem;
    const fs::space_info space = fs::space(existing(folder), problem);
    const std::string found = fmt::format("{}, {} MiB free", folder, space.available >> 20);
    if (problem || space.available >= free_bytes_wanted) return pass("recordings", found);
    warn("recordings", found, "a day of talk takes 180 MB, and on a full disk none is recorded",
         "make room, name a folder on another disk with --data, or bound them with --record-bytes");
}

// By what the kernel shows of locks: to try one would keep a server from starting meanwhile.
bool Doctor::is_locked(const std::string& file) const {
    struct stat about {};
    if (::stat(file.c_str(), &about) != 0) return false;
    const std::string which =
        fmt::format(" {:02x}:{:02x}:{} ", major(about.st_dev), minor(about.st_dev), about.st_ino);
    std::ifstream locks{root_ + "/proc/locks"};
    for (std::string line; std::getline(locks, line);) {
        const bool is_flock = line.find(" FLOCK ") != std::string::npos;
        if (is_flock && line.find(which) != std::string::npos) return true;
    }
    return false;
}

void Doctor::look_at_data_folder() {
    Plan plan;
    std::string error;
    const bool planned = plan_store(options_, plan, error) && plan_keeping(options_, plan, error);
    const std::string& folder = FolderLock::folder_of(options_, plan);
    if (!planned || folder.empty()) return pass("data folder", "nothing is kept in one");
    if (!is_locked(FolderLock::file_in(folder))) return pass("data folder", folder);
    if (has_predecessor()) return pass("data folder", folder + ", of the server to be replaced");
    warn("data folder", folder, "another server keeps what it has there, and a second is refused",
         "end it first, name another folder with --data, or start both with the same --take-over");
}

}  // namespace parley::server
