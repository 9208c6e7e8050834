#include "base/small_file.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace parley {
namespace {

using Clock = std::chrono::steady_clock;

// Whoever writes makes a key or asks for one; a person who types is not waited for.
constexpr auto writer_max = std::chrono::seconds{10};

// Waits until there is something to read, or the writers have gone. False if neither comes.
bool wait_for_writer(int file, Clock::time_point give_up) {
    using std::chrono::milliseconds;
    const auto left = std::chrono::ceil<milliseconds>(give_up - Clock::now());
    pollfd wanted{.fd = file, .events = POLLIN, .revents = 0};
    return left.count() > 0 && poll(&wanted, 1, static_cast<int>(left.count())) != 0;
}

// Into `content`, which is as large as may be and is made as large as what came. False with errno.
bool read_all(int file, std::string& content) {
    const auto give_up = Clock::now() + writer_max;
    std::size_t size = 0;
    while (size < content.size()) {
        const ssize_t got = ::read(file, content.data() + size, content.size() - size);
        if (got == 0) break;
        if (got > 0) {
            size += static_cast<std::size_t>(got);
        } else if (errno == EAGAIN) {
            if (!wait_for_writer(file, give_up)) {
                errno = ETIMEDOUT;
                return false;
            }
        } else if (errno != EINTR) {
            return false;
        }
    }
    content.resize(size);
    return true;
}

}  // namespace

std::optional<std::string> read_small_file(const std::string& path, std::size_t size_max,
                                           std::string& error) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    const auto fail = [&](const std::string& why) {
        error = path + ": " + why;
        if (file >= 0) ::close(file);
        return std::nullopt;
    };
    struct stat about {};
    if (file < 0 || ::fstat(file, &about) != 0) return fail(std::generic_category().message(errno));
    const bool is_pipe = S_ISFIFO(about.st_mode);
    if (!S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode) && !is_pipe) {
        return fail("this is no file, and no pipe either: name one that could be read whole");
    }
    std::string content(size_max + 1, '\0');
    if (!read_all(file, content)) {
        const int reason = errno;
        explicit_bzero(content.data(), content.size());
        return fail(std::generic_category().message(reason));
    }
    if (is_pipe && content.empty()) {
        return fail("this is a pipe that nobody writes to: name a file, or start the writer first");
    }
    ::close(file);
    return content;
}

}  // namespace parley
