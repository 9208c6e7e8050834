#include "record/file_lock.h"

#include <cerrno>
#include <sys/file.h>
#include <sys/stat.h>

namespace parley::record {
namespace {

bool has_name(int file) noexcept {
    struct stat about {};
    return ::fstat(file, &about) == 0 && about.st_nlink > 0;
}

}  // namespace

bool try_lock(int file, Lock lock) noexcept {
    const int how = lock == Lock::exclusive ? LOCK_EX : LOCK_SH;
    return ::flock(file, how | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

bool lock_fresh(int file) noexcept {
    while (::flock(file, LOCK_EX) != 0 && errno == EINTR)
        continue;
    return has_name(file);
}

bool lock_found(int file) noexcept {
    return try_lock(file, Lock::exclusive) && has_name(file);
}

}  // namespace parley::record
